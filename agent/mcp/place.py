"""Where a server of ours listens, and who may call it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from ..errors import BadInput

DEFAULT_PORT = 8765
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Place:
    """A host and a port, and the `names` that clients may call it by besides those of loopback."""

    host: str
    port: int
    names: tuple[str, ...] = ()

    def bound(self) -> socket.socket:
        """A socket that listens there; port 0 is any that is free. Raises BadInput."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            return socket.create_server((self.host, self.port), family=family)
        except OSError as error:
            raise BadInput(f"cannot listen on {self.host}:{self.port}: {error.strerror or error}") from error

    def hosts(self, port: int) -> list[str]:
        """The Host headers that are answered: a page in a browser that calls it by another name is refused."""
        named = (*self.names, *(_LOOPBACK if is_loopback(self.host) else ()))
        return [one for name in named for one in (name, f"{name}:{port}")]

    def url(self, port: int, path: str) -> str:
        """What clients are given."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{port}{path}"


def read_place(written: str, names: Sequence[str] = ()) -> Place:
    """HOST:PORT, HOST or PORT. Raises BadInput, also for a host that others can reach where it has no `names`."""
    host, port = _split(written)
    if not host or not port.isdigit() or int(port) >= 1 << 16:
        raise BadInput(f"--listen {written} is no HOST:PORT, such as 127.0.0.1:{DEFAULT_PORT}")
    if not names and not is_loopback(host):
        raise BadInput(
            f"--listen {written} would let whoever reaches this machine read the store and call the tools: nothing "
            f"asks for a password. Listen on 127.0.0.1:{port} behind something that does; or, where it is meant, add "
            "--allow-host NAME, the name that clients call this machine by"
        )
    return Place(host, int(port), tuple(names))


def is_loopback(host: str) -> bool:
    """Whether this machine alone reaches it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _split(written: str) -> tuple[str, str]:
    if written.isdigit():
        return "127.0.0.1", written
    if written.startswith("["):
        host, _, rest = written[1:].partition("]")
        return host, rest.removeprefix(":") or str(DEFAULT_PORT)
    host, _, port = written.partition(":")
    return host, port or str(DEFAULT_PORT)
