"""Everything counted in one pass over a log: bounded in memory, exact in what it counts."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate

from .access import request_of
from .logline import ALARMS, WARNINGS, Entry, Layout
from .mask import labels, masked, measured
from .stamp import seconds

_MOST_VALUES = 100_000  # distinct values kept for one label
_MOST_MASKS = 20_000  # distinct masked messages kept
_LONGEST_BLOCK = 60  # lines kept of one entry's continuation
_MOST_BLOCKS = 300
_MOST_LABELS = 400
_TO_THE_MINUTE = 16  # characters of "2026-10-01T00:03"; other styles have the second within them
_DOTS_OF_AN_ADDRESS = 3


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

    def add(self, value: str, index: int) -> None:
        """Count one value seen at line `index`; one seen before can be no new extreme."""
        self.total += 1
        if value in self.values:
            self.values[value] += 1
            return
        if len(self.values) < _MOST_VALUES:
            self.values[value] = 1
        else:
            self.full = True
        number = measured(value)
        if number is None:
            return
        if self.greatest is None or number > self.greatest[0]:
            self.greatest = (number, value, index)
        if self.least is None or number < self.least[0]:
            self.least = (number, value, index)

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


@dataclass(slots=True)
class Group:
    """Entries with the same masked message: how many, the first of them, its line, the columns of its masked parts."""

    mask: str
    message: str
    rank: str
    component: str
    index: int
    columns: list[Column | None]
    count: int = 0
    block: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What one pass over the lines of a log has counted."""

    layout: Layout
    lines: int = 0
    levels: Counter[str] = field(default_factory=Counter)
    written: dict[str, str] = field(default_factory=dict)
    components: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    columns: dict[str, Column] = field(default_factory=dict)
    first: tuple[str, int] | None = None
    last: tuple[str, int] | None = None
    gap: tuple[float, int] = (0.0, 0)
    blocks: int = 0
    _current: Group | None = None

    def read(self, lines: Iterable[str]) -> Tally:
        """Count every line; return self."""
        for line in lines:
            entry = self.layout.entry(line)
            if entry is None:
                self._continue(line)
            else:
                self._count(entry)
            self.lines += 1
        return self

    def _continue(self, line: str) -> None:
        group = self._current
        if group is not None and line and len(group.block) < _LONGEST_BLOCK and self.blocks < _MOST_BLOCKS:
            self.blocks += not group.block
            group.block.append((self.lines, line))

    def _count(self, entry: Entry) -> None:
        rank = entry.rank
        if rank:
            self.levels[rank] += 1
            self.written.setdefault(rank, entry.level)
        if entry.component and len(self.components) < _MOST_VALUES:
            self.components[entry.component] += 1
        if entry.host and len(self.hosts) < _MOST_VALUES:
            self.hosts[entry.host] += 1
        if entry.stamp:
            self._time(entry.stamp)
        self._message(entry, rank)

    def _time(self, stamp: str) -> None:
        """Keep the first and last stamp; read clocks only where the minute changes: shorter gaps are not told."""
        last = self.last
        self.last = (stamp, self.lines)
        if last is None:
            self.first = self.last
        elif last[0][:_TO_THE_MINUTE] != stamp[:_TO_THE_MINUTE] and self.layout.style is not None:
            before, now = seconds(last[0], self.layout.style), seconds(stamp, self.layout.style)
            if before is not None and now is not None and now - before > self.gap[0]:
                self.gap = (now - before, self.lines)

    def _message(self, entry: Entry, rank: str) -> None:
        request = request_of(entry.message)
        if request is not None:
            for label, value in request.columns():
                self._column(label).add(value, self.lines)
        mask, values = masked(entry.message if request is None else request.kind)
        group = self.groups.get((rank, mask)) or self._group(mask, entry, rank)
        group.count += 1
        alarming = rank in ALARMS or rank in WARNINGS or not rank
        self._current = group if group.count == 1 or (alarming and not group.block) else None
        for column, value in zip(group.columns, values, strict=False):
            if value.count(".") == _DOTS_OF_AN_ADDRESS:
                self._column("IP").add(value, self.lines)
            elif column is not None:
                column.add(value, self.lines)

    def _column(self, label: str) -> Column:
        """The label's column; beyond the most labels kept, one that nobody sees."""
        column = self.columns.get(label)
        if column is None:
            column = Column()
            if len(self.columns) < _MOST_LABELS:
                self.columns[label] = column
        return column

    def _group(self, mask: str, entry: Entry, rank: str) -> Group:
        if len(self.groups) >= _MOST_MASKS:
            mask = " ".join(mask.split()[:3]) + " …"
            known = self.groups.get((rank, mask))
            if known is not None:
                return known
        columns = [self._column(label) if label else None for label in labels(mask)]
        group = Group(mask, entry.message, rank, entry.component, self.lines, columns)
        if len(self.groups) < 2 * _MOST_MASKS:
            self.groups[(rank, mask)] = group
        return group
