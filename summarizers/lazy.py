"""Lazy nodes: what is known without computing a child."""

from collections.abc import Iterator

from pager import Node

from .fact import Fact
from .series import pattern_facts


def matches(node: Node) -> bool:
    """Nodes whose children are computed when opened."""
    return node.kind == "lazy"


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """How many children, how they are called, and nothing computed."""
    keys = [str(child.address[len(node.address) :].lstrip("/")) for child in node.children()]
    listed = ", ".join(keys[:8]) + (f", ... {keys[-1]}" if len(keys) > 8 else "")
    yield Fact(f"children, computed when opened: {listed}", node.address, 0.9, "parts", "")
    yield from pattern_facts(keys, node.address, 1.0)
