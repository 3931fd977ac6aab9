"""The values that stand under one label of a log: how often each, their extremes, what most of them are at most."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate

from .mask import measured

MOST_VALUES = 100_000
"""Distinct values kept for one label."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What half and 99 in 100 of the numbers are at most."""

    median: float
    high: float


@dataclass(slots=True)
class Column:
    """The values that stand under one label: how often each, the least and the greatest number with their lines."""

    values: Counter[str] = field(default_factory=Counter)
    total: int = 0
    full: bool = False
    least: tuple[float, str, int] | None = None
    greatest: tuple[float, str, int] | None = None
    _seen: list[str] = field(default_factory=list)
    _places: list[int] = field(default_factory=list)

    def add(self, value: str, index: int) -> None:
        """Take in one value, seen at line `index`; it is counted when the column is settled."""
        self._seen.append(value)
        self._places.append(index)

    def settle(self) -> None:
        """Count what was taken in; only a value not seen before can be a new extreme."""
        counts = Counter(self._seen)
        fresh = [value for value in counts if value not in self.values]
        self._stretch([(number, value) for value in fresh if (number := measured(value)) is not None])
        for value in fresh[max(0, MOST_VALUES - len(self.values)) :]:
            self.full = True
            del counts[value]
        self.values.update(counts)
        self.total += len(self._seen)
        self._seen, self._places = [], []

    def _stretch(self, numbers: list[tuple[float, str]]) -> None:
        """The extremes with some more numbers, in the order in which they were seen: the first of equals stands."""
        if not numbers:
            return
        high, low = max(numbers, key=_number), min(numbers, key=_number)
        if self.greatest is None or high[0] > self.greatest[0]:
            self.greatest = (*high, self._places[self._seen.index(high[1])])
        if self.least is None or low[0] < self.least[0]:
            self.least = (*low, self._places[self._seen.index(low[1])])

    def usual(self) -> Usual | None:
        """What most numbers are; None where not all values are kept, or none is a number."""
        if self.full:
            return None
        numbers = sorted(
            (number, count) for value, count in self.values.items() if (number := measured(value)) is not None
        )
        if not numbers:
            return None
        total = sum(count for _, count in numbers)
        ranks = list(accumulate(count for _, count in numbers))
        median, high = (numbers[bisect_left(ranks, share * total)][0] for share in (0.5, 0.99))
        return Usual(median, high)


def _number(pair: tuple[float, str]) -> float:
    return pair[0]
