"""Key sentences of a text without a question: the first, those richest in its own words, those with rare numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING

from ..fact import Fact
from ..focus import terms_of
from .lines import clip, stream
from .passage import Passage, sentences

if TYPE_CHECKING:
    from pager import Node

_READ = 6_000  # sentences
_CUES = re.compile(
    r"\b(?:root cause|conclusion|in summary|in short|therefore|as a result|result(?:s|ed)? (?:show|in)"
    r"|we (?:show|find|found)"
    r"|important(?:ly)?|must|warning|note that|key|main|purpose|goal|because|fixed|caused|decided|recommend)\b",
    re.IGNORECASE,
)
_CUE_TERMS = frozenset(
    (
        *("root", "conclusion", "summary", "short", "therefore", "result", "resulted", "important", "importantly"),
        *("must", "warning", "note", "key", "main", "purpose", "goal", "because", "fixed", "caused", "decided"),
        "recommend",
    )
)
"""Each cue holds one of these terms, or begins with "we"."""
_DIGIT = re.compile(r"\d")
_FIGURE = re.compile(
    r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|[$€£]\s?\d[\d,.]*\w?|\d[\d,]*\.?\d*\s?(?:%|percent|million"
    r"|billion|ms|[KMG]B))"
)
_PROSE = re.compile(r"[A-ZÀ-Ý\"'«“(].{18,}[.!?:][\"'»”)]?$", re.DOTALL)


def key_sentences(node: Node) -> Iterator[Fact]:
    """Yield the first sentence and up to six more, whole, with the line each starts on."""
    found = [one for one in islice(sentences(stream(node)), _READ) if _PROSE.match(one.text) and len(one.text) < 600]
    if not found:
        return
    yield Fact(clip(found[0].text, 220), node.address_of(found[0].index), 1.2, "sentence")
    bags = [terms_of(one.text) for one in found]
    distinct = [frozenset(bag) for bag in bags]
    common = Counter(chain.from_iterable(distinct))
    themes = {term: min(count, 12) for term, count in common.items() if 1 < count < 0.3 * len(found) + 2}
    scored = sorted(
        (
            (_score(one, len(bag), terms, themes), -at)
            for at, (one, bag, terms) in enumerate(zip(found, bags, distinct, strict=True))
        ),
        reverse=True,
    )
    for rank, (_, at) in enumerate(scored[:6]):
        if at:
            one = found[-at]
            yield Fact(clip(one.text, 220), node.address_of(one.index), 0.8 - 0.06 * rank, "sentence")


def _score(one: Passage, length: int, terms: frozenset[str], themes: Mapping[str, int]) -> float:
    """Mean weight of its words: those that several sentences share, and not nearly all; cues and figures add."""
    if length < 5:
        return 0.0
    theme = sum(map(themes.__getitem__, terms & themes.keys())) / (length + 6)
    return theme + 1.5 * _is_cued(one.text, terms) + 1.2 * _is_figured(one.text)


def _is_figured(text: str) -> bool:
    return _DIGIT.search(text) is not None and _FIGURE.search(text) is not None


def _is_cued(text: str, terms: frozenset[str]) -> bool:
    likely = not terms.isdisjoint(_CUE_TERMS) or "we " in text or "We " in text
    return likely and _CUES.search(text) is not None
