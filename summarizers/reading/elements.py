"""The facts of an array: spread, extremes and outliers with their index, odd values, slices that stand out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pager import join

from .. import wording
from ..fact import Fact
from .statistics import outliers_of, rise_of, shift_of, spread_of

if TYPE_CHECKING:
    from .statistics import Numbers

_MOST_SLICES = 4096


def array_facts(array: Numbers, address: str) -> Iterator[Fact]:
    """The facts of an array that stands at an address."""
    import numpy as np

    kind = str(array.dtype)
    yield Fact(f"shape {'×'.join(map(str, array.shape))} {kind}", address, 1.2, "shape", "")
    if array.dtype.kind not in "iufb" or not array.size:
        return
    numbers: Numbers = array.astype(np.float64)
    yield from _elements(numbers.reshape(-1), array, address)
    if array.ndim == 1:
        yield from _order(numbers, address)
    else:
        for axis in range(min(array.ndim, 4)):
            yield from _slices(numbers, axis, address)


def _elements(flat: Numbers, array: Numbers, address: str) -> Iterator[Fact]:
    if array.dtype.kind == "b":
        yield Fact(f"true {int(flat.sum())}, false {flat.size - int(flat.sum())}", address, 1.0, "flag", "")
        return
    yield from _odd_values(flat, array, address)
    spread = spread_of(flat)
    if spread is None:
        return
    if spread.minimum == spread.maximum:
        yield Fact(f"always {exact(array, spread.highest)}", address, 1.0, "constant", "")
        return
    outliers = outliers_of(flat, spread)
    for label, index, ties in (
        ("max", spread.highest, spread.at_maximum),
        ("min", spread.lowest, spread.at_minimum),
    ):
        more = f" (×{ties})" if ties > 1 else ""
        worth = 1.6 if index in outliers else 0.95
        yield Fact(f"{label} {exact(array, index)}{more}", place_of(address, array, index), worth, "extreme", "")
    for rank, index in enumerate(outliers):
        if index not in (spread.highest, spread.lowest):
            worth = 1.3 - 0.1 * rank
            yield Fact(f"outlier {exact(array, index)}", place_of(address, array, index), worth, "outlier", "outlier")
    middle = f"median {wording.rounded(spread.median)}, mean {wording.rounded(spread.mean)}"
    yield Fact(f"{middle}, std {wording.rounded(_std(flat))}", address, 0.9, "range", "")
    if spread.zero:
        yield Fact(f"zero {spread.zero} of {flat.size}", address, 0.4 + 0.6 * spread.zero / flat.size, "range", "")


def _odd_values(flat: Numbers, array: Numbers, address: str) -> Iterator[Fact]:
    import numpy as np

    for label, found in (("NaN", np.isnan(flat)), ("Infinity", np.isinf(flat))):
        if count := int(found.sum()):
            first = place_of(address, array, int(np.argmax(found)))
            yield Fact(f"{label} in {count} of {flat.size}, first at", first, 1.8, "error", "")


def _std(flat: Numbers) -> float:
    import numpy as np

    finite = flat[np.isfinite(flat)]
    return float(finite.std())


def _order(numbers: Numbers, address: str) -> Iterator[Fact]:
    rise = rise_of(numbers)
    if abs(rise) > 0.9:
        words = "rises" if rise > 0 else "falls"
        text = f"{words} {wording.rounded(float(numbers[0]))} -> {wording.rounded(float(numbers[-1]))}"
        yield Fact(text, address, 0.8, "trend", "")
    elif (shift := shift_of(numbers)) is not None:
        text = f"shifts from {wording.rounded(shift.before)} to {wording.rounded(shift.after)}"
        yield Fact(text, join(address, shift.index), 1.0, "trend", "")


def _slices(numbers: Numbers, axis: int, address: str) -> Iterator[Fact]:
    """Slices along one axis whose standard deviation is far from their siblings', and dead ones (all zero)."""
    import numpy as np

    if not 3 <= numbers.shape[axis] <= _MOST_SLICES:
        return
    others = tuple(other for other in range(numbers.ndim) if other != axis)
    if bool((dead := ~np.any(numbers, axis=others)).any()):
        rows = ", ".join(map(str, np.flatnonzero(dead)[:5].tolist()))
        text = f"axis {axis}: {int(dead.sum())} of {dead.size} slices all zero: {rows}"
        yield Fact(text, address, 1.2, "error", "")
    deviation = np.std(np.where(np.isfinite(numbers), numbers, 0.0), axis=others)
    spread = spread_of(deviation)
    if spread is None or spread.scale == 0:
        return
    for rank, index in enumerate(outliers_of(np.where(dead, spread.median, deviation), spread, at_most=3)):
        place = join(address, index) if axis == 0 else address
        text = f"axis {axis} slice {index}: std {wording.rounded(float(deviation[index]))}"
        siblings = f"siblings {wording.rounded(spread.median)}"
        yield Fact(f"{text}, {siblings}", place, 1.4 - 0.1 * rank, "outlier", "")


def place_of(address: str, array: Numbers, index: int) -> str:
    """The address of an element, which is given by its place in the flattened array."""
    import numpy as np

    return join(address, *(int(part) for part in np.unravel_index(index, array.shape)))


def exact(array: Numbers, index: int) -> str:
    """An element, given by its place in the flattened array, in as many digits as it has."""
    value = array.reshape(-1)[index]
    return wording.number(value.item()) if array.dtype != "float32" else str(value)
