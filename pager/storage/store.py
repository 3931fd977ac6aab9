"""The store: results, their contents in chunks, and computed lazy parts, in a database."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..errors import StoreFailed
from ..types import Call, Result
from .database import Connection, Database
from .embedded import Embedded
from .large import LARGE_BYTES, Input, LargeFile, LargeFiles, Utf8, line_end, pieces, sampled
from .leftover import owner, sweep
from .postgres import SCHEMES, Postgres
from .record import Record, dump_call, dump_record, load_record, result_of

CHUNK = 256 * 1024
BATCH = 64  # chunks of a large content in one transaction
_LISTING = timedelta(hours=1)  # more than passes between a content's being put there and its being listed
_HELD = "number NOT IN (SELECT number FROM expired)"
_EXPIRE = (
    "INSERT INTO expired(number, at) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM pins WHERE number = ?) "
    "AND NOT EXISTS (SELECT 1 FROM expired WHERE number = ?) RETURNING number"
)


class ContentGone(StoreFailed):
    """A content was deleted between being put in and being listed."""


@dataclass(frozen=True, slots=True)
class Content:
    """A stored run of bytes: its number in this store, its length, and its hash."""

    id: int
    size_bytes: int
    digest: str


def store_at(place: str | Path | None) -> "Store":
    """The store in a folder, at a `postgresql://` URL, or, for None, in memory. Raises StoreFailed."""
    if isinstance(place, str) and place.startswith(SCHEMES):
        return Store(Postgres(place))
    return Store(Embedded(None if place is None else Path(place)))


class Store:
    """Results in a database, which it closes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opened: dict[int, LargeFile | None] = {}

    def close(self) -> None:
        """Release the database; the store cannot be used afterwards."""
        self._database.close()

    def add_content(self, data: bytes) -> Content:
        """Store bytes once; the same bytes again give the same content."""
        if len(data) >= LARGE_BYTES and self._database.large is not None:
            return self.add_large(io.BytesIO(data), len(data), Utf8())
        digest = hashlib.blake2b(data, digest_size=20).hexdigest()
        with self._database.writing() as connection:
            known = _content(connection, digest)
            if known is None:
                newlines = _add_chunks(connection, number := _reserve(connection), _cut(data))
                _finish(connection, number, digest, len(data), newlines)
                known = Content(number, len(data), digest)
        return known

    def add_large(self, source: Input, size: int, utf8: Utf8) -> Content:
        """Store a large source once, in pieces that `utf8` sees; the same bytes again give the same content.

        It is copied before the database names it, so that a killed process leaves no half content.
        """
        large = self._database.large
        return self._add_rows(source, utf8) if large is None else self._add_file(large, source, size, utf8)

    def _add_rows(self, source: Input, utf8: Utf8) -> Content:
        """Keep it as chunks, committed some at a time; it counts once its digest stands in place of its writer."""
        digest, size, newlines, chunks = hashlib.blake2b(digest_size=20), 0, 0, []
        with self._database.writing() as connection:
            sweep(connection)
            number = _reserve(connection, owner())
        for seq, piece in enumerate(map(bytes, pieces(source))):
            digest.update(piece)
            utf8.see(piece)
            chunks.append((number, seq, newlines, piece))
            size, newlines = size + len(piece), newlines + piece.count(b"\n")
            if len(chunks) == BATCH:
                self._add_batch(chunks)
                chunks = []
        self._add_batch(chunks)
        utf8.valid = utf8.end()
        with self._database.writing() as connection:
            known = _content(connection, digest.hexdigest())
            if known is not None:
                _drop(connection, number)
                return known
            _finish(connection, number, digest.hexdigest(), size, newlines)
        return Content(number, size, digest.hexdigest())

    def _add_batch(self, chunks: list[tuple[int, int, int, bytes]]) -> None:
        with self._database.writing() as connection:
            for chunk in chunks:
                connection.execute("INSERT INTO chunks VALUES (?, ?, ?, ?)", chunk)

    def _add_file(self, large: LargeFiles, source: Input, size: int, utf8: Utf8) -> Content:
        """Keep it as a file beside the database."""
        known, _ = self._equal(large, source, sampled(source, size), utf8)
        if known is not None:
            return known
        with self._database.writing() as connection:
            sweep(connection)
            large.sweep({name for (name,) in connection.execute("SELECT name FROM files")})
        seen = Utf8()
        try:
            name, copied = large.copy(source, seen)
        except OSError as error:
            raise StoreFailed(f"store {self._database}: {error}; check the disk, or give another --store") from error
        utf8.valid = seen.end()
        return self._named(large, name, copied)

    def _named(self, large: LargeFiles, name: str, size: int) -> Content:
        """Give a copied file its number, unless another process has kept the same meanwhile."""
        with large.opened(name, size).reading() as copy, self._database.writing() as connection:
            known, digest = self._equal(large, copy, sampled(copy, size), Utf8())
            if known is not None:
                large.remove(name)
                return known
            _finish(connection, number := _reserve(connection), digest, size, 0)
            connection.execute("INSERT INTO files(content, name) VALUES (?, ?)", (number, name))
        return Content(number, size, digest)

    def _equal(self, large: LargeFiles, source: Input, digest: str, utf8: Utf8) -> tuple[Content | None, str]:
        """The content with the bytes of a source, and its digest; where there is none, a digest that is still free."""
        while True:
            with self._database.reading() as connection:
                known = _content(connection, digest)
                name = None if known is None else self._file_name(known.id)
            if name is None:
                return None, digest
            seen = Utf8()
            if large.equal(name, source, seen):
                utf8.valid = seen.end()
                return known, digest
            digest += "'"

    def _file_name(self, content: int) -> str | None:
        row = self._row("SELECT name FROM files WHERE content = ?", (content,))
        return None if row is None else str(row[0])

    def _file(self, content: int) -> LargeFile | None:
        """The file of a content that has one."""
        large = self._database.large
        if large is None:
            return None
        if content not in self._opened:
            name = self._file_name(content)
            self._opened[content] = None if name is None else large.opened(name, self.size(content))
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
                raise StoreFailed(f"{self._database}: chunk {seq} of content {content} is missing; the file is damaged")
            yield row[0]

    def size(self, content: int) -> int:
        """How many bytes a content has."""
        row = self._row("SELECT size FROM contents WHERE id = ?", (content,))
        if row is None or not isinstance(row[0], int):
            raise StoreFailed(f"{self._database}: content {content} is missing; the file is damaged")
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
        end = line_end(row[2], ordinal - row[1])
        return None if end is None else int(row[0] * CHUNK + end)

    def add_result(self, record: Record, *, name: str | None, call: Call | None, fingerprint: str | None) -> Result:
        """Give a record the next id (r1, r2, …), or the id it already has when its fingerprint is known.

        Raises ContentGone where its content was deleted since it was put there.
        """
        with self._database.writing() as connection:
            _check_content(connection, record)
            sql = "SELECT * FROM results WHERE fingerprint = ?"
            known = connection.execute(sql, (fingerprint,)).fetchone() if fingerprint else None
            if known is None:
                row = (fingerprint, name, dump_call(call), datetime.now(UTC).isoformat(), dump_record(record))
                sql = "INSERT INTO results(fingerprint, name, call, created, record) VALUES (?, ?, ?, ?, ?) RETURNING *"
                known = connection.execute(sql, row).fetchone()
        return result_of(known)

    def results(self, last: int | None = None) -> list[Result]:
        """The newest `last` results, every one unless given, oldest first."""
        sql = f"SELECT * FROM results WHERE {_HELD} ORDER BY number DESC"
        with self._database.reading() as connection:
            rows = connection.execute(sql) if last is None else connection.execute(f"{sql} LIMIT ?", (last,))
            return [result_of(row) for row in rows][::-1]

    def result(self, identifier: str) -> tuple[Result, Record] | None:
        """A result and how it is kept, or None."""
        number = _number(identifier)
        row = None if number is None else self._row(f"SELECT * FROM results WHERE number = ? AND {_HELD}", (number,))
        return None if row is None else (result_of(row), load_record(row[5]))

    def expired(self, identifier: str) -> str | None:
        """When a result that was once there expired, or None."""
        number = _number(identifier)
        row = None if number is None else self._row("SELECT at FROM expired WHERE number = ?", (number,))
        return None if row is None else str(row[0])

    def pin(self, identifier: str, *, pinned: bool) -> None:
        """Keep a result from expiring, or no longer."""
        sql = (
            "INSERT INTO pins(number) VALUES (?) ON CONFLICT DO NOTHING"
            if pinned
            else "DELETE FROM pins WHERE number = ?"
        )
        with self._database.writing() as connection:
            connection.execute(sql, (_number(identifier),))

    def pinned(self) -> frozenset[str]:
        """The ids that do not expire."""
        with self._database.reading() as connection:
            return frozenset(f"r{number}" for (number,) in connection.execute("SELECT number FROM pins"))

    def expire(self, identifiers: Iterable[str]) -> frozenset[str]:
        """Delete results with their parts, and the contents that nothing names any more; their ids stay taken.

        Those that another process has pinned or deleted meanwhile are left out; which were deleted.
        """
        gone, freed = [], set[int]()
        now, large = datetime.now(UTC).isoformat(timespec="seconds"), self._database.large
        with self._database.writing() as connection:
            for identifier in identifiers:
                number = _number(identifier)
                if connection.execute(_EXPIRE, (number, now, number, number)).fetchone() is None:
                    continue
                gone.append(identifier)
                freed |= _contents_of(connection, identifier)
                connection.execute("UPDATE results SET fingerprint = NULL WHERE number = ?", (number,))
                connection.execute("DELETE FROM parts WHERE result = ?", (identifier,))
            files = [name for number in _unnamed(connection, freed) for name in _drop(connection, number)]
        if large is not None:
            for name in files:
                large.remove(name)
        return frozenset(gone)

    def earlier(self, result: Result) -> str | None:
        """The id of the latest result before this one of the same call, or without any call of the same name."""
        call = dump_call(result.call)
        same, value = ("call = ?", call) if call is not None else ("call IS NULL AND name = ?", result.name)
        sql = f"SELECT number FROM results WHERE {same} AND number < ? AND {_HELD} ORDER BY number DESC LIMIT 1"
        row = self._row(sql, (value, int(result.id[1:])))
        return None if row is None else f"r{row[0]}"

    def add_part(self, result: str, path: str, record: Record) -> Record:
        """Keep a computed part; when another process was first, its part stands. Raises ContentGone."""
        with self._database.writing() as connection:
            _check_content(connection, record)
            row = (result, path, dump_record(record))
            sql = "INSERT INTO parts(result, path, record) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            connection.execute(sql, row)
        return self.part(result, path) or record

    def part(self, result: str, path: str) -> Record | None:
        """A computed part, or None when it has not been computed."""
        row = self._row("SELECT record FROM parts WHERE result = ? AND path = ?", (result, path))
        return None if row is None else load_record(row[0])

    def remember(self, key: str, text: str) -> None:
        """Keep a text under a key; the first one stands."""
        row = (key, text.encode("utf-8", "backslashreplace").decode())
        with self._database.writing() as connection:
            connection.execute("INSERT INTO remembered(key, text) VALUES (?, ?) ON CONFLICT DO NOTHING", row)

    def recalled(self, key: str) -> str | None:
        """The text kept under a key, or None."""
        row = self._row("SELECT text FROM remembered WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def _row(self, sql: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
        with self._database.reading() as connection:
            row: tuple[Any, ...] | None = connection.execute(sql, values).fetchone()
        return row


def _content(connection: Connection, digest: str) -> Content | None:
    row = connection.execute("SELECT id, size FROM contents WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else Content(row[0], row[1], digest)


def _reserve(connection: Connection, digest: str | None = None) -> int:
    row = connection.execute("INSERT INTO contents(digest) VALUES (?) RETURNING id", (digest,)).fetchone()
    return int(row[0])


def _number(identifier: str) -> int | None:
    """The number of an id, or None for what is none."""
    digits = identifier[1:]
    good = identifier[:1] == "r" and digits.isascii() and digits.isdigit() and len(digits) <= 18
    return int(digits) if good else None


def _check_content(connection: Connection, record: Record) -> None:
    if connection.execute("SELECT 1 FROM contents WHERE id = ?", (record.content,)).fetchone() is None:
        raise ContentGone("the content expired while it was being listed; put it again")


def _contents_of(connection: Connection, identifier: str) -> set[int]:
    """The contents of a result and its parts."""
    whole = connection.execute("SELECT record FROM results WHERE number = ?", (_number(identifier),)).fetchall()
    parts = connection.execute("SELECT record FROM parts WHERE result = ?", (identifier,)).fetchall()
    return {load_record(text).content for (text,) in (*whole, *parts)}


def _unnamed(connection: Connection, freed: Set[int]) -> list[int]:
    """The contents, whole ones, that no result and no part has.

    Of what nothing has named yet only the old: another process may be about to list what it has just put there.
    """
    named = {0}
    for sql in (f"SELECT record FROM results WHERE {_HELD}", "SELECT record FROM parts"):
        named |= {load_record(text).content for (text,) in connection.execute(sql).fetchall()}
    before = (datetime.now(UTC) - _LISTING).isoformat()
    sql = "SELECT record FROM results WHERE created < ? ORDER BY number DESC LIMIT 1"
    settled = next((load_record(text).content for (text,) in connection.execute(sql, (before,)).fetchall()), 0)
    whole = connection.execute("SELECT id FROM contents WHERE size IS NOT NULL").fetchall()
    return [number for (number,) in whole if number not in named and (number in freed or number < settled)]


def _drop(connection: Connection, number: int) -> list[str]:
    """Delete a content; answers the names of its files, which are still there."""
    names = [
        str(name) for (name,) in connection.execute("SELECT name FROM files WHERE content = ?", (number,)).fetchall()
    ]
    for table, column in (("chunks", "content"), ("files", "content"), ("contents", "id")):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))
    return names


def _finish(connection: Connection, number: int, digest: str, size: int, newlines: int) -> None:
    sql = "UPDATE contents SET digest = ?, size = ?, newlines = ? WHERE id = ?"
    connection.execute(sql, (digest, size, newlines, number))


def _add_chunks(connection: Connection, number: int, chunks: Iterable[bytes]) -> int:
    """Insert chunks; answers how many newlines they have."""
    before = 0
    for seq, chunk in enumerate(chunks):
        connection.execute("INSERT INTO chunks VALUES (?, ?, ?, ?)", (number, seq, before, chunk))
        before += chunk.count(b"\n")
    return before


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
