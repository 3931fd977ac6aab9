"""The columns of rows as a database wants them: one type each, names that do not collide."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..intake.jsontext import dump

INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the key in the rows, its name in SQL (unlike any other, case aside), and its type."""

    key: str
    name: str
    kind: str


def columns_of(rows: Iterable[dict[str, Any]]) -> list[Column]:
    """The columns over all rows, in order of first appearance; mixed and nested cells make a column VARCHAR."""
    kinds: dict[str, str | None] = {}
    numbered: dict[tuple[Any, ...], list[str]] = {}  # the whole numbers of rows with the same keys and types
    for row in rows:
        alike = (*row, *map(type, row.values()))
        if alike in numbered and all(-INT64 <= row[key] < INT64 for key in numbered[alike]):
            continue
        for key, cell in row.items():
            kinds[key] = _wider(kinds.get(key), _kind(cell))
        numbered[alike] = [key for key, cell in row.items() if isinstance(cell, int)]
    taken: set[str] = set()
    return [Column(key, _free(key, taken), kind or "VARCHAR") for key, kind in kinds.items()]


def _kind(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "BOOLEAN"
    if isinstance(cell, int):
        return "BIGINT" if -INT64 <= cell < INT64 else "VARCHAR"
    return "DOUBLE" if isinstance(cell, float) else "VARCHAR"


def _wider(one: str | None, other: str | None) -> str | None:
    if one is None or other is None or one == other:
        return one or other
    return "DOUBLE" if {one, other} == {"BIGINT", "DOUBLE"} else "VARCHAR"


def _free(key: str, taken: set[str]) -> str:
    name = base = key.replace("\0", "").encode("utf-8", "replace").decode() or "column"
    number = 2
    while name.lower() in taken:
        name, number = f"{base}_{number}", number + 1
    taken.add(name.lower())
    return name


def batches(rows: Iterable[dict[str, Any]], columns: list[Column], size: int) -> Iterator[list[list[Any]]]:
    """The rows as lists of cells per column, at most `size` rows at a time."""
    source = iter(rows)
    while taken := list(islice(source, size)):
        yield [_cells([row.get(column.key) for row in taken], column.kind) for column in columns]


def _cells(values: list[Any], kind: str) -> list[Any]:
    return values if kind in ("BIGINT", "BOOLEAN") else [_cell(value, kind) for value in values]


def _cell(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "VARCHAR":
        text = value if isinstance(value, str) else dump(value)
        if text.isascii():
            return text
        return text.encode("utf-8", "replace").decode()
    if kind == "DOUBLE":
        number = float(value)
        return number if math.isfinite(number) else str(number)
    return value
