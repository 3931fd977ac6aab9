"""Arrays of numbers within a value: nested lists of one shape, alone or many under names, as weights are printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, cast

from pager import Key, join

from .. import wording
from ..fact import Fact
from ..rows import is_scalar
from .elements import array_facts, exact, place_of
from .statistics import outliers_of, spread_of

if TYPE_CHECKING:
    from .statistics import Numbers

_LEAST_WIDTH = 5  # narrower rows are tuples: points, pairs of time and value
_COMPARED = 8  # axis from which on columns of unlike scale are fields, not an axis
_ALIKE = 30.0  # how far the typical sizes of columns of one array may lie apart
_MOST_AXES = 8
_FEWEST = 3  # arrays told as many
_MOST = 2000
_SHARE = 0.8  # of the parts of a mapping of arrays


@dataclass(frozen=True, slots=True)
class Held:
    """An array within a value, and what it is called there."""

    name: str
    address: str
    numbers: Numbers
    path: tuple[str, ...]


def shape_of(value: object, *, most_axes: int = _MOST_AXES) -> tuple[int, ...] | None:
    """The shape of nested lists of numbers that are equally long at each level; None for anything else."""
    if not isinstance(value, list) or not value or not most_axes:
        return None
    if not isinstance(value[0], list):
        return (len(value),) if all(type(item) in (int, float) for item in value) else None
    below = shape_of(value[0], most_axes=most_axes - 1)
    if below is None:
        return None
    return (len(value), *below) if all(shape_of(item, most_axes=most_axes - 1) == below for item in value[1:]) else None


def array_in(value: object) -> Numbers | None:
    """Nested lists as an array of two or more axes; None where they are ragged, or rows of unlike fields."""
    shape = _looks(value) and shape_of(value)
    if not shape or len(shape) < 2 or (len(shape) == 2 and shape[1] < _LEAST_WIDTH):
        return None
    import numpy as np

    try:
        numbers = np.asarray(value, dtype=np.float64)
    except OverflowError:  # an integer beyond any float
        return None
    return numbers if len(shape) > 2 or _is_even(numbers) else None


def _looks(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def _is_even(numbers: Numbers) -> bool:
    """Whether the columns are of one scale: an axis, rather than the fields of a record."""
    import numpy as np

    sizes = np.median(np.abs(np.nan_to_num(numbers)), axis=0)
    some = sizes[sizes > 0]
    fractions = not bool(np.all(numbers[: min(50, len(numbers))] % 1 == 0))
    return bool(not some.size or some.max() <= _ALIKE * some.min()) and (fractions or numbers.shape[1] >= _COMPARED)


def one_array(numbers: Numbers, address: str, weight: float) -> Iterator[Fact]:
    """The facts of an array that stands alone among other parts."""
    for fact in array_facts(numbers, address):
        yield replace(fact, text=_undescribed(fact), salience=fact.salience * weight)


def _undescribed(fact: Fact) -> str:
    """Its text without the type of number, which lists don't have."""
    return fact.text.removesuffix(" float64") if fact.topic == "shape" else fact.text


def arrays_under(value: object, address: str) -> list[Held]:
    """The arrays of a mapping, or of a list of named ones, that holds little else, however deep; [] if it is none."""
    if not isinstance(value, dict) and not _are_named(value):
        return []
    found: list[Held] = []
    others = _gather(value, address, (), (), found)
    tensors = sum(held.numbers.ndim > 1 for held in found)
    enough = len(found) >= _FEWEST and tensors and len(found) >= _SHARE * (len(found) + others)
    return found if enough and len(found) <= _MOST else []


def _are_named(value: object) -> bool:
    """Whether the value is a list of pairs of a name and something with parts, as `named_parameters` yields them."""
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], list)
        for pair in value
    )


def _entries(value: object) -> Iterator[tuple[str, object, tuple[Key, ...]]]:
    """Name, value and address steps of each part that is no scalar."""
    if isinstance(value, dict):
        yield from ((str(key), child, (key,)) for key, child in value.items() if not is_scalar(child))
    else:
        pairs = cast(Sequence[tuple[str, object]], value)
        yield from ((name, child, (index, 1)) for index, (name, child) in enumerate(pairs))


def _gather(value: object, address: str, path: tuple[str, ...], steps: tuple[Key, ...], found: list[Held]) -> int:
    """Collect the arrays below a mapping; return how many other parts there are."""
    others = 0
    for name, child, step in _entries(value):
        below, place = (*path, name), (*steps, *step)
        if isinstance(child, dict):
            others += _gather(child, address, below, place, found) if len(below) < 12 else 1
        elif (numbers := _numbers(child)) is not None:
            found.append(Held("/".join(below), join(address, *place), numbers, below))
        else:
            others += 1
        if others > 2 * len(found) + 8:
            break
    return others


def _numbers(value: object) -> Numbers | None:
    """An array of any number of axes, of one only where it is long."""
    if (numbers := array_in(value)) is not None:
        return numbers
    if shape_of(value) is None or len(cast(Sequence[object], value)) < _LEAST_WIDTH:
        return None
    import numpy as np

    return np.asarray(value, dtype=np.float64)


def many_arrays(arrays: Sequence[Held], address: str, weight: float) -> Iterator[Fact]:
    """What they hold together, where their extremes stand, and which differs from its like."""
    shapes = Counter("×".join(map(str, held.numbers.shape)) for held in arrays)
    total = sum(prod(held.numbers.shape) for held in arrays)
    listed = ", ".join(f"{shape} {count}" for shape, count in shapes.most_common(4))
    more = f" (+{len(shapes) - 4} more shapes)" if len(shapes) > 4 else ""
    yield Fact(f"{len(arrays)} arrays of {total} numbers: {listed}{more}", address, 1.5 * weight, "shape", "")
    yield from _extremes(arrays, weight)
    yield from _unlike(arrays, weight)
    for held in arrays:
        yield from _of_one(held, weight)


def _of_one(held: Held, weight: float) -> Iterator[Fact]:
    """Facts of one among many: what is an alarm stands out, the others are details."""
    name = wording.name(held.name)
    for fact in array_facts(held.numbers, held.address):
        alarm = fact.topic in ("error", "outlier")
        topic = "array" if fact.topic == "shape" else fact.topic
        worth = fact.salience * weight * (0.85 if alarm else 0.3)
        yield Fact(f"{name} {_undescribed(fact)}", fact.address, worth, topic, f"{name} ")


def _extremes(arrays: Sequence[Held], weight: float) -> Iterator[Fact]:
    import numpy as np

    finite = [(held, np.where(np.isfinite(held.numbers), held.numbers, np.nan)) for held in arrays]
    some = [(held, numbers) for held, numbers in finite if not bool(np.isnan(numbers).all())]
    if not some:
        return
    high, numbers = max(some, key=lambda pair: float(np.nanmax(pair[1])))
    at = int(np.nanargmax(numbers))
    yield Fact(f"max {exact(high.numbers, at)}", place_of(high.address, high.numbers, at), 1.6 * weight, "extreme")
    low, numbers = min(some, key=lambda pair: float(np.nanmin(pair[1])))
    at = int(np.nanargmin(numbers))
    yield Fact(f"min {exact(low.numbers, at)}", place_of(low.address, low.numbers, at), 1.3 * weight, "extreme")


def _unlike(arrays: Sequence[Held], weight: float) -> Iterator[Fact]:
    """Arrays of one last name and shape whose standard deviation is far from their siblings'."""
    import numpy as np

    families: dict[tuple[str, tuple[int, ...]], list[Held]] = {}
    for held in arrays:
        families.setdefault((held.path[-1].rsplit(".", 1)[-1], held.numbers.shape), []).append(held)
    for siblings in families.values():
        if len(siblings) < _FEWEST:
            continue
        widths = np.array([float(np.std(np.where(np.isfinite(one.numbers), one.numbers, 0))) for one in siblings])
        spread = spread_of(widths)
        if spread is None or spread.scale == 0:
            continue
        for index in outliers_of(widths, spread, at_most=2):
            held = siblings[index]
            text = f"std {wording.rounded(float(widths[index]))} in {wording.name(held.name)}"
            yield Fact(f"{text}, siblings {wording.rounded(spread.median)}", held.address, 1.5 * weight, "outlier")
