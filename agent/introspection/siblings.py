"""How far one layer stands off from the same module in the layers around it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

_REACH = 2
_FLOOR = 0.01
_TINY = 1e-12
HIGHEST_SCORE = 1000.0


@dataclass(frozen=True, slots=True)
class Deviation:
    """One layer's value against its siblings.

    `ratio` is the factor by which it lies outside the range of the two layers on either side (1: within it; below 1
    when it is smaller). `score` is the distance to those layers' median in robust standard deviations (1.4826 times the
    median absolute deviation) of the same distance in all layers, on a log scale, at most 1,000. `edge`: first or last
    layer, whose neighbours are on one side only; networks differ there by nature.
    """

    value: float
    siblings: float
    ratio: float
    score: float
    edge: bool

    @property
    def factor(self) -> float:
        """How many times larger or smaller, 1 or more."""
        return self.ratio if self.ratio >= 1 else 1 / max(self.ratio, _TINY)


def deviations(values: Sequence[float]) -> list[Deviation]:
    """Compare each layer's value (0 or more) with its neighbours in depth; nothing where there are fewer than three.

    >>> [round(one.ratio, 2) for one in deviations([1.0, 1.0, 1.1, 3.9, 1.1, 1.0, 1.0])]
    [1.0, 1.0, 1.0, 3.55, 1.0, 1.0, 1.0]
    """
    if len(values) < 3:
        return []
    logs = [math.log(max(value, _TINY)) for value in values]
    near = [_neighbours(logs, index) for index in range(len(logs))]
    offs = [log - median(around) for log, around in zip(logs, near, strict=True)]
    scale = 1.4826 * median(abs(off) for off in offs) + _FLOOR
    last = len(values) - 1
    return [
        Deviation(
            value=values[index],
            siblings=math.exp(median(logs[:index] + logs[index + 1 :])),
            ratio=math.exp(min(0.0, logs[index] - min(near[index])) + max(0.0, logs[index] - max(near[index]))),
            score=min(HIGHEST_SCORE, abs(offs[index]) / scale),
            edge=index in (0, last),
        )
        for index in range(len(values))
    ]


def _neighbours(logs: Sequence[float], index: int) -> list[float]:
    start = max(0, index - _REACH)
    return [log for place, log in enumerate(logs[start : index + _REACH + 1], start) if place != index]
