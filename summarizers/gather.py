"""All facts of a node, whatever its kind, in the order of their salience."""

from pager import Node

from .fact import Fact
from .registry import summarizer_of


def facts(node: Node, *, focus: str | None = None) -> list[Fact]:
    """Every fact the node's summarizer finds, most salient first; the same ones every time.

    `focus` (a goal, a question) raises facts that are about its terms.
    """
    found = [*_how_it_came(node), *summarizer_of(node).facts(node, focus)]
    return sorted(found, key=lambda fact: (-fact.salience, fact.address, fact.text))


def _how_it_came(node: Node) -> list[Fact]:
    return [Fact(node.note, node.address, 2.0, "error", "")] if node.note else []
