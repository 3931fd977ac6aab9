"""Everything counted in one pass over a log: bounded in memory, exact in what it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from .access import request_of
from .labelled import MOST_VALUES, Column
from .logline import ALARMS, WARNINGS, Entry, Layout, rank_of
from .mask import MASK, labels, masked
from .stamp import seconds

_MOST_MASKS = 20_000  # distinct masked messages kept
_LONGEST_BLOCK = 60  # lines kept of one entry's continuation
_MOST_BLOCKS = 300
_MOST_LABELS = 400
_AT_ONCE = 8_192  # lines whose values are counted together
_TO_THE_MINUTE = 16  # characters of "2026-10-01T00:03"; other styles have the second within them
_DOTS_OF_AN_ADDRESS = 3


@dataclass(slots=True)
class Group:
    """Entries with the same masked message: how many, the first of them, its line, the columns of its masked parts."""

    mask: str
    message: str
    rank: str
    component: str
    index: int
    columns: list[Column | None]
    alarming: bool
    count: int = 0
    block: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Shape:
    """Lines that differ only in what is masked: their group, what stands before their message, the message's mask."""

    group: Group
    head: Sequence[str]
    tail: str
    before: int
    """How many masked values stand before the message."""

    def written(self, values: Sequence[str]) -> str:
        """A line of the shape with these values before its message."""
        return "".join(chain.from_iterable(zip(self.head, (*values, self.tail), strict=True)))


@dataclass(slots=True)
class Tally:
    """What passes over lines of a log have counted: `lines` of them, the next of which has the number `at`."""

    layout: Layout
    lines: int = 0
    at: int = 0
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
    _follows: bool = False
    _shapes: dict[str, _Shape] = field(default_factory=dict)
    _heads: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def read(self, lines: Iterable[str], *, start: int = 0) -> Tally:
        """Count every line, the first of which has the number `start`; return self."""
        self.at, self._current, self._follows = start, None, False
        parted = self.layout.parted
        for line in lines:
            if (found := parted(line)) is None:
                self._continue(line)
            else:
                self._count(*found)
            self.lines += 1
            self.at += 1
            if self.lines % _AT_ONCE == 0:
                self._settle()
        self._settle()
        return self

    def _settle(self) -> None:
        """Count what the latest lines held."""
        for (key, *values), count in self._heads.items():
            shape = self._shapes.get(key)
            _, level, component, host, _ = self.layout.read("", shape.written(values) if shape else key)
            if level:
                self.levels[rank_of(level)] += count
                self.written.setdefault(rank_of(level), level)
            if component and len(self.components) < MOST_VALUES:
                self.components[component] += count
            if host and len(self.hosts) < MOST_VALUES:
                self.hosts[host] += count
        self._heads.clear()
        for column in self.columns.values():
            column.settle()

    def _continue(self, line: str) -> None:
        group = self._current
        if group is not None and line and len(group.block) < _LONGEST_BLOCK and self.blocks < _MOST_BLOCKS:
            self.blocks += not group.block
            group.block.append((self.at, line))

    def _count(self, stamp: str, rest: str) -> None:
        """Count an entry; of those that differ only in what is masked, the first alone is taken apart."""
        if stamp:
            self._time(stamp)
        mask, values = masked(rest)
        shape = None if '" ' in rest else self._shapes.get(mask)
        if shape is None:
            self._first(self.layout.read(stamp, rest), rest, mask, values)
        else:
            before = shape.before
            self._heads[(mask, *values[:before])] += 1
            self._message(shape.group, values[before:] if before else values)

    def _first(self, entry: Entry, rest: str, mask: str, found: Sequence[str]) -> None:
        """Count an entry unlike those before it."""
        self._heads[(rest,)] += 1
        request = request_of(entry.message)
        if request is not None:
            for label, value in request.columns():
                self._note(label, value)
        rank = rank_of(entry.level)
        tail, values = masked(entry.message if request is None else request.kind)
        group = self.groups.get((rank, tail)) or self._group(tail, entry, rank)
        self._message(group, values)
        head = mask.removesuffix(tail).split(MASK)
        before = len(head) - 1
        alike = request is None and mask.endswith(tail) and found[before:] == values
        if alike and len(self._shapes) < _MOST_MASKS:
            self._shapes[mask] = _Shape(group, head, tail, before)

    def _message(self, group: Group, values: Sequence[str]) -> None:
        group.count += 1
        self._current = group if group.count == 1 or (group.alarming and not group.block) else None
        at = self.at
        for column, value in zip(group.columns, values, strict=False):
            if value.count(".") == _DOTS_OF_AN_ADDRESS:
                self._note("IP", value)
            elif column is not None:
                column.add(value, at)

    def _time(self, stamp: str) -> None:
        """Keep the first and last stamp; read clocks only where the minute changes: shorter gaps are not told."""
        last = self.last
        self.last = (stamp, self.at)
        follows, self._follows = self._follows, True
        if last is None:
            self.first = self.last
        elif follows and last[0][:_TO_THE_MINUTE] != stamp[:_TO_THE_MINUTE] and self.layout.style is not None:
            before, now = seconds(last[0], self.layout.style), seconds(stamp, self.layout.style)
            if before is not None and now is not None and now - before > self.gap[0]:
                self.gap = (now - before, self.at)

    def _note(self, label: str, value: str) -> None:
        column = self._column(label)
        if column is not None:
            column.add(value, self.at)

    def _column(self, label: str) -> Column | None:
        """The label's column; None beyond the most labels kept."""
        if label not in self.columns and len(self.columns) < _MOST_LABELS:
            self.columns[label] = Column()
        return self.columns.get(label)

    def _group(self, mask: str, entry: Entry, rank: str) -> Group:
        if len(self.groups) >= _MOST_MASKS:
            mask = " ".join(mask.split()[:3]) + " …"
            known = self.groups.get((rank, mask))
            if known is not None:
                return known
        columns = [self._column(label) if label else None for label in labels(mask)]
        alarming = not rank or rank in ALARMS or rank in WARNINGS
        group = Group(mask, entry.message, rank, entry.component, self.at, columns, alarming)
        if len(self.groups) < 2 * _MOST_MASKS:
            self.groups[(rank, mask)] = group
        return group
