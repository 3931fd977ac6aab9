"""A store's database in one SQLite file (WAL) of a folder, or in memory; contents of 16 MiB and more lie beside it."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from ..errors import StoreFailed
from .connecting import opened, remedy
from .large import LargeFiles

FILE = "store.sqlite"


class Embedded:
    """One SQLite file, or memory when `folder` is None; one writer at a time, any number of readers.

    A process that is killed loses nothing that was put: the system has it. Nobody waits for the disk, though
    (`synchronous = NORMAL`, large files not flushed either): a power cut may take the latest results, and of a large
    content that it cut short the error says so; the store itself stays whole.
    """

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.RLock()
        self._path = ":memory:" if folder is None else str(folder / FILE)
        self._connection = self._connect(folder)
        self._owner = os.getpid()
        self._large = LargeFiles(folder)

    def __str__(self) -> str:
        return self._path

    @property
    def large(self) -> LargeFiles:
        """The folder of large contents."""
        return self._large

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._connection.close()
            self._large.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, which a forked process makes anew."""
        with self._lock:
            if self._owner != os.getpid() and self._path != ":memory:":  # a connection must not cross a fork
                self._connection, self._owner = self._connect(Path(self._path).parent), os.getpid()
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise StoreFailed(f"store {self._path}: {error}; check the disk, or give another --store") from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; other processes wait."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self, folder: Path | None) -> sqlite3.Connection:
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            return opened(self._path)
        except (sqlite3.Error, OSError) as error:
            raise StoreFailed(f"cannot open the store {self._path}: {error}; {remedy(error)}") from error
