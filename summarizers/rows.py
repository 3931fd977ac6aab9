"""Alike records wherever they stand: a list of objects, a mapping of alike mappings, or those of many parents."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

_FEWEST_SIBLINGS = 3
_PLAIN = frozenset({str, int, float, bool, type(None)})
_ALIKE = 0.4  # share of the union of keys that an average sibling has


@dataclass(frozen=True, slots=True)
class Records:
    """Rows of one meaning. `place(i)` is row i's address, `keys[i]` its name if it has one; `address` holds them all.

    `path` leads from `address` to the rows of pooled tables (those nested in the rows of another); () otherwise.
    """

    address: str
    rows: Sequence[Mapping[str, object]]
    place: Callable[[int], str]
    keys: Sequence[str] | None
    path: tuple[str | int, ...] = ()
    weight: float = 1.0


def are_records(value: object) -> bool:
    """Whether the value is a list of objects (nearly all of them)."""
    if not isinstance(value, list | tuple) or not value:
        return False
    return sum(map(_is_mapping, value)) >= 0.9 * len(value)


def are_siblings(value: object, *, fewest: int = _FEWEST_SIBLINGS) -> bool:
    """Whether the value is a mapping of alike mappings: each key names a row, and the rows share their fields."""
    if not isinstance(value, dict) or len(value) < fewest or not all(map(_is_mapping, value.values())):
        return False
    return are_alike(list(value.values()))


def are_alike(mappings: Sequence[Mapping[str, object]]) -> bool:
    """Whether mappings share their keys: an average one has 40 % of all that occur."""
    filled = [mapping for mapping in mappings if mapping]
    if not filled or 2 * len(filled) < len(mappings):
        return False
    occurring = Counter(chain.from_iterable(filled))
    if max(occurring.values()) < 2 <= len(filled):
        return False
    return sum(occurring.values()) >= _ALIKE * len(filled) * len(occurring)


def are_columns(value: object) -> bool:
    """Whether the value is a mapping of equally long lists of scalars: a table written by columns."""
    if not isinstance(value, dict) or not value:
        return False
    lists = list(value.values())
    if not all(isinstance(each, list) and len(each) >= _FEWEST_SIBLINGS for each in lists):
        return False
    return len({len(each) for each in lists}) == 1 and all(is_scalar(each[0]) for each in lists)


def are_tuples(value: object) -> bool:
    """Whether the value is a list of equally short lists of scalars, not all numbers: rows without names."""
    if not isinstance(value, list) or len(value) < _FEWEST_SIBLINGS or not all(isinstance(row, list) for row in value):
        return False
    return len({len(row) for row in value}) == 1 and 2 <= len(value[0]) <= 50 and all(map(is_scalar, value[0]))


def is_scalar(value: object) -> bool:
    """Whether the value has no parts."""
    return type(value) in _PLAIN or isinstance(value, (str, int, float))


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict)
