"""Lists of strings: how many, lengths, the commonest, empty ones, those with markup or characters beyond ASCII."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ..fact import Fact
from ..focus import relevance
from ..reading.lines import clip, listing, ranked

if TYPE_CHECKING:
    from pager import Node

_KINDS = (
    ("with '<script'", re.compile(r"<script", re.IGNORECASE)),
    ("URLs", re.compile(r"https?://|^www\.")),
    ("numbers", re.compile(r"[-+]?[\d,]+(?:\.\d+)?(?:[eE][-+]?\d+)?$")),
    ("with control characters", re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")),
    ("e-mail addresses", re.compile(r"[\w.+-]+@[\w-]+\.\w+$")),
)


def matches(node: Node) -> bool:
    """Whether the node is a list that holds nearly only strings."""
    if node.kind not in ("list", "array"):
        return False
    value = node.value()
    if not isinstance(value, list | tuple) or not value:
        return False
    sample = list(islice(value, 200))
    return sum(isinstance(item, str) for item in sample) >= 0.9 * len(sample)


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield counts over the strings, the longest one's place, and what kinds there are."""
    value = node.value()
    texts = (
        [(at, item) for at, item in enumerate(value) if isinstance(item, str)]
        if isinstance(value, list | tuple)
        else []
    )
    longest = max(texts, key=lambda pair: len(pair[1]))
    yield Fact(f"{len(texts)} strings", node.address, 1.6, "count")
    yield Fact(f"longest {len(longest[1])} characters", node.address_of(longest[0]), 1.4, "extreme")
    yield from _kinds(node, texts)
    counts = Counter(text for _, text in texts)
    repeated = len(texts) - len(counts)
    if repeated:
        common = Counter(dict(ranked(counts)[:200]))
        yield Fact(f"{len(counts)} distinct: {listing(common, 3, width=40, more=False)}", node.address, 1.0, "top")
    shown = ", ".join(repr(clip(text, 40)) for _, text in texts[:4])
    yield Fact(f"starts {shown}", node.address, 0.7, "range")
    if focus:
        yield from _near(node, texts, focus)


def _kinds(node: Node, texts: list[tuple[int, str]]) -> Iterator[Fact]:
    empty = [at for at, text in texts if not text]
    wide = [at for at, text in texts if not text.isascii()]
    kinds = [("empty", empty), ("with characters beyond ASCII", wide)]
    kinds += [(name, [at for at, text in texts if pattern.search(text[:2_000])]) for name, pattern in _KINDS]
    for name, places in kinds:
        if places and len(places) < len(texts):
            yield Fact(f"{len(places)} {name}", node.address_of(places[0]), 0.9, "kind", "")


def _near(node: Node, texts: list[tuple[int, str]], focus: str) -> Iterator[Fact]:
    scores = relevance(focus, [text[:1_000] for _, text in texts])
    for number in sorted(range(len(texts)), key=lambda number: (-scores[number], number))[:5]:
        if scores[number] > 0.3:
            yield Fact(clip(texts[number][1], 160), node.address_of(texts[number][0]), 2.0 * scores[number], "focus")
