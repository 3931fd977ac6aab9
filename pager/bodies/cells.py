"""The cells of a delimited text as typed values, column by column."""

import re
from collections.abc import Iterable
from typing import Any

_INT = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?")
_SPECIAL = {"nan", "inf", "-inf", "+inf", "infinity", "-infinity"}
_BOOL = {"true": True, "false": False}


def cell_type(cell: str) -> type | None:
    """The narrowest type of a cell; None for an empty one. Numbers with leading zeros are identifiers.

    >>> [cell_type(cell).__name__ for cell in ("1", "1.5", "true", "007")]
    ['int', 'float', 'bool', 'str']
    """
    cell = cell.strip()
    if not cell:
        return None
    if _INT.fullmatch(cell):
        return int
    if _FLOAT.fullmatch(cell):
        return float
    word = cell.lower()
    return bool if word in _BOOL else float if word in _SPECIAL else str


def column_types(rows: Iterable[list[str]], columns: int) -> list[type]:
    """The narrowest type that holds every cell of each column; str for columns that are empty or mixed."""
    found: list[type | None] = [None] * columns
    for cells in rows:
        for at, cell in enumerate(cells[:columns]):
            if found[at] is not str:
                found[at] = _wider(found[at], cell_type(cell))
    return [kind or str for kind in found]


def _wider(one: type | None, other: type | None) -> type | None:
    if one is None or other is None or one is other:
        return one or other
    return float if {one, other} == {int, float} else str


def convert(cell: str, kind: type) -> Any:
    """A cell as its column's type; an empty one is None."""
    if not cell.strip():
        return None
    return _BOOL[cell.strip().lower()] if kind is bool else kind(cell)
