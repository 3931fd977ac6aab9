"""All facts of a node, whatever its kind, in the order of their salience."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from pager import Node

from .about import ABOUT
from .changes import changes
from .fact import Fact
from .focus import answering
from .registry import summarizer_of

_QUOTED = 0.75  # of the relevance of a passage that is kept


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
    """The fact with its relevance; a quoted passage shares words more easily than it answers, and says little else."""
    if fact.topic == "focus":
        share *= _QUOTED
        return replace(fact, relevance=share, salience=min(fact.salience, share))
    return replace(fact, relevance=share)


def _numbers_of_any_size(node: Node) -> AbstractContextManager[object]:
    """Where squares of huge numbers overflow they are infinite, and no warning says so."""
    if node.kind not in ("table", "mapping", "list", "array"):
        return nullcontext()
    import numpy as np

    return np.errstate(all="ignore")


def _how_it_came(node: Node) -> list[Fact]:
    return [Fact(node.note, node.address, 2.0, "error", "")] if node.note else []
