"""Which summarizer knows which kind of result: the first in order that matches."""

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from pager import Node

from .fact import Fact


class Summarizer(Protocol):
    """What each file of this package is: it recognises a kind of node and says which facts of it matter."""

    def matches(self, node: Node, /) -> bool:
        """Whether this summarizer knows the node; cheap (the kind, a first window), never the whole text."""
        ...

    def facts(self, node: Node, focus: str | None, /) -> Iterator[Fact]:
        """The node's facts in any order, the same ones every time; `focus` may bring matching rows or lines."""
        ...


_VALUES = ("lazy", "trajectory", "strings", "array", "table", "mapping")
_PRINTED = (
    "xmltext", "sqldump", "testrun", "traceback", "compiler", "diff", "blame", "gitlog", "webpage", "log", "terminal",
    "names", "content",
)  # fmt: skip
_IN_ORDER = (*_VALUES, *_PRINTED, "code", "markup", "text", "value")
"""Most particular first. A new kind is one word here; its file is loaded when a node gets as far."""


def summarizer_of(node: Node) -> Summarizer:
    """The first summarizer that matches; the last of them matches everything."""
    return next(each for each in map(_loaded, _IN_ORDER) if each.matches(node))


def _loaded(name: str) -> Summarizer:
    return cast(Summarizer, import_module(f".kinds.{name}", __package__))
