"""Facts as a search ranks them beside the parts of a result."""

from pager import Node, Statement

from .fact import Fact
from .gather import facts
from .layout import line_of

_ABOUT = {
    "top": "most common frequent distinct values occur",
    "category": "most common frequent distinct values categories occur",
    "template": "most common frequent messages templates",
    "messages": "messages frequent",
    "level": "log levels severity occur",
    "rule": "rules flags codes occur",
    "error": "errors exceptions failures failed",
    "outcome": "passed failed skipped outcome result run",
    "time": "date time span begin end",
    "missing": "missing null empty absent",
    "duplicate": "duplicates repeated same",
    "schema": "columns fields keys",
    "parts": "parts keys",
    "trend": "rises falls trend over time",
    "outlier": "outlier unusual anomaly odd",
    "extreme": "longest largest smallest extreme",
    "argument": "calls called arguments looked up used opened read",
    "act": "write action changes first",
    "end": "last final answer",
}
"""Words that a question has for facts of a topic, besides those in them."""


def stated(node: Node) -> list[Statement]:
    """The node's facts, those of one group together: `pager.find(..., statements=lambda: stated(node))`."""
    groups: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts(node):
        groups.setdefault((fact.group or fact.text, fact.topic), []).append(fact)
    return [
        Statement(members[0].address, line_of(members, members[0].address), _ABOUT.get(members[0].topic, ""))
        for members in groups.values()
    ]
