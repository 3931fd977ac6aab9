"""Contents that were being written when their process ended: found by who wrote them, and deleted."""

import os
import secrets
import socket
from contextlib import suppress

from .database import Connection

_MARK = "partial"
"""Stands first in place of a content's hash while it is being written."""


def owner() -> str:
    """What stands in place of a content's hash while this process writes it; another one each time."""
    return f"{_MARK} {socket.gethostname()} {os.getpid()} {secrets.token_hex(8)}"


def is_abandoned(mark: str) -> bool:
    """Whether what such a mark stands on was being written by a process of this machine that has ended."""
    kind, host, process, _ = [*mark.split(" "), "", "", ""][:4]
    return kind == _MARK and host == socket.gethostname() and process.isdigit() and not _is_alive(int(process))


def sweep(connection: Connection) -> None:
    """Delete what processes of this machine left half written; their room is used again."""
    rows = connection.execute("SELECT id, digest FROM contents WHERE digest LIKE ?", (f"{_MARK} %",)).fetchall()
    for number, digest in rows:
        if is_abandoned(str(digest)):
            connection.execute("DELETE FROM chunks WHERE content = ?", (number,))
            connection.execute("DELETE FROM contents WHERE id = ?", (number,))


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # there, signal 0 would end the process
        return True
    with suppress(PermissionError):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
