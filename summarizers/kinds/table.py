"""Tables: lists of objects, JSON Lines, CSV and TSV, Python lists of dicts."""

from collections.abc import Iterator

from pager import Node

from ..fact import Fact
from ..reading.sample import basis, is_sampled, stretches
from ..reading.tabular import table_facts
from ..reading.tree import tree_facts
from ..rows import Records


def matches(node: Node) -> bool:
    """Nodes that are rows."""
    return node.kind == "table"


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """What each column says, outlying rows, errors before all."""
    if not is_sampled(node):
        yield from tree_facts(node.value(), node.address, focus)
        return
    parts = stretches(node)
    yield Fact(f"all is of {basis(node, parts)}", node.address, 2.5, "sample")
    numbered = [(part.start + at, row) for part in parts for at, row in enumerate(part.node.rows())]
    rows = [row for _, row in numbered]
    yield from table_facts(
        Records(node.address, rows, lambda row: node.address_of(numbered[row][0]), None), focus, head=False
    )
