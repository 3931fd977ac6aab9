"""A JSON-like value of any shape: finds the tables in it, at every level, and the plain fields between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log1p

from pager import join

from ..fact import Fact
from ..rows import Records, are_columns, are_records, are_siblings, are_tuples, is_scalar
from .arrays import array_in, arrays_under, many_arrays, one_array
from .record import record_facts
from .recursive import recursive_facts
from .series import series_facts, series_of
from .tabular import table_facts

_DEEPEST = 8
_MOST_PARTS = 200
_LEVEL = 0.92  # of its weight a part keeps with each level down


@dataclass(frozen=True, slots=True)
class Part:
    """A value somewhere in a result, with what its facts are worth; `top`: it is the result itself."""

    value: object
    address: str
    name: str
    weight: float = 1.0
    depth: int = 0

    @property
    def top(self) -> bool:
        return self.depth == 0


def tree_facts(value: object, address: str, focus: str | None) -> Iterator[Fact]:
    """The facts of a value and of all that it holds, whatever its shape."""
    yield from _part_facts(Part(value, address, ""), focus)


def _part_facts(part: Part, focus: str | None) -> Iterator[Fact]:
    if arrays := arrays_under(part.value, part.address):
        yield from many_arrays(arrays, part.address, part.weight)
        return
    if (numbers := array_in(part.value)) is not None:
        yield from one_array(numbers, part.address, part.weight)
        return
    records = records_of(part)
    if records is not None:
        yield from table_facts(records, focus, head=not part.top or bool(records.keys))
        if isinstance(part.value, dict):
            yield from recursive_facts(part.value, part.address, part.name, part.weight)
    elif isinstance(part.value, dict):
        yield from _mapping_facts(part, focus)
    elif isinstance(part.value, list | tuple) and part.value:
        yield from _list_facts(part, focus)


def records_of(part: Part) -> Records | None:
    """The part as a table: a list of objects, or a mapping of alike mappings, of columns, or a list of tuples."""
    value, address, weight = part.value, part.address, part.weight
    if isinstance(value, list) and are_records(value):
        rows: list[Mapping[str, object]] = [row if isinstance(row, dict) else {} for row in value]
        return Records(address, rows, lambda index: join(address, index), None, weight=weight)
    if isinstance(value, dict) and are_siblings(value):
        keys = [str(key) for key in value]
        return Records(address, list(value.values()), lambda index: join(address, keys[index]), keys, weight=weight)
    if isinstance(value, dict) and are_columns(value):
        rows = [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
        return Records(address, rows, lambda _: address, None, weight=weight)
    if are_tuples(value) and isinstance(value, list):
        rows = [{str(index): cell for index, cell in enumerate(row)} for row in value]
        return Records(address, rows, lambda index: join(address, index), None, weight=weight)
    return None


def _mapping_facts(part: Part, focus: str | None) -> Iterator[Fact]:
    assert isinstance(part.value, dict)
    series = series_of(part.value)
    if series is not None:
        yield from series_facts(part.value, part.address, part.name, part.weight)
        return
    yield from record_facts(part.value, part.address, part.name, part.weight)
    if part.depth >= _DEEPEST:
        return
    children = [(key, child) for key, child in part.value.items() if not is_scalar(child) and child][:_MOST_PARTS]
    sizes = {key: _size(child) for key, child in children}
    largest = max(sizes.values(), default=1)
    for key, child in children:
        share = max(0.3, log1p(sizes[key]) / log1p(largest))
        below = Part(child, join(part.address, key), str(key), part.weight * share * _LEVEL, part.depth + 1)
        yield from _part_facts(below, focus)


def _list_facts(part: Part, focus: str | None) -> Iterator[Fact]:
    assert isinstance(part.value, list | tuple)
    if series_of(part.value) is not None:
        yield from series_facts(part.value, part.address, part.name, part.weight)
        return
    kinds = sorted({type(item).__name__ for item in part.value})
    words = ", ".join(f"{sum(type(i).__name__ == kind for i in part.value)} {kind}" for kind in kinds)
    yield Fact(f"{len(part.value)} items: {words}", part.address, 1.2 * part.weight, "shape", "")
    if part.depth >= _DEEPEST:
        return
    for index, item in enumerate(part.value[:20]):
        if not is_scalar(item):
            yield from _part_facts(
                Part(item, join(part.address, index), f"[{index}]", part.weight * 0.5, part.depth + 1), focus
            )


def _size(value: object, deepest: int = 4) -> int:
    """About how many scalars a value holds: exact where small, extrapolated from its first children where large."""
    if not isinstance(value, (dict, list)) or not value:
        return 1
    if deepest == 0:
        return len(value)
    children = list(value.values()) if isinstance(value, dict) else value
    sample = children[:20]
    return max(1, sum(_size(child, deepest - 1) for child in sample) * len(children) // len(sample))
