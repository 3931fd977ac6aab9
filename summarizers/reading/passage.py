"""Passages of a text that answer a focus: whole sentences or lines, ranked by BM25, with their line address."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from ..fact import Fact
from ..focus import relevance, terms_of
from .lines import clip, stream

if TYPE_CHECKING:
    from pager import Node

_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")
_ITEM = re.compile(r"\d{1,3}[.)] ")
_MOST = 20_000  # passages ranked at once: those that share a word with the focus
_LONGEST = 320  # characters quoted


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or line, and the line (0-based) on which it starts."""

    text: str
    index: int


def sentences(lines: Iterator[str] | Sequence[str]) -> Iterator[Passage]:
    """Join the lines of a paragraph and cut it into sentences; headings, list items and rows stand alone."""
    held: list[tuple[int, str]] = []
    for index, line in enumerate(lines):
        stripped = line.strip()
        if held and (not stripped or _stands_alone(stripped) or len(held) >= 60):
            yield from _parted(held)
            held = []
        if stripped:
            held.append((index, stripped))
    yield from _parted(held)


def _stands_alone(line: str) -> bool:
    return line[0] in "#-*|>•=" or (line[0].isdigit() and _ITEM.match(line) is not None)


def _parted(held: list[tuple[int, str]]) -> Iterator[Passage]:
    if not held:
        return
    text = " ".join(line for _, line in held) + " "
    starts = list(accumulate((len(line) + 1 for _, line in held), initial=0))
    begin = 0
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        part = text[begin:end].strip()
        if part:
            yield Passage(part, held[min(bisect_right(starts, begin), len(held)) - 1][0])
        begin = end


def quotes(node: Node, focus: str, *, whole: bool = False, most: int = 5) -> Iterator[Fact]:
    """Yield the passages nearest to the focus, quoted; single lines, or sentences of the paragraphs when `whole`."""
    wanted = set(terms_of(focus))
    source = sentences(stream(node)) if whole else (Passage(line, n) for n, line in enumerate(stream(node)))
    near = [passage for passage in source if wanted & set(terms_of(passage.text[:2_000]))][:_MOST]
    scores = relevance(focus, [passage.text[:2_000] for passage in near])
    best = sorted(range(len(near)), key=lambda number: (-scores[number], near[number].index))[:most]
    for rank, number in enumerate(best):
        if scores[number] >= 0.4:
            text = clip(near[number].text, _LONGEST)
            yield Fact(text, node.address_of(near[number].index), (3.0 - 0.4 * rank) * scores[number], "focus")
