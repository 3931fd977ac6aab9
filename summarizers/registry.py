"""Which summarizer knows which kind of result: the first in order that matches."""

from collections.abc import Iterator
from typing import Protocol

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


def _in_order() -> tuple[Summarizer, ...]:
    """Most particular first. A new kind is one import and one line here."""
    from . import (
        array,
        code,
        compiler,
        content,
        diff,
        gitlog,
        lazy,
        log,
        mapping,
        markup,
        names,
        strings,
        table,
        terminal,
        testrun,
        text,
        traceback,
        trajectory,
        value,
        webpage,
        xmltext,
    )

    values = (lazy, trajectory, strings, array, table, mapping)
    printed = (xmltext, testrun, traceback, compiler, diff, gitlog, webpage, log, terminal, names, content)
    return (*values, *printed, code, markup, text, value)


def summarizer_of(node: Node) -> Summarizer:
    """The first summarizer that matches; the last of them matches everything."""
    return next(each for each in _in_order() if each.matches(node))
