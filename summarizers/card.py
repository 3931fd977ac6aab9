"""The first view of a new result, and the one line that remains after its summary."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from pager import Call, Node, TokenCounter

from .fact import Fact
from .gather import facts as facts_of
from .outline import Outline, example_of, outline_of
from .packer import pack
from .shape import shape_of, title_of
from .templating import Templates
from .whole import whole

_OUTLINES = (8, 4, 0)  # parts listed; fewer where they leave no room
_LONGEST_CALL = 160  # characters
_FACTS_SHARE = 0.4  # of the card's tokens that an outline must leave to facts


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
    """Kind, shape, size, name, located facts, outline, and one working example, in at most `limit_tokens`.

    A result that fits as it is is shown whole. Where the limit is too small for the rest, the outline goes first, then
    the example; what remains is the stub.
    """
    templates = templates or Templates()
    found = facts_of(node, focus=focus)
    call = _said(node.result.call)
    shown = whole(node, found, call=call, budget_tokens=limit_tokens, counter=counter, templates=templates)
    if shown is not None:
        return Card(shown.text, shown.tokens, shown.facts)
    return _described(node, found, limit_tokens, counter, templates)


def _described(node: Node, found: list[Fact], limit_tokens: int, counter: TokenCounter, templates: Templates) -> Card:
    """What is told of a result that is too long to be shown."""
    example = example_of(node)
    for parts, shown in [*((parts, example) for parts in _OUTLINES), (0, None)]:
        outline = outline_of(node, at_most=parts)
        frame = _frame(node, outline, shown, templates)
        room = limit_tokens - counter.count(frame([], len(found)))
        if room < (_FACTS_SHARE * limit_tokens if parts and found else 0):
            continue
        told = [
            fact for fact in found if not (outline.parts and fact.topic == "parts" and fact.address == node.address)
        ]
        packed = pack(told, frame, root=node.address, budget_tokens=limit_tokens, counter=counter)
        if packed is not None:
            return Card(packed.text, packed.tokens, packed.facts)
    line = stub(node, counter=counter, limit_tokens=limit_tokens, templates=templates)
    return Card(line, counter.count(line), ())


def stub(node: Node, *, counter: TokenCounter, limit_tokens: int = 60, templates: Templates | None = None) -> str:
    """The one line that remains of a result: id, call or name, size, and how to open it.

    Raises ValueError where not even the result's id fits `limit_tokens`.
    """
    templates = templates or Templates()
    called = _said(node.result.call) or title_of(node)
    for address, title in ((node.address, called), (node.address, None), (node.result.id, None)):
        line = templates.render("stub", address=address, title=title, shape=shape_of(node))
        if counter.count(line) <= limit_tokens:
            return line
    raise ValueError(f"{node.result.id}: its stub needs more than {limit_tokens} tokens of {counter.name}")


def _frame(node: Node, outline: Outline, example: str | None, templates: Templates) -> Callable[[list[str], int], str]:
    def frame(lines: list[str], left_out: int) -> str:
        return templates.render(
            "card",
            address=node.address,
            title=title_of(node),
            call=_said(node.result.call),
            shape=shape_of(node),
            lines=lines,
            outline=outline.parts,
            more=outline.more,
            unit=node.unit,
            example=example,
            left_out=left_out,
        )

    return frame


def _said(call: Call | None) -> str | None:
    """`get_single_layer_stats(layer_id=17)`, its arguments shortened where they are long."""
    if call is None:
        return None
    arguments = ", ".join(
        f"{key}={json.dumps(value, default=str, ensure_ascii=False)}" for key, value in call.arguments.items()
    )
    short = arguments if len(arguments) <= _LONGEST_CALL else arguments[:_LONGEST_CALL] + "…"
    return f"{call.tool}({short})"
