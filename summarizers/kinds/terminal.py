"""Output of commands: drawn tables read as tables, `name: value` reports, lines that speak of trouble."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.alarm import trouble_in
from ..reading.block import Lines, Pairs, blocks, pairs_in, table_in
from ..reading.cells import typed_columns
from ..reading.drawn import drawn_facts
from ..reading.grid import Grid
from ..reading.lines import TEXTUAL, clip, head, stream
from ..reading.mask import masked
from ..reading.measured import pair_facts
from ..reading.passage import quotes
from ..reading.section import document_of

if TYPE_CHECKING:
    from pager import Node

_TABLES = 4
_BESIDE_OPAQUE = 5  # pairs among lines of hexadecimal or base64 digits
_OPAQUE = re.compile(
    r"\s*(?:(?:[0-9A-Fa-f]{2}:){4,}[0-9A-Fa-f]{0,2}|[A-Za-z0-9+/]{60,}={0,2}|[A-Za-z0-9+/]{4,}={1,2})$"
)
_NOTES = 60  # `name: value` lines told


def matches(node: Node) -> bool:
    """Whether the first lines draw a table or are mostly `name: value` lines."""
    if node.kind not in TEXTUAL:
        return False
    lines = list(enumerate(head(node, 300)))
    opaque = sum(bool(_OPAQUE.match(line)) for _, line in lines)
    filled = sum(1 for _, line in lines if line.strip()) - opaque
    parts = list(blocks(lines))
    tabled = sum(len(grid.rows) for part in parts if (grid := table_in(part[:60])) is not None)
    paired = sum(len(run.entries) for part in parts for run in pairs_in(part))
    if paired >= _BESIDE_OPAQUE and opaque * 5 >= filled:  # a certificate or a key, printed
        return True
    if paired >= 3 and paired * 2 >= filled:
        return True
    if tabled < 2 or tabled * 12 < filled:
        return False
    return tabled * 3 >= filled or len(document_of(line for _, line in lines).headings) <= 1


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield the facts of each table, each run of pairs, and the troubled lines."""
    tables: list[Grid] = []
    paired: list[Pairs] = []
    others: Lines = []
    for block in blocks(enumerate(stream(node))):
        grid = table_in(block)
        rest: Lines = block
        if grid is not None:
            tables.append(grid)
            inside = set(grid.indices)
            rest = [(index, line) for index, line in block if index not in inside]
        runs = list(pairs_in(rest))
        paired.extend(runs)
        told = {index for run in runs for _, _, index in run.entries} if len(paired) <= _NOTES else ()
        others = [*others, *((index, line) for index, line in rest if index not in told)][:200_000]
    yield from _tables(node, tables, focus)
    yield from pair_facts(node, paired[:_NOTES])
    yield from _troubled(node, others)
    if focus:
        yield from quotes(node, focus)


def _tables(node: Node, tables: list[Grid], focus: str | None) -> Iterator[Fact]:
    largest = sorted(tables, key=lambda grid: (-len(grid.rows), grid.indices[0]))[:_TABLES]
    for number, grid in enumerate(largest):
        if number and len(grid.rows) * 10 < len(largest[0].rows):
            break
        rows = typed_columns(grid.names, grid.rows)
        yield from drawn_facts(node, grid, rows, focus, weight=1.0 if not number else 0.7)


def _troubled(node: Node, others: Lines) -> Iterator[Fact]:
    """Lines that speak of trouble, alike ones once."""
    kinds: Counter[str] = Counter()
    first: dict[str, tuple[int, str]] = {}
    for index, line in others:
        if trouble_in(line[:300]) and len(kinds) < 1_000:
            mask = masked(line[:300])[0]
            kinds[mask] += 1
            first.setdefault(mask, (index, line))
    for number, (mask, (index, line)) in enumerate(list(first.items())[:6]):
        times = f"{kinds[mask]}× " if kinds[mask] > 1 else ""
        yield Fact(f"{times}{clip(line.strip(' |'), 130)}", node.address_of(index), 1.2 - 0.1 * number, "error")
