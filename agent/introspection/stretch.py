"""Layers in a row that stand off alike, as an adapter merged into a range of layers leaves them.

Each of them may look normal beside its neighbours, so a range is compared with all the layers outside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

_LONGEST = 8
_FEWEST_OUTSIDE = 6
_LEAST_SCORE = 6.0
_LONE_SHARE = 1.8
_FLOOR = 0.5  # standard deviation of a count that never varies


@dataclass(frozen=True, slots=True)
class Stretch:
    """Positions `first` to `last`, all well above `typical`, the mean of the others, together by `score` deviations."""

    first: int
    last: int
    typical: float
    score: float


def standing_out(counts: Sequence[float], *, least: float) -> Stretch | None:
    """Return the range of up to eight inner layers that stands out from all others, if one alone does.

    Each of its counts is at least `least` and two deviations above the rest; the next best range apart from it scores
    less than 1/1.8 as much.

    >>> found = standing_out([0, 1, 0, 1, 7, 4, 9, 0, 1, 0, 0, 3, 1, 0], least=4)
    >>> found.first, found.last, round(found.score, 1)
    (4, 6, 7.6)
    """
    found = sorted(_candidates(counts), key=lambda one: -one.score)
    if not found or found[0].score < _LEAST_SCORE or min(counts[found[0].first : found[0].last + 1]) < least:
        return None
    best = found[0]
    rival = max((one.score for one in found if one.first > best.last or one.last < best.first), default=0.0)
    return best if best.score >= _LONE_SHARE * rival else None


def _candidates(counts: Sequence[float]) -> Iterator[Stretch]:
    depth = len(counts)
    for first in range(1, depth - 1):
        for last in range(first, min(first + _LONGEST, depth - 1)):
            inside, outside = counts[first : last + 1], [*counts[:first], *counts[last + 1 :]]
            if len(outside) < max(_FEWEST_OUTSIDE, len(inside)):
                continue
            typical, spread = fmean(outside), pstdev(outside) + _FLOOR
            if min(inside) >= typical + 2 * spread:
                yield Stretch(first, last, typical, (fmean(inside) - typical) / spread * len(inside) ** 0.5)
