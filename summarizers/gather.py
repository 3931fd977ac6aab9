"""All facts of a node, whatever its kind, in the order of their salience."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from pager import Node

from .changes import changes
from .fact import Fact
from .focus import relevance
from .registry import summarizer_of

_FOCUS = 1.5  # how many times its salience the fact most about the focus gains


def facts(node: Node, *, focus: str | None = None) -> list[Fact]:
    """Every fact the node's summarizer finds, most salient first; the same ones every time.

    `focus` (a goal, a question) raises facts that are about its terms.
    """
    with _numbers_of_any_size(node):
        found = [*_how_it_came(node), *changes(node), *summarizer_of(node).facts(node, focus)]
    if focus:
        scores = relevance(focus, [f"{fact.text} {fact.address}" for fact in found])
        found = [_raised(fact, score) for fact, score in zip(found, scores, strict=True)]
    return sorted(found, key=lambda fact: (-fact.salience, fact.address, fact.text, fact.topic))


def _raised(fact: Fact, score: float) -> Fact:
    return replace(fact, salience=fact.salience * (1 + _FOCUS * score) + _FOCUS * score / 4) if score else fact


def _numbers_of_any_size(node: Node) -> AbstractContextManager[object]:
    """Where squares of huge numbers overflow they are infinite, and no warning says so."""
    if node.kind not in ("table", "mapping", "list", "array"):
        return nullcontext()
    import numpy as np

    return np.errstate(all="ignore")


def _how_it_came(node: Node) -> list[Fact]:
    return [Fact(node.note, node.address, 2.0, "error", "")] if node.note else []
