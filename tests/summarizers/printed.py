"""Printed results of tests: the facts of a text or value as the front door gives them."""

from pager import Pager
from summarizers import Fact, facts


def facts_of(value: object, *, focus: str | None = None, name: str | None = None) -> list[Fact]:
    """The facts of one result."""
    with Pager() as pager:
        return facts(pager.node(pager.put(value, name=name).id), focus=focus)


def told(value: object, *, focus: str | None = None, name: str | None = None) -> str:
    """All facts of one result, a line each, with their addresses."""
    return "\n".join(f"{fact.text} @{fact.address}" for fact in facts_of(value, focus=focus, name=name))
