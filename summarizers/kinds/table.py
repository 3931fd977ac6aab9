"""Tables: lists of objects, JSON Lines, CSV and TSV, Python lists of dicts."""

from collections.abc import Iterator

from pager import Node

from ..fact import Fact
from ..reading.tree import tree_facts


def matches(node: Node) -> bool:
    """Nodes that are rows."""
    return node.kind == "table"


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """What each column says, outlying rows, errors before all."""
    yield from tree_facts(node.value(), node.address, focus)
