"""Many scalars of one meaning, in a list or under names: numbers as a measure, words as classes, names as a pattern."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pager import join

from .. import wording
from ..fact import Fact
from ..rows import Records, is_scalar
from .columns import Column, column_of
from .naming import Names
from .scene import Scene
from .tabular import column_facts

_FEWEST_NAMED = 12
_FEWEST_LISTED = 2
_FEW = 8  # scalars; a list of so few is a field with several values rather than data
_NUMBER = re.compile(r"\d+")


def series_of(value: Mapping[str, object] | Sequence[object]) -> list[object] | None:
    """The scalars, where the value is a long enough run of scalars of one type; None where it is not."""
    if isinstance(value, Mapping):
        items, fewest = list(value.values()), _FEWEST_NAMED
    else:
        items, fewest = list(value), _FEWEST_LISTED
    if len(items) < fewest or not all(map(is_scalar, items)):
        return None
    kinds = {type(item) for item in items} - {type(None)}
    return items if len(kinds) == 1 or kinds == {int, float} else None


def series_facts(
    value: Mapping[str, object] | Sequence[object], address: str, name: str, weight: float
) -> Iterator[Fact]:
    """Shape, then what the scalars say as one column, then the pattern of their names."""
    items = series_of(value) or []
    weight *= 1.0 if len(items) > _FEW else 0.3
    keys = [str(key) for key in value] if isinstance(value, Mapping) else None
    place = (lambda i: join(address, keys[i])) if keys else (lambda i: join(address, i))
    records = Records(address, [{}] * len(items), place, keys, weight=weight)
    column = column_of((name or "values",), items, 0)
    names = Names(lambda i: wording.name(keys[i]) if keys else "", own=bool(keys))
    scene = Scene(records, [column], [name or "values"], names, [1.0])
    if name:
        yield Fact(f"{len(items)} {'keys' if keys else 'items'}", address, 1.3 * weight, "shape", "")
    yield from column_facts(scene, column, ordered=keys is None)
    if isinstance(next((item for item in items if item is not None), None), str):
        yield from _words(scene, column)
    if keys:
        yield from pattern_facts(keys, address, weight)


def _words(scene: Scene, column: Column) -> Iterator[Fact]:
    lengths = [len(item) if isinstance(item, str) else 0 for item in column.values]
    longest = max(range(len(lengths)), key=lengths.__getitem__)
    yield scene.fact(column, f"longest {lengths[longest]} characters", 0.7, "extreme", row=longest)
    foreign = sum(1 for item in column.values if isinstance(item, str) and not item.isascii())
    if foreign:
        yield scene.fact(column, f"not ASCII in {foreign}", 0.4, "range")


def pattern_facts(keys: Sequence[str], address: str, weight: float) -> Iterator[Fact]:
    """Names that differ only in their numbers: `model.layers.{0..39}.mlp.up_proj.weight`."""
    numbers: dict[str, list[int]] = {}
    counts: Counter[str] = Counter()
    for key in keys:
        pattern = _NUMBER.sub("{}", key)
        counts[pattern] += 1
        if found := _NUMBER.search(key):
            numbers.setdefault(pattern, []).append(int(found.group()[:15]))
    if len(counts) > 0.5 * len(keys):
        return
    yield Fact(
        f"names: {len(counts)} pattern{'s' if len(counts) > 1 else ''}", address, 0.7 * weight, "template", "names:"
    )
    for pattern, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:4]:
        low_high: Any = numbers.get(pattern)
        spelled = pattern.replace("{}", f"{{{min(low_high)}..{max(low_high)}}}", 1) if low_high else pattern
        yield Fact(f"names: {spelled} {count}", address, 0.5 * weight, "template", "names:")
