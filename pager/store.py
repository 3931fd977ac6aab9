"""The store: results, their contents in chunks, and computed lazy parts, in one SQLite file (WAL).

Contents of 16 MiB and more are files beside it.
"""

import contextlib
import hashlib
import io
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .connecting import opened, remedy
from .errors import StoreFailed
from .large import LARGE_BYTES, Input, LargeFile, LargeFiles, Utf8, sampled
from .leftover import sweep
from .record import Record, dump_call, dump_record, load_record, result_of
from .types import Call, Result

CHUNK = 256 * 1024
FILE = "store.sqlite"


@dataclass(frozen=True, slots=True)
class Content:
    """A stored run of bytes: its number in this store, its length, and its hash."""

    id: int
    size_bytes: int
    digest: str


class Store:
    """One SQLite file, or memory when `folder` is None; one writer at a time, any number of readers."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.RLock()
        self._path = ":memory:" if folder is None else str(folder / FILE)
        self._connection = self._connect(folder)
        self._owner = os.getpid()
        self._large = LargeFiles(folder)
        self._opened: dict[int, LargeFile | None] = {}

    def close(self) -> None:
        """Release the file; the store cannot be used afterwards."""
        with self._lock:
            self._connection.close()
            self._large.close()

    def add_content(self, data: bytes) -> Content:
        """Store bytes once; the same bytes again give the same content."""
        if len(data) >= LARGE_BYTES:
            return self.add_large(io.BytesIO(data), len(data), Utf8())
        digest = hashlib.blake2b(data, digest_size=20).hexdigest()
        with self._writing() as connection:
            known = _content(connection, digest)
            if known is None:
                newlines = _add_chunks(connection, number := _reserve(connection), _cut(data))
                _finish(connection, number, digest, len(data), newlines)
                known = Content(number, len(data), digest)
        return known

    def add_large(self, source: Input, size: int, utf8: Utf8) -> Content:
        """Store a large source once, in pieces that `utf8` sees; the same bytes again give the same content.

        It is copied to a file before the database names it, so that a killed process leaves no half content.
        """
        known, _ = self._equal(source, sampled(source, size), utf8)
        if known is not None:
            return known
        with self._writing() as connection:
            sweep(connection)
            self._large.sweep({name for (name,) in connection.execute("SELECT name FROM files")})
        seen = Utf8()
        try:
            name, copied = self._large.copy(source, seen)
        except OSError as error:
            raise StoreFailed(f"store {self._path}: {error}; check the disk, or give another --store") from error
        utf8.valid = seen.end()
        return self._named(name, copied)

    def _named(self, name: str, size: int) -> Content:
        """Give a copied file its number, unless another process has kept the same meanwhile."""
        with self._large.opened(name, size).reading() as copy, self._writing() as connection:
            known, digest = self._equal(copy, sampled(copy, size), Utf8())
            if known is not None:
                self._large.remove(name)
                return known
            _finish(connection, number := _reserve(connection), digest, size, 0)
            connection.execute("INSERT INTO files(content, name) VALUES (?, ?)", (number, name))
        return Content(number, size, digest)

    def _equal(self, source: Input, digest: str, utf8: Utf8) -> tuple[Content | None, str]:
        """The content with the bytes of a source, and its digest; where there is none, a digest that is still free."""
        while True:
            with self._reading() as connection:
                known = _content(connection, digest)
                name = None if known is None else self._file_name(known.id)
            if name is None:
                return None, digest
            seen = Utf8()
            if self._large.equal(name, source, seen):
                utf8.valid = seen.end()
                return known, digest
            digest += "'"

    def _file_name(self, content: int) -> str | None:
        row = self._row("SELECT name FROM files WHERE content = ?", (content,))
        return None if row is None else str(row[0])

    def _file(self, content: int) -> LargeFile | None:
        """The file of a content that has one."""
        with self._lock:
            if content not in self._opened:
                name = self._file_name(content)
                self._opened[content] = None if name is None else self._large.opened(name, self.size(content))
            return self._opened[content]

    def read(self, content: int, start: int, stop: int) -> bytes:
        """Bytes start to stop of a content."""
        return b"".join(self.stream(content, start, stop))

    def stream(self, content: int, start: int, stop: int) -> Iterator[bytes]:
        """Bytes start to stop of a content, one chunk at a time."""
        if (file := self._file(content)) is not None:
            yield from file.stream(start, stop)
            return
        for seq in range(start // CHUNK, -(-stop // CHUNK)):
            first, last = max(0, start - seq * CHUNK), min(CHUNK, stop - seq * CHUNK)
            sql = "SELECT substr(data, ?, ?) FROM chunks WHERE content = ? AND seq = ?"
            row = self._row(sql, (first + 1, last - first, content, seq))
            if row is None:
                raise StoreFailed(f"{self._path}: chunk {seq} of content {content} is missing; the file is damaged")
            yield row[0]

    def size(self, content: int) -> int:
        """How many bytes a content has."""
        row = self._row("SELECT size FROM contents WHERE id = ?", (content,))
        if row is None or not isinstance(row[0], int):
            raise StoreFailed(f"{self._path}: content {content} is missing; the file is damaged")
        return row[0]

    def newlines_before(self, content: int, position: int) -> int:
        """How many newlines lie before a byte."""
        if position <= 0:
            return 0
        if (file := self._file(content)) is not None:
            return file.newlines_before(position)
        seq = (position - 1) // CHUNK
        row = self._row("SELECT before FROM chunks WHERE content = ? AND seq = ?", (content, seq))
        before: int = row[0] if row else 0
        return before + self.read(content, seq * CHUNK, position).count(b"\n")

    def after_newline(self, content: int, ordinal: int) -> int | None:
        """The byte after newline number `ordinal` (the first is 1), or None when there are fewer."""
        if (file := self._file(content)) is not None:
            return file.after_newline(ordinal)
        order = "ORDER BY before DESC, seq DESC LIMIT 1"  # so that the index on lines answers
        sql = f"SELECT seq, before, data FROM chunks WHERE content = ? AND before < ? {order}"
        row = self._row(sql, (content, ordinal))
        if row is None:
            return None
        seq, at, data = row[0], -1, row[2]
        for _ in range(ordinal - row[1]):
            at = data.find(b"\n", at + 1)
            if at < 0:
                return None
        return int(seq * CHUNK + at + 1)

    def add_result(self, record: Record, *, name: str | None, call: Call | None, fingerprint: str | None) -> Result:
        """Give a record the next id (r1, r2, …), or the id it already has when its fingerprint is known."""
        with self._writing() as connection:
            sql = "SELECT * FROM results WHERE fingerprint = ?"
            known = connection.execute(sql, (fingerprint,)).fetchone() if fingerprint else None
            if known is None:
                row = (fingerprint, name, dump_call(call), datetime.now(UTC).isoformat(), dump_record(record))
                sql = "INSERT INTO results(fingerprint, name, call, created, record) VALUES (?, ?, ?, ?, ?)"
                number = connection.execute(sql, row).lastrowid
                known = connection.execute("SELECT * FROM results WHERE number = ?", (number,)).fetchone()
        return result_of(known)

    def results(self) -> list[Result]:
        """Every result, oldest first."""
        with self._reading() as connection:
            return [result_of(row) for row in connection.execute("SELECT * FROM results ORDER BY number")]

    def result(self, identifier: str) -> tuple[Result, Record] | None:
        """A result and how it is kept, or None."""
        digits = identifier[1:]
        if identifier[:1] != "r" or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            return None
        row = self._row("SELECT * FROM results WHERE number = ?", (int(digits),))
        return None if row is None else (result_of(row), load_record(row[5]))

    def earlier(self, result: Result) -> str | None:
        """The id of the latest result before this one of the same call, or without any call of the same name."""
        call = dump_call(result.call)
        same, value = ("call = ?", call) if call is not None else ("call IS NULL AND name = ?", result.name)
        sql = f"SELECT number FROM results WHERE {same} AND number < ? ORDER BY number DESC LIMIT 1"
        row = self._row(sql, (value, int(result.id[1:])))
        return None if row is None else f"r{row[0]}"

    def add_part(self, result: str, path: str, record: Record) -> Record:
        """Keep a computed part; when another process was first, its part stands."""
        with self._writing() as connection:
            row = (result, path, dump_record(record))
            connection.execute("INSERT OR IGNORE INTO parts(result, path, record) VALUES (?, ?, ?)", row)
        return self.part(result, path) or record

    def part(self, result: str, path: str) -> Record | None:
        """A computed part, or None when it has not been computed."""
        row = self._row("SELECT record FROM parts WHERE result = ? AND path = ?", (result, path))
        return None if row is None else load_record(row[0])

    def remember(self, key: str, text: str) -> None:
        """Keep a text under a key; the first one stands."""
        row = (key, text.encode("utf-8", "backslashreplace").decode())
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO remembered(key, text) VALUES (?, ?)", row)

    def recalled(self, key: str) -> str | None:
        """The text kept under a key, or None."""
        row = self._row("SELECT text FROM remembered WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def _row(self, sql: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
        with self._reading() as connection:
            row: tuple[Any, ...] | None = connection.execute(sql, values).fetchone()
        return row

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._owner != os.getpid() and self._path != ":memory:":  # a connection must not cross a fork
                self._connection, self._owner = self._connect(Path(self._path).parent), os.getpid()
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise StoreFailed(f"store {self._path}: {error}; check the disk, or give another --store") from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection:
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


def _content(connection: sqlite3.Connection, digest: str) -> Content | None:
    row = connection.execute("SELECT id, size FROM contents WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else Content(row[0], row[1], digest)


def _reserve(connection: sqlite3.Connection, digest: str | None = None) -> int:
    return connection.execute("INSERT INTO contents(digest) VALUES (?)", (digest,)).lastrowid or 0


def _finish(connection: sqlite3.Connection, number: int, digest: str, size: int, newlines: int) -> None:
    sql = "UPDATE contents SET digest = ?, size = ?, newlines = ? WHERE id = ?"
    connection.execute(sql, (digest, size, newlines, number))


def _add_chunks(connection: sqlite3.Connection, number: int, chunks: Iterable[bytes]) -> int:
    """Insert chunks; answers how many newlines they have."""
    before = 0
    for seq, chunk in enumerate(chunks):
        connection.execute("INSERT INTO chunks VALUES (?, ?, ?, ?)", (number, seq, before, chunk))
        before += chunk.count(b"\n")
    return before


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
