"""What no other summarizer knows: single values and bytes."""

from collections.abc import Iterator

from pager import Node

from .. import wording
from ..fact import Fact


def matches(node: Node) -> bool:
    """Every node: the last in order."""
    return True


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """The value itself where it is short, its beginning where it is long."""
    if node.kind == "value":
        said = node.value()
        text = wording.excerpt(said, at_most=300) if isinstance(said, str) else wording.number(said)
        yield Fact(f"value {text or '(empty)'}", node.address, 1.0, "value", "")
