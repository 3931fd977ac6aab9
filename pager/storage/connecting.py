"""Opening the store's file: its tables, write-ahead logging, and what cannot be written but can be read."""

import sqlite3
import time
from collections.abc import Set
from pathlib import Path

from .database import INDEX, columns

BUSY_SECONDS = 60
LAYOUT = 3
"""Which layout the tables have; kept in the file. 0 stands in files from before it was, 1 in those without `files`,
2 in those without `pins` and `expired`."""
TABLES = columns(number="INTEGER PRIMARY KEY", data="BLOB")
_FROM_THE_FIRST = frozenset({"contents", "chunks", "results", "parts"})
_NOT_WRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def opened(path: str) -> sqlite3.Connection:
    """A connection to the store at `path` (":memory:" is one of its own); one that cannot be written is read.

    Raises sqlite3.Error for what is no store, or none of this layout.
    """
    try:
        return _writable(path)
    except sqlite3.OperationalError as error:
        if _code(error) not in _NOT_WRITABLE or not Path(path).is_file():
            raise
    return _readable(path)


def remedy(error: Exception) -> str:
    """What to do about an error of `opened`."""
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return "it is damaged or not toolpager's; move it away, or give another folder"
    return "give a folder that can be written"


def _code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _writable(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA page_size = 16384")
    connection.execute("PRAGMA synchronous = NORMAL")
    if not _tables(connection) >= TABLES.keys():
        _write_ahead(connection)
        _make_tables(connection)
    return connection


def _readable(path: str) -> sqlite3.Connection:
    """A connection that only reads; where not even SQLite's side files can be made, nobody else may be writing."""
    name = f"{Path(path).resolve().as_uri()}?mode=ro"
    for uri in (name, f"{name}&immutable=1"):
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            if found := _tables(connection):
                _lend_tables(connection, TABLES.keys() - found)
                return connection
        except sqlite3.OperationalError as error:
            if _code(error) not in _NOT_WRITABLE or uri != name:
                raise
    raise sqlite3.OperationalError("it is empty and cannot be written")


def _lend_tables(connection: sqlite3.Connection, lacking: Set[str]) -> None:
    """Empty tables for this connection alone, in place of those that an older store lacks."""
    connection.execute("PRAGMA temp_store = MEMORY")
    for name in lacking:
        connection.execute(f"CREATE TEMP TABLE {name}({TABLES[name]})")


def _tables(connection: sqlite3.Connection) -> set[str]:
    """The tables of a store, none in an empty file; raises DatabaseError where the file holds something else."""
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    found = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if layout > LAYOUT or (found and not found >= _FROM_THE_FIRST):
        raise sqlite3.DatabaseError(f"its layout is none that this version reads (layout {LAYOUT})")
    return found


def _make_tables(connection: sqlite3.Connection) -> None:
    """All tables or none, however many processes make them at once."""
    connection.execute("BEGIN IMMEDIATE")
    for name, text in TABLES.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name}({text})")
    connection.execute(INDEX)
    connection.execute(f"PRAGMA user_version = {LAYOUT}")
    connection.execute("COMMIT")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite answers `locked` at once, without waiting, when two processes switch together."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if _code(error) not in _LOCKED or time.monotonic() > until:
                raise
            time.sleep(0.02)
