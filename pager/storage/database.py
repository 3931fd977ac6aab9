"""What the store needs of a database: transactions, one writer at a time, and SQL that both kinds understand."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .large import LargeFiles


class Rows(Protocol):
    """What a statement answers."""

    def fetchone(self) -> Any:
        """The next row as a tuple, or None."""

    def fetchall(self) -> Sequence[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """Row by row."""


class Connection(Protocol):
    """Runs one statement; values stand in place of `?`."""

    def execute(self, sql: str, values: Sequence[object] = (), /) -> Rows:
        """What the statement answers."""


class Database(Protocol):
    """Tables of a store, made where there are none. Raises StoreFailed, which says what to do."""

    @property
    def large(self) -> "LargeFiles | None":
        """Where contents too large for rows are kept; None where all of them are rows."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for statements that change nothing."""

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction of the only writer; undone where the block raises."""

    def close(self) -> None:
        """Release it; it cannot be used afterwards."""


COLUMNS = {
    "contents": "id {number}, digest TEXT UNIQUE, size BIGINT, newlines BIGINT",
    "chunks": "content BIGINT NOT NULL, seq BIGINT NOT NULL, before BIGINT NOT NULL, data {bytes} NOT NULL, "
    "PRIMARY KEY(content, seq)",
    "files": "content {number}, name TEXT NOT NULL UNIQUE",
    "results": "number {number}, fingerprint TEXT UNIQUE, name TEXT, call TEXT, created TEXT NOT NULL, "
    "record TEXT NOT NULL",
    "parts": "result TEXT NOT NULL, path TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY(result, path)",
    "remembered": "key TEXT PRIMARY KEY, text TEXT NOT NULL",
    "pins": "number {number}",
    "expired": "number {number}, at TEXT NOT NULL",
}
INDEX = "CREATE INDEX IF NOT EXISTS chunks_by_line ON chunks(content, before)"


def columns(*, number: str, data: str) -> dict[str, str]:
    """The columns of each table, with a database's own words for a number that counts up and for bytes."""
    return {name: text.format(number=number, bytes=data) for name, text in COLUMNS.items()}
