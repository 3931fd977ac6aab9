"""All facts of a node, whatever its kind, in the order of their salience."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from pager import Node

from .about import ABOUT
from .changed.changes import changes
from .fact import Fact
from .focus import answering
from .registry import summarizer_of

_SHARED_EASILY = {"focus": 0.75, "schema": 0.7, "parts": 0.7, "shape": 0.7, "heading": 0.8}
"""What is kept of the relevance of facts on these topics."""


def facts(node: Node, *, focus: str | None = None) -> list[Fact]:
    """Every fact the node's summarizer finds, most salient first; the same ones every time.

    `focus` (a goal, a question) brings rows and passages about it, and says of each fact how much of it that answers.
    """
    with _numbers_of_any_size(node):
        found = [*_how_it_came(node), *changes(node), *summarizer_of(node).facts(node, focus)]
    if focus:
        answered = answering(focus, [f"{fact.text} {fact.address} {ABOUT.get(fact.topic, '')}" for fact in found])
        found = [_answering(fact, share) for fact, share in zip(found, answered, strict=True)]
    return sorted(found, key=lambda fact: (-fact.standing, fact.address, fact.text, fact.topic))


def _answering(fact: Fact, share: float) -> Fact:
    """The fact with its relevance; quotations and lists of names share words more easily than they answer."""
    share *= _SHARED_EASILY.get(fact.topic, 1.0)
    salience = min(fact.salience, share) if fact.topic == "focus" else fact.salience
    return replace(fact, relevance=share, salience=salience)


def _numbers_of_any_size(node: Node) -> AbstractContextManager[object]:
    """Where squares of huge numbers overflow they are infinite, and no warning says so."""
    if node.kind not in ("table", "mapping", "list", "array"):
        return nullcontext()
    import numpy as np

    return np.errstate(all="ignore")


def _how_it_came(node: Node) -> list[Fact]:
    return [Fact(node.note, node.address, 2.0, "error", "")] if node.note else []
