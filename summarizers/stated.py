"""Facts as a search ranks them beside the parts of a result."""

from pager import Node, Statement

from .about import ABOUT
from .fact import Fact
from .gather import facts
from .layout import line_of


def stated(node: Node) -> list[Statement]:
    """The node's facts, those of one group together: `pager.find(..., statements=lambda: stated(node))`."""
    groups: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts(node):
        groups.setdefault((fact.group or fact.text, fact.topic), []).append(fact)
    return [
        Statement(members[0].address, line_of(members, members[0].address), ABOUT.get(members[0].topic, ""))
        for members in groups.values()
    ]
