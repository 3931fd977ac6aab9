"""What differs between two JSON-like values: leaf by leaf, list items matched by what identifies them."""

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pager import join

_IDENTIFYING = ("id", "key", "uuid", "name", "path", "file", "filename", "index", "layer", "host", "url", "code")
_OVERLAP = 0.5  # of the shorter list's identities must be in the longer one


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf or item that is not as before; `address` is the new one's, or the old one's where it is gone.

    `field` is the last name on the way to it, `item` what identifies the list item it belongs to ("id 17"), if any.
    """

    what: Literal["changed", "added", "gone"]
    address: str
    field: str
    item: str
    old: object
    new: object

    @property
    def holder(self) -> str:
        """The address of the mapping that the field is in; of a list item, its own."""
        return self.address if self.address.endswith("]") else self.address.rpartition("/")[0] or self.address

    @property
    def size(self) -> float:
        """How far a number moved, 0 to 1, relative to both; 1 for anything else."""
        if not (_is_number(self.old) and _is_number(self.new)):
            return 1.0
        old, new = float(self.old), float(self.new)  # type: ignore[arg-type]  # both are numbers
        whole = abs(old) + abs(new)
        return min(1.0, abs(new - old) / whole) if 0 < whole < float("inf") else 1.0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a comparison stands."""

    old: tuple[str | int, ...]
    new: tuple[str | int, ...]
    field: str = ""
    item: str = ""

    def at(self, old: str | int, new: str | int, item: str = "") -> "_Place":
        """One step down."""
        named = str(new) if isinstance(new, str) else self.field
        return _Place((*self.old, old), (*self.new, new), named, item or self.item)

    def changed(self, old: object, new: object) -> Difference:
        """Something else stands here."""
        return Difference("changed", _address(self.new), self.field, self.item, old, new)

    def added(self, new: object) -> Difference:
        """Nothing stood here."""
        return Difference("added", _address(self.new), self.field, self.item, None, new)

    def gone(self, old: object) -> Difference:
        """Nothing stands here."""
        return Difference("gone", _address(self.old), self.field, self.item, old, None)


def _address(path: tuple[str | int, ...]) -> str:
    return join(str(path[0]), *path[1:])


def differences(old: Any, new: Any, old_address: str, new_address: str) -> Iterator[Difference]:
    """Every leaf of `new` that is not as in `old`, what was added whole, and what is gone, in the order of `new`.

    Lists of mappings are matched by a column that identifies their items, other lists of equal length by place, and
    of different length by content.
    """
    yield from _compare(old, new, _Place((old_address,), (new_address,)))


def leaves(value: Any) -> int:
    """How many scalars a value holds."""
    if isinstance(value, Mapping):
        return sum(leaves(one) for one in value.values())
    return sum(leaves(one) for one in value) if isinstance(value, list) else 1


def _compare(old: Any, new: Any, place: _Place) -> Iterator[Difference]:
    if type(old) is type(new) and old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mappings(old, new, place)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, place)
    elif not _is_same(old, new):
        yield place.changed(old, new)


def _mappings(old: Mapping[str, Any], new: Mapping[str, Any], place: _Place) -> Iterator[Difference]:
    for key, value in new.items():
        below = place.at(str(key), str(key))
        if key in old:
            yield from _compare(old[key], value, below)
        else:
            yield below.added(value)
    for key in [key for key in old if key not in new]:
        yield place.at(str(key), str(key)).gone(old[key])


def _lists(old: list[Any], new: list[Any], place: _Place) -> Iterator[Difference]:
    column = _identity(old, new)
    if column is None and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _compare(before, after, place.at(index, index))
        return
    names: list[list[Hashable]] = [
        [item[column] if column else _content(item) for item in items] for items in (old, new)
    ]
    yield from _matched(old, new, names, column, place)


def _matched(
    old: list[Any], new: list[Any], names: Sequence[list[Hashable]], column: str | None, place: _Place
) -> Iterator[Difference]:
    """Items with the same name compared, in the order they come; the others are added or gone."""
    left: dict[Hashable, list[int]] = {}
    for index, name in enumerate(names[0]):
        left.setdefault(name, []).append(index)
    for index, name in enumerate(names[1]):
        item = f"{column} {name}" if column else ""
        if at := left.get(name):
            before = at.pop(0)
            yield from _compare(old[before], new[index], place.at(before, index, item))
        else:
            yield place.at(index, index, item).added(new[index])
    for name, rest in left.items():
        for index in rest:
            item = f"{column} {name}" if column else ""
            yield place.at(index, index, item).gone(old[index])


def _identity(old: list[Any], new: list[Any]) -> str | None:
    """A column whose values are whole numbers or words, all different within each list, and mostly the same in both."""
    if not (old and new and all(isinstance(item, Mapping) for items in (old, new) for item in items)):
        return None
    columns = [str(key) for key in new[0] if isinstance(new[0][key], str | int) and not isinstance(new[0][key], bool)]
    by_name = {name: rank for rank, name in enumerate(_IDENTIFYING)}
    for column in sorted(columns, key=lambda name: by_name.get(name.lower(), len(by_name))):
        sides = [_distinct(items, column) for items in (old, new)]
        if all(sides) and len(sides[0] & sides[1]) >= _OVERLAP * min(len(old), len(new)):
            return column
    return None


def _distinct(items: list[Any], column: str) -> set[Hashable]:
    """The column's values where they are all there, short and different; else nothing."""
    values = [item.get(column) for item in items]
    fit = all(isinstance(value, str | int) and len(str(value)) <= 90 for value in values)
    distinct = set(values) if fit else set()
    return distinct if len(distinct) == len(items) else set()


def _content(item: Any) -> str:
    return json.dumps(item, sort_keys=True, default=str)


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(old, bool) != isinstance(new, bool):
        return False
    both_nan = isinstance(old, float) and isinstance(new, float) and old != old and new != new
    return both_nan or bool(old == new)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
