"""The columns of rows as a database wants them: one type each, names that do not collide."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    for row in rows:
        for key, cell in row.items():
            kinds[key] = _wider(kinds.get(key), _kind(cell))
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
    data: list[list[Any]] = [[] for _ in columns]
    for row in rows:
        for cells, column in zip(data, columns, strict=True):
            cells.append(_cell(row.get(column.key), column.kind))
        if data and len(data[0]) >= size:
            yield data
            data = [[] for _ in columns]
    if data and data[0]:
        yield data


def _cell(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "VARCHAR":
        text = value if isinstance(value, str) else dump(value)
        return text.encode("utf-8", "replace").decode()
    if kind == "DOUBLE":
        number = float(value)
        return number if math.isfinite(number) else str(number)
    return value
