"""Facts as a search ranks them beside the parts of a result."""

from pager import Match, Node

from .gather import facts


def stated(node: Node) -> list[Match]:
    """Every fact of the node as a text with its address: `pager.find(..., statements=lambda: stated(node))`."""
    return [Match(fact.address, fact.text) for fact in facts(node)]
