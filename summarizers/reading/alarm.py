"""What a log says went wrong: errors first, each kind of message once with its count, its exception, its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from .lines import clip
from .logline import ALARMS, WARNINGS
from .tally import Group, Tally
from .trace import raised_in

if TYPE_CHECKING:
    from pager import Node

_TROUBLE = re.compile(
    r"\b(?:error|fail(?:ed|ure|s)?|exception|fatal|panic|crash(?:ed)?|denied|refused|abort(?:ed)?|corrupt(?:ed|ion)?"
    r"|unreachable|timed? ?out|out of memory|oom|segfault|killed|break-in|cannot|unable|invalid|lost"
    r"|broken|unexpected|missing|mismatch|not found|deprecated)\b",
    re.IGNORECASE,
)


def alarms(node: Node, tally: Tally) -> Iterator[Fact]:
    """Yield errors, then warnings."""
    errors = _of(tally, ALARMS)
    yield from _told(node, errors, 2.2, "error", 12)
    yield from _exceptions(node, [group for group in tally.groups.values() if group.block and group.rank not in ALARMS])
    yield from _told(node, _of(tally, WARNINGS), 1.0 if errors else 1.3, "warning", 6)


def trouble_in(text: str) -> str:
    """Return the first word of the text that speaks of trouble, or ""."""
    found = _TROUBLE.search(text)
    return found.group() if found else ""


def _of(tally: Tally, ranks: frozenset[str]) -> list[Group]:
    """The groups of these levels: those with an exception first, then by count, then by appearance."""
    groups = [group for group in tally.groups.values() if group.rank in ranks]
    return sorted(groups, key=lambda group: (not group.block, -group.count, group.index))


def _told(node: Node, groups: list[Group], salience: float, topic: str, most: int) -> Iterator[Fact]:
    first = min((group.index for group in groups), default=-1)
    for number, group in enumerate(groups[:most]):
        weight = (
            salience * max(0.45, 1 - 0.06 * number) * (0.6 if number and group.count > 1 and not group.block else 1)
        )
        weight = max(weight, salience * 0.95) if group.index == first else weight
        yield Fact(_sentence(group), node.address_of(group.index), weight, topic)


def _sentence(group: Group) -> str:
    chain = raised_in(group.block)
    told = f"{_times(group.count)}{group.rank} {clip(group.message, 150)}"
    if not chain:
        return told
    last = chain[0] if chain[0].innermost_first else chain[-1]
    place = f" at {last.innermost}" if last.innermost else ""
    causes = [str(one) for one in chain if one is not last][-2:]
    because = f"; cause {clip('; '.join(causes), 120)}" if causes else ""
    return f"{told} → {clip(str(last), 120)}{place}{because}"


def _exceptions(node: Node, groups: list[Group]) -> Iterator[Fact]:
    """Exceptions whose entry is no error by its level."""
    for group in groups[:40]:
        for raised in raised_in(group.block)[:1]:
            place = f" at {raised.innermost}" if raised.innermost else ""
            yield Fact(f"{clip(str(raised), 140)}{place}", node.address_of(raised.index), 1.8, "error")


def _times(count: int) -> str:
    return f"{count}× " if count > 1 else ""
