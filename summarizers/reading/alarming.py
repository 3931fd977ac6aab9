"""The errors and warnings of a log too large to be read whole: each line with a word for one is found and read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from .lines import clean
from .logline import ALARMS, WARNINGS, Layout, spellings
from .tally import Tally

if TYPE_CHECKING:
    from pager import Node

_RANKS = ALARMS | WARNINGS
_MOST = 200_000  # such lines read; a log with more of them is told by its sample
_FOLLOWING = 60  # lines looked at for what continues an entry
_LONGEST = 16_384  # characters of them


def all_alarms(node: Node, sample: Tally) -> Tally | None:
    """The entries of all levels of alarm in the whole log; None where no words tell them, or there are too many.

    `sample` has read a part of it, and knows in which letters (ERROR, error, Error) it names its levels.
    """
    if not sample.written or not sample.layout.names_levels:
        return None
    words = spellings(_RANKS, like=sample.written.values())
    tally = Tally(sample.layout)
    for number, (index, lines) in enumerate(_found(node, re.compile("|".join(map(re.escape, words))), sample.layout)):
        if number == _MOST:
            return None
        tally.read(lines, start=index)
    for rank in tally.levels.keys() - _RANKS:
        del tally.levels[rank]  # of lines that merely speak of an error
    return tally


def _found(node: Node, pattern: re.Pattern[str], layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Each line that holds a word, with the lines that continue it, and its number."""
    passed = 0
    for block in node.blocks():
        at, index = 0, passed
        while (found := pattern.search(block, at)) is not None:
            start = block.rfind("\n", at, found.start()) + 1 or at
            index += block.count("\n", at, start)
            end = block.find("\n", found.end()) + 1 or len(block)
            following = block[end : end + _LONGEST].split("\n")[:_FOLLOWING] if end < len(block) else []
            lines = list(map(clean, chain([block[start:end]], _continuing(following, layout))))
            yield index, lines
            at, index = end, index + 1
        passed += block.count("\n")


def _continuing(lines: list[str], layout: Layout) -> Iterator[str]:
    """The first of the lines, up to the next entry."""
    for line in lines:
        if layout.parted(clean(line)) is not None:
            return
        yield line
