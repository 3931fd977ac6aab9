"""Records to columns: nested fields become columns of their own, lists become lengths, nested records become pools."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import methodcaller
from typing import Any

from pager import join

from ..rows import Records, are_alike, are_siblings
from .columns import Column, column_of

_MOST_COLUMNS = 300
_MOST_POOLED = 30_000
_DEEPEST = 6
_POOLED = 0.5  # of its parents' weight that a pool has beside their own fields
_POOLED_ALONE = 0.9  # ... where the parents have no fields of their own
_VECTOR = 8  # lists of numbers up to this length, all equally long, are coordinates: a column each


@dataclass(slots=True)
class Flat:
    """What records hold: columns of scalars and lengths, and the records nested in them, pooled by where they stand."""

    columns: list[Column] = field(default_factory=list)
    pools: list[Records] = field(default_factory=list)


def flatten(records: Records) -> Flat:
    """The columns of the records, at most 300, in the order of the data; and their pools."""
    flat = Flat()
    if _mostly_siblings(records.rows):
        _pool(records, (), records.rows, flat)
        return flat
    _fields(records, (), list(records.rows), flat)
    return flat


def _mostly_siblings(values: Sequence[Any]) -> bool:
    """Whether at least half of the values (of up to 60 spread over them) are mappings of alike mappings."""
    sample = values[:: max(1, len(values) // 60)]
    found = sum(map(are_siblings, sample))
    return found > 0 and 2 * found >= len(sample)


def _fields(records: Records, path: tuple[str | int, ...], rows: list[Any], flat: Flat) -> None:
    rows = [row if isinstance(row, dict) else {} for row in rows]
    for key in dict.fromkeys(chain.from_iterable(rows)):
        if len(flat.columns) >= _MOST_COLUMNS:
            return
        _field(records, (*path, key), list(map(methodcaller("get", key), rows)), flat)


def _field(records: Records, path: tuple[str | int, ...], values: list[Any], flat: Flat) -> None:
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {dict}:
        _mappings(records, path, values, flat)
    elif kinds == {list}:
        _lists(records, path, values, flat)
    else:
        if kinds & {dict, list}:
            values = [json.dumps(value, default=str) if isinstance(value, dict | list) else value for value in values]
        elif not kinds <= {str, int, float, bool}:
            values = [value if isinstance(value, str | int | float | bool | None) else str(value) for value in values]
        flat.columns.append(column_of(path, values, len(flat.columns)))


def _mappings(records: Records, path: tuple[str | int, ...], values: list[Any], flat: Flat) -> None:
    present = [value for value in values if value is not None]
    if len(present) < len(values):
        flat.columns.append(_presence(path, values, len(flat.columns)))
    if _mostly_siblings([value for value in present if value]):
        flat.columns.append(_lengths(path, values, len(flat.columns)))
        _pool(records, path, values, flat)
    elif len(path) < _DEEPEST and (are_alike(present) or len(dict.fromkeys(chain.from_iterable(present))) <= 12):
        _fields(records, path, values, flat)
    else:
        nested = any(isinstance(child, dict) for value in present for child in value.values())
        flat.columns.append(_lengths(path, values, len(flat.columns), telling=nested))
        if nested:
            _pool(records, path, values, flat)


def _lists(records: Records, path: tuple[str | int, ...], values: list[Any], flat: Flat) -> None:
    items = list(chain.from_iterable(value for value in values if value))
    kinds = set(map(type, items)) - {type(None)}
    lengths = {len(value) for value in values if value is not None}
    if kinds <= {int, float} and len(lengths) == 1 and 1 <= (width := lengths.pop()) <= _VECTOR:
        for index in range(width):
            column = [value[index] if value else None for value in values]
            flat.columns.append(column_of((*path, index), column, len(flat.columns)))
        return
    flat.columns.append(_lengths(path, values, len(flat.columns)))
    if kinds == {dict}:
        _pool(records, path, values, flat)
    elif kinds == {str}:
        flat.columns.append(_elements(path, values, len(flat.columns)))


def _presence(path: tuple[str | int, ...], values: list[Any], position: int) -> Column:
    missing = values.count(None)
    return Column(str(path[-1]), path, (), "empty", missing, position, Counter())


def _lengths(path: tuple[str | int, ...], values: list[Any], position: int, *, telling: bool = True) -> Column:
    import numpy as np

    lengths = [0 if value is None else len(value) for value in values]
    counts: Counter[object] = Counter(lengths)
    numbers = np.array(lengths, dtype=np.float64)
    return Column(str(path[-1]), path, lengths, "length", 0, position, counts, numbers, telling=telling)


def _elements(path: tuple[str | int, ...], values: list[Any], position: int) -> Column:
    counts: Counter[object] = Counter(chain.from_iterable(dict.fromkeys(value) for value in values if value))
    return Column(str(path[-1]), path, (), "category", 0, position, counts)


def _pool(records: Records, path: tuple[str | int, ...], values: Sequence[Any], flat: Flat) -> None:
    rows: list[dict[str, object]] = []
    origins: list[tuple[int, str | int]] = []
    for index, value in enumerate(values):
        for key, row in _numbered(value):
            if isinstance(row, dict):
                rows.append(row)
                origins.append((index, key))
        if len(rows) >= _MOST_POOLED:
            break
    if len(rows) >= 2:
        place = _place_of(records, path, origins)
        keys = _names(records, origins)
        whole = (*records.path, *path)
        measured = sum(column.role not in ("length", "empty") for column in flat.columns)
        weight = records.weight * (_POOLED if measured > 1 else _POOLED_ALONE)
        flat.pools.append(Records(records.address, rows, place, keys, whole, weight))


def _numbered(value: Any) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        yield from value.items()
    elif value:
        yield from enumerate(value)


def _place_of(
    records: Records, path: tuple[str | int, ...], origins: Sequence[tuple[int, str | int]]
) -> Callable[[int], str]:
    def place(index: int) -> str:
        parent, key = origins[index]
        return join(records.place(parent), *path, key)

    return place


def _names(records: Records, origins: Sequence[tuple[int, str | int]]) -> list[str] | None:
    """`layer_17/down` where both are named; None where the parts are only numbered."""
    if not origins or not isinstance(origins[0][1], str):
        return None
    if records.keys is None:
        return [str(key) for _, key in origins]
    return [f"{records.keys[parent]}/{key}" for parent, key in origins]
