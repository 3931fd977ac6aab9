"""What a node holds: the one interface over values, texts, tables, arrays, bytes and lazy parts."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from ..intake.jsontext import dump_lines
from ..shape import kind_of
from ..types import Key, Kind
from .source import MemoryText, Source


class Body(Protocol):
    """The content behind a node. Keys that it does not have raise KeyError or IndexError."""

    @property
    def kind(self) -> Kind:
        """Which kind of node it is."""

    def source(self) -> Source:
        """What its text is read from."""

    def length(self) -> int:
        """How many rows, keys, items, elements, lines, bytes or children."""

    def value(self) -> Any:
        """Its parsed value."""

    def child(self, key: Key) -> "Body":
        """The child of that name or number; numbers are not negative."""

    def slice(self, start: int, stop: int) -> "Body":
        """Items start to stop; raises TypeError where there are no numbered items."""

    def keys(self, start: int, stop: int) -> Sequence[Key]:
        """The names or numbers of the children start to stop, those that are worth listing."""

    def rows(self) -> Iterator[dict[str, Any]] | None:
        """Its rows, one mapping each, or None when it is no table."""


def numbered(body: Body) -> bool:
    """Whether the body has items by number."""
    return body.kind not in ("mapping", "lazy") and not (body.kind == "value" and not isinstance(body.value(), str))


class ValueBody:
    """A plain value in memory: mapping, list, table, array of numbers, or scalar."""

    def __init__(self, value: Any, kind: Kind | None = None) -> None:
        self._value = value
        self._source: Source | None = None
        self._kind: Kind = kind or kind_of(value)

    @property
    def kind(self) -> Kind:
        return self._kind

    def source(self) -> Source:
        if self._source is None:
            self._source = MemoryText(dump_lines(self._value))
        return self._source

    def length(self) -> int:
        return len(self._value) if isinstance(self._value, (dict, list)) else 1

    def value(self) -> Any:
        if self._kind == "array":
            import numpy as np

            return np.asarray(self._value)
        return self._value

    def plain(self) -> Any:
        """The value without numpy."""
        return self._value

    def child(self, key: Key) -> Body:
        if isinstance(self._value, dict):
            return body_of(self._value[str(key)])
        if isinstance(self._value, list) and isinstance(key, int):
            return body_of(self._value[key])
        raise KeyError(key)

    def slice(self, start: int, stop: int) -> Body:
        if not isinstance(self._value, list):
            raise TypeError("no numbered items")
        return ValueBody(self._value[start:stop])

    def keys(self, start: int, stop: int) -> Sequence[Key]:
        if isinstance(self._value, dict):
            return list(self._value)[start:stop]
        return range(len(self._value))[start:stop] if isinstance(self._value, list) else ()

    def rows(self) -> Iterator[dict[str, Any]] | None:
        return iter(self._value) if self._kind == "table" else pivot(self._value)


def body_of(value: Any, kind: Kind | None = None) -> Body:
    """The body of a plain value; `kind`, where it is known, spares looking at all of it."""
    if isinstance(value, str):
        from .textbody import TextBody

        return TextBody(MemoryText(value), kind or kind_of(value))
    return ValueBody(value, kind)


def pivot(value: Any) -> Iterator[dict[str, Any]] | None:
    """A mapping of alike mappings, or of columns of one length, as rows whose first column is the key."""
    if not isinstance(value, dict) or not value:
        return None
    children = list(value.values())
    if all(isinstance(child, dict) for child in children) and _alike(children):
        return ({"key": key, **child} for key, child in value.items())
    if all(isinstance(child, list) for child in children) and len({len(child) for child in children}) == 1:
        names = list(value)
        return (dict(zip(names, cells, strict=True)) for cells in zip(*children, strict=True))
    return None


def _alike(children: list[dict[str, Any]]) -> bool:
    """Whether mappings share most of their keys: half of all that occur are in at least half of them."""
    if len(children) < 2 or not any(children):
        return False
    counts: dict[str, int] = {}
    for child in children:
        for key in child:
            counts[key] = counts.get(key, 0) + 1
    common = sum(1 for count in counts.values() if 2 * count >= len(children))
    return 2 * common >= len(counts)


def table_of_array(value: Any) -> Iterator[dict[str, Any]]:
    """An array as rows: (index, value) for one axis, one column per element of a row for more."""
    for index, row in enumerate(value.tolist()):
        cells = row if isinstance(row, list) else None
        yield {"index": index, "value": row} if cells is None else {"index": index, **_numbered_cells(cells)}


def _numbered_cells(cells: list[Any]) -> dict[str, Any]:
    return {f"c{column}": cell for column, cell in enumerate(cells)}
