"""Facts of a drawn table: those of any table, what its names end in, and sums over rows of one name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..fact import Fact
from ..rows import Records
from .grid import Grid
from .lines import clip, listing, ranked
from .roles import names_a_thing
from .tabular import table_facts

if TYPE_CHECKING:
    from pager import Node

Rows = Sequence[dict[str, object]]
_SUFFIX = re.compile(r"[\w@:/\\.-]+\.([A-Za-z][\w-]{0,14})$")
_UNITED = re.compile(r".* \((?:ns|us|µs|ms|s|sec|min|[KMGT]?(?:i?B)?|x|%)\) max ")
_ADDED = re.compile(
    r"(?:time|cpu|gpu|mem|size|bytes|calls|count|total|duration|used|hits|requests|tokens)", re.IGNORECASE
)
_COUNTED = re.compile(r"calls|count|hits|requests", re.IGNORECASE)
_NOT_ADDED = re.compile(r"%|avg|average|mean|per |rate|ratio|pid|median|max|min|p\d\d", re.IGNORECASE)


def drawn_facts(node: Node, grid: Grid, rows: Rows, focus: str | None, *, weight: float) -> Iterator[Fact]:
    """Yield the table's facts; rows are addressed by their line."""
    indices = grid.indices
    records = Records(node.address, rows, lambda row: node.address_of(indices[row]), _keys(grid, rows), (), weight)
    yield Fact(
        f"{len(rows)} rows: {clip(', '.join(grid.names), 120)}", node.address_of(indices[0]), 1.0 * weight, "schema"
    )
    for fact in table_facts(records, focus, head=False):
        if fact.topic != "schema":
            yield replace(fact, salience=_raised(fact, weight, next(iter(rows[0]))))
    yield from _suffixes(node, grid, rows, weight)
    yield from _sums(node, grid, rows, weight)


def _raised(fact: Fact, weight: float, leading: str) -> float:
    """Extremes and the first column matter more here than in data at large: few columns, made to be read."""
    if fact.topic == "top" and fact.group == leading:
        return 1.4 * fact.salience
    if fact.topic != "extreme" or "more)" in fact.text:
        return fact.salience * (0.6 if fact.topic == "range" else 1)
    least = 1.2 * weight if _UNITED.match(fact.text) else 0.0
    return max(1.3 * fact.salience, least)


def _keys(grid: Grid, rows: Rows) -> list[str] | None:
    """What rows are called: the fewest leading cells that tell all rows apart, else the column that tells most."""
    leading = next((at for at, name in enumerate(rows[0]) if not _classifies(name, rows)), len(grid.names))
    for width in range(1, min(3, leading) + 1):
        keys = ["; ".join(cell for cell in row[:width] if cell) for row in grid.rows]
        if len(set(keys)) == len(keys):
            return keys
    told = [label for label in rows[0] if sum(isinstance(row[label], str) for row in rows) > 0.8 * len(rows)]
    distinct = {label: len({row[label] for row in rows}) + len(rows) * names_a_thing(label) for label in told}
    best = max(distinct, key=lambda label: distinct[label], default=None)
    return [str(row[best] or "") for row in rows] if best is not None else None


def _classifies(label: str, rows: Rows) -> bool:
    """Whether a column holds words, or a few whole numbers that repeat."""
    values = {row[label] for row in rows}
    if any(isinstance(value, float) for value in values):
        return False
    return any(isinstance(value, str) for value in values) or len(values) <= max(2, len(rows) // 5)


def _suffixes(node: Node, grid: Grid, rows: Rows, weight: float) -> Iterator[Fact]:
    """What the names of the first column end in: units, files and hosts by type."""
    name = next((label for label in rows[0] if isinstance(rows[0][label], str)), "")
    found = [_SUFFIX.match(str(row[name])) for row in rows if name in row and row[name] is not None]
    kinds = Counter(hit[1] for hit in found if hit)
    if sum(kinds.values()) >= 0.8 * len(rows) and 1 < len(kinds) <= max(3, len(rows) // 4):
        yield Fact(f"{name} by suffix: {listing(kinds, 4)}", node.address, 1.4 * weight, "top")


def _sums(node: Node, grid: Grid, rows: Rows, weight: float) -> Iterator[Fact]:
    """Amounts summed over the rows of one name, where names repeat."""
    name = grid.names[0]
    counts = Counter(row[name] for row in rows if isinstance(row.get(name), str))
    if not 1 < len(counts) <= 0.7 * len(rows) or name == "mode":
        return
    labels = [label for label in rows[0] if _ADDED.search(label) and not _NOT_ADDED.search(label)]
    labels.sort(key=lambda label: not _COUNTED.search(label))
    for number, label in enumerate(labels[:5]):
        if not _COUNTED.search(label) and len({row[label] for row in rows}) <= 0.2 * len(rows):
            continue
        sums: Counter[str] = Counter()
        for row in rows:
            amount = row[label]
            if isinstance(row[name], str) and isinstance(amount, int | float):
                sums[str(row[name])] += amount  # type: ignore[assignment]  # a Counter adds floats as well
        if sums and (best := ranked(sums)[0])[1] > 0:
            yield Fact(
                f"{label} summed by {name}: {clip(best[0], 60)} {best[1]:.10g}",
                node.address,
                (1.3 - 0.1 * number) * weight,
                "sum",
            )
