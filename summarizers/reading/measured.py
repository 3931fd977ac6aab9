"""Facts of `name: value` lines: numbers that belong together by their extremes, the others as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ..fact import Fact
from .alarm import trouble_in
from .block import Pairs
from .lines import clip

if TYPE_CHECKING:
    from pager import Node

_FEWEST = 3  # like numbers of which extremes are told
_NUMBER = re.compile(r"[-+]?(?!0\d)(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?P<unit> ?[^\s\d,.]{0,6})$")


def pair_facts(node: Node, runs: Sequence[Pairs]) -> Iterator[Fact]:
    """Yield extremes of runs of like numbers, and single pairs, earlier ones first."""
    told = 0
    for run in runs:
        for part in _parted(run):
            told_as_one = _is_series(part)
            if told_as_one:
                yield from _extremes(node, part)
            for key, value, index in part.entries[: 8 if told_as_one else None]:
                told += 1
                salience = (
                    1.2
                    if trouble_in(f"{key} {value}")
                    else max(0.3, 0.8 - 0.02 * told) * (0.6 if value[0] in "{[" else 1)
                )
                yield Fact(f"{key}: {clip(value, 90)}", node.address_of(index), salience, "pair")


def _is_series(part: Pairs) -> bool:
    """Whether the pairs are numbers of one meaning: one unit, or one title above them."""
    unit = _unit(part.entries[0][1])
    return len(part.entries) >= _FEWEST and unit is not None and bool(unit or part.title)


def _parted(run: Pairs) -> Iterator[Pairs]:
    """Cut a run where numbers of one unit begin or end."""
    for _, entries in groupby(run.entries, key=lambda entry: _unit(entry[1])):
        yield Pairs(run.title, tuple(entries))


def _unit(value: str) -> str | None:
    found = _NUMBER.match(value)
    return found["unit"].strip() if found else None


def _extremes(node: Node, run: Pairs) -> Iterator[Fact]:
    values = [(float(re.sub(r"[^-\d.eE]", "", _bare(value))), key, value, index) for key, value, index in run.entries]
    high, low = max(values, key=lambda entry: entry[0]), min(values, key=lambda entry: entry[0])
    start = f"{clip(run.title, 60)}: " if run.title else ""
    for word, (_, key, value, index) in (("max", high), ("min", low)):
        yield Fact(f"{start}{word} {key} {value}", node.address_of(index), 1.4, "extreme", start)
    shown = ", ".join(f"{key} {value}" for key, value, _ in run.entries[:8])
    yield Fact(
        f"{start}{len(values)} values: {clip(shown, 160)}", node.address_of(run.entries[0][2]), 0.5, "pair", start
    )


def _bare(value: str) -> str:
    found = _NUMBER.match(value)
    return value[: found.start("unit")].replace(",", "") if found else "nan"
