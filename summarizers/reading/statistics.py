"""Robust statistics of one numeric column: its spread, what stands out, where its level shifts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_MAD_TO_SIGMA = 1.4826  # of a normal distribution
OUTLYING = 8.0  # robust standard deviations from the median
_SHIFT = 4.0  # robust standard deviations between the levels before and after


@dataclass(frozen=True, slots=True)
class Spread:
    """What is finite among the values; `lowest` and `highest` are indices into all of them (first of equals)."""

    count: int
    lowest: int
    highest: int
    minimum: float
    median: float
    mean: float
    maximum: float
    scale: float  # robust standard deviation; 0.0 where nothing differs
    nan: int
    infinite: int
    zero: int
    at_minimum: int  # how many values equal the minimum
    at_maximum: int


def spread_of(values: Numbers) -> Spread | None:
    """The spread of the finite values; None where there are none. NaN stands for a value that is missing."""
    import numpy as np

    finite = np.isfinite(values)
    count = int(finite.sum())
    if not count:
        return None
    kept = values if count == values.size else values[finite]
    lowest = int(np.argmin(np.where(finite, values, np.inf)))
    highest = int(np.argmax(np.where(finite, values, -np.inf)))
    median = float(np.median(kept))
    return Spread(
        count=count,
        lowest=lowest,
        highest=highest,
        minimum=float(values[lowest]),
        median=median,
        mean=float(kept.mean()),
        maximum=float(values[highest]),
        scale=_scale(kept, median),
        nan=int(np.isnan(values).sum()),
        infinite=int(np.isinf(values).sum()),
        zero=int((kept == 0).sum()),
        at_minimum=int((kept == values[lowest]).sum()),
        at_maximum=int((kept == values[highest]).sum()),
    )


def _scale(kept: Numbers, median: float) -> float:
    """Median absolute deviation as a standard deviation; the mean one where more than half the values are equal."""
    import numpy as np

    away = np.abs(kept - median)
    mad = float(np.median(away)) * _MAD_TO_SIGMA
    return mad if mad > 0 else float(away.mean()) * 1.2533


def outliers_of(values: Numbers, spread: Spread, *, at_most: int = 5) -> list[int]:
    """Indices of values far from their siblings, farthest first; none where far values are common.

    Far: more than 8 robust standard deviations from the median (median and MAD, so that the outliers themselves don't
    move the measure; Iglewicz and Hoaglin 1993), and set apart from the rest by a gap. A heavy tail, where more than
    one value in 16 is far, has extremes but no outliers.
    """
    import numpy as np

    if spread.count < 8 or spread.scale == 0:
        return []
    away = np.minimum(_distances(values, spread), _logarithmic(values, spread))
    far = np.flatnonzero(away > OUTLYING)
    if not far.size or far.size > max(1, spread.count // 16):
        return []
    rest = float(np.delete(away, far).max())
    apart = far[away[far] > 1.5 * rest + 1]
    return [int(index) for index in apart[np.argsort(-away[apart], kind="stable")][:at_most]]


def _distances(values: Numbers, spread: Spread) -> Numbers:
    """How many robust standard deviations each value is from the median; 0 for what is not finite."""
    import numpy as np

    return np.abs(np.where(np.isfinite(values), values, spread.median) - spread.median) / spread.scale


def _logarithmic(values: Numbers, spread: Spread) -> Numbers:
    """The same distances among logarithms, where all values are positive: sizes and times spread by factors."""
    import numpy as np

    if spread.minimum < 0 or spread.maximum <= 0:
        return np.full(values.shape, np.inf)
    unit = spread.median if spread.median > 0 else spread.mean
    logs = np.log1p(np.where(np.isfinite(values), values, np.nan) / unit)
    logged = spread_of(logs)
    return np.full(values.shape, np.inf) if logged is None or logged.scale == 0 else _distances(logs, logged)


@dataclass(frozen=True, slots=True)
class Shift:
    """Where an ordered column changes its level: the index of the first value of the new level, medians around it."""

    index: int
    before: float
    after: float


def shift_of(values: Numbers) -> Shift | None:
    """The one strongest level shift of values in order; None without one (or with a mere trend).

    The cut that the cumulative sum of deviations from the median is farthest from zero at (Page 1954); it counts when
    both sides' medians differ by 4 robust standard deviations of what stays inside the sides.
    """
    import numpy as np

    if values.size < 12 or not np.isfinite(values).all():
        return None
    scale = _scale(values, float(np.median(values))) or 1.0
    signs = np.clip((values - np.median(values)) / scale, -3, 3)
    sums = np.cumsum(signs - signs.mean())
    cut = int(np.argmax(np.abs(sums))) + 1
    if not 4 <= cut <= values.size - 4:
        return None
    left, right = values[:cut], values[cut:]
    before, after = float(np.median(left)), float(np.median(right))
    inside = max(_scale(left, before), _scale(right, after))
    if abs(after - before) <= _SHIFT * inside or abs(after - before) <= 1e-9 * abs(before):
        return None
    return Shift(cut, before, after)


def rise_of(values: Numbers) -> float:
    """How steadily ordered values rise: Spearman's rank correlation with their order, -1 to 1 (0 where unknown)."""
    import numpy as np

    if values.size < 5 or not np.isfinite(values).all() or float(np.ptp(values)) == 0:
        return 0.0
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]  # ties share their mean rank
    return float(np.corrcoef(ranks, np.arange(values.size))[0, 1])
