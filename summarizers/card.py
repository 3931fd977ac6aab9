"""The first view of a new result, and the one line that remains after its summary."""

from dataclasses import dataclass

from pager import Node, TokenCounter

from .fact import Fact
from .gather import facts as facts_of
from .packer import pack
from .shape import shape_of, title_of
from .templating import Templates


@dataclass(frozen=True, slots=True)
class Card:
    """`text` has `tokens` tokens and holds `facts`."""

    text: str
    tokens: int
    facts: tuple[Fact, ...]


def card(
    node: Node,
    *,
    limit_tokens: int = 260,
    focus: str | None = None,
    counter: TokenCounter,
    templates: Templates | None = None,
) -> Card:
    """Kind, shape, size, name, located facts, outline, and one working example of how to open more."""
    templates = templates or Templates()

    def frame(lines: list[str], left_out: int) -> str:
        return templates.render(
            "card", address=node.address, title=title_of(node), shape=shape_of(node), lines=lines, left_out=left_out
        )

    packed = pack(facts_of(node, focus=focus), frame, root=node.address, budget_tokens=limit_tokens, counter=counter)
    if packed is None:
        line = stub(node, counter=counter, limit_tokens=limit_tokens, templates=templates)
        return Card(line, counter.count(line), ())
    return Card(packed.text, packed.tokens, packed.facts)


def stub(node: Node, *, counter: TokenCounter, limit_tokens: int = 60, templates: Templates | None = None) -> str:
    """The one line that remains of a result: id, call, size, and how to open it."""
    templates = templates or Templates()
    call = node.result.call.tool if node.result.call else None
    for address, title in ((node.address, call or title_of(node)), (node.address, None), (node.result.id, None)):
        line = templates.render("stub", address=address, title=title, shape=shape_of(node))
        if counter.count(line) <= limit_tokens:
            return line
    return line
