"""A result so short that it is its own best summary: all of it, and what its numbers come to where there are many."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from pager import Node, TokenCounter

from .fact import Fact
from .packer import Packed, pack
from .shape import shape_of, title_of
from .templating import Templates

_BYTES_PER_TOKEN = 16  # text longer than this for each token of the budget is not even tried
_MANY = 5  # rows or elements from which on a reader is better told what they come to


def whole(
    node: Node,
    found: Sequence[Fact],
    *,
    call: str | None,
    budget_tokens: int,
    counter: TokenCounter,
    templates: Templates,
) -> Packed | None:
    """The node's whole text in its frame, or None where it is longer than the budget or no text to read."""
    if node.kind in ("bytes", "lazy") or _longest(node) > budget_tokens:
        return None
    text = node.text().strip("\r\n")
    if not text.strip():
        return None
    many = node.kind in ("table", "array", "list") and len(node) >= _MANY
    facts = found if many else [fact for fact in found if fact.topic == "change"]
    frame = partial(_frame, templates, node, call, text)
    packed = pack(facts, frame, root=node.address, budget_tokens=budget_tokens, counter=counter)
    return None if packed is None else replace(packed, facts=tuple(found), left_out=0)


def _longest(node: Node) -> float:
    """At least how many tokens the text takes, told without reading it."""
    if node.size_bytes is not None:
        return node.size_bytes / _BYTES_PER_TOKEN
    return float(node.value().size) if node.kind == "array" else math.inf


def _frame(templates: Templates, node: Node, call: str | None, text: str, lines: list[str], left_out: int) -> str:
    del left_out  # nothing is: all of it is there to read
    return templates.render(
        "whole",
        address=node.address,
        title=title_of(node),
        call=call,
        shape=shape_of(node),
        note=node.note,
        text=text,
        lines=lines,
    )
