"""Nested mappings and plain lists: the tables in them at every level, and the fields between."""

from collections.abc import Iterator

from pager import Node

from ..fact import Fact
from ..reading.tree import tree_facts


def matches(node: Node) -> bool:
    """Nodes that are objects, or lists of anything that is no row."""
    return node.kind in ("mapping", "list")


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Facts at every level, those of large parts before those of small ones."""
    yield from tree_facts(node.value(), node.address, focus)
