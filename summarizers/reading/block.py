"""The parts of a printed report: tables, runs of `name: value` lines, and the other lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .grid import Grid, grid_of, is_rule

_PAIR = re.compile(
    r"\s*(?:[-*•] )?(?P<key>[\w+#%(][\w .+/()#%@'&\[\]-]{0,58}?)\s*(?:: |=\s|:\t| = )\s*(?P<value>\S.*)$"
)
_NO_TITLE = re.compile(r"\s=(?:\s|$)|^\s*;")  # a name without a value, a comment
_LARGEST = 300_000  # lines of one block
_TITLES = 6  # lines that may stand before a table's header

Lines = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Adjacent `name: value` lines: the line above them, and each pair with its line (0-based)."""

    title: str
    entries: tuple[tuple[str, str, int], ...]


def blocks(lines: Iterable[tuple[int, str]]) -> Iterator[Lines]:
    """Cut lines into runs without a blank line."""
    held: list[tuple[int, str]] = []
    for index, line in lines:
        if line.strip() and len(held) < _LARGEST:
            held.append((index, line))
        elif held:
            yield held
            held = []
    if held:
        yield held


def table_in(block: Lines) -> Grid | None:
    """Return the table of a block, with what stands above its header and below its last rule left out."""
    if len(block) < 3:
        return None
    starts = [at for at in range(min(_TITLES, len(block) - 2)) if not is_rule(block[at][1])]
    for cut in _ends(block):
        for start in starts:
            rules = start and is_rule(block[start - 1][1])
            grid = grid_of(block[start - bool(rules) : cut])
            if grid is not None and len(grid.names) >= 2:
                return grid
    return None


def _ends(block: Lines) -> list[int]:
    """Where the table may end: at its last rule when a few lines follow it, or at the block's end."""
    rules = [at for at in range(max(0, len(block) - 6), len(block)) if is_rule(block[at][1])]
    return [rules[-1], len(block)] if rules and rules[-1] > 4 else [len(block)]


def pairs_in(block: Lines) -> Iterator[Pairs]:
    """Yield the runs of at least two `name: value` lines of a block."""
    title, entries, outer = "", list[tuple[str, str, int]](), -1
    for index, line in block:
        found = _PAIR.match(line) if len(line) < 400 else None
        if found and not found["value"].startswith("//") and "%|" not in line:
            if not entries and _indent(line) <= outer:
                title = ""
            entries.append((found["key"].strip(), found["value"].strip(), index))
            continue
        if len(entries) >= 2:
            yield Pairs(title, tuple(entries))
        title, entries = ("" if is_rule(line) or _NO_TITLE.search(line) else line.strip().rstrip(":")), []
        outer = _indent(line) if line.rstrip().endswith(":") else -1
    if len(entries) >= 2:
        yield Pairs(title, tuple(entries))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
