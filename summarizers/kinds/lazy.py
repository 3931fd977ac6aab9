"""Lazy nodes: what is known without computing a child."""

from collections.abc import Iterator

from pager import Node

from ..fact import Fact
from ..reading.series import pattern_facts
from ..reading.tree import tree_facts

_LISTED = 8


def matches(node: Node) -> bool:
    """Nodes whose children are computed when opened."""
    return node.kind == "lazy"


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """What is known of the whole, how many children, how they are called; nothing is computed."""
    known = node.value()
    if not isinstance(known, dict):
        return
    keys = [str(key) for key in known.get("children", ())]
    yield from tree_facts(known.get("about", {}), node.address, focus)
    listed = ", ".join(keys[:_LISTED]) + (f", ... {keys[-1]}" if len(keys) > _LISTED else "")
    yield Fact(f"children, computed when opened: {listed}", node.address, 0.9, "parts", "")
    yield from pattern_facts(keys, node.address, 1.0)
