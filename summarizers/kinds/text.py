"""Plain text: titles, how it begins, key sentences, links and figures; with a focus, the sentences that answer it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.alarm import trouble_in
from ..reading.key_sentence import key_sentences
from ..reading.lines import TEXTUAL, clip, head, listing, names, plural, stream
from ..reading.passage import quotes
from ..reading.section import plain_headings

if TYPE_CHECKING:
    from pager import Node

_WORD = re.compile(r"[^\W\d_]{4,}")
_NAME = re.compile(r"(?<=[a-z,;] )[A-ZÀ-Ý][\w'’-]{2,}(?: [A-ZÀ-Ý][\w'’-]{2,}){0,2}")
_READ = 20_000  # lines
_FUNCTION_WORDS = (
    "that this with from have which their there been were would could should about other into than then them these"
    " those when where what will your more some such only also after before because while being over under between they"
    " dans pour avec mais plus comme cette sont elle être fait tout nous vous leur sans même aussi bien"
    " nicht eine einer einen sich auch sind wird para como esta pero"
)
_COMMON = frozenset(_FUNCTION_WORDS.split())


def matches(node: Node) -> bool:
    """Every text."""
    return node.kind in TEXTUAL


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield how it starts, its titles and key sentences, words it is about; what a focus asks comes first."""
    if focus:
        yield from quotes(node, focus, whole=True)
    if node.encoding not in (None, "utf-8", "ascii") and node.address == node.result.id:
        yield Fact(f"{node.result.size_bytes} bytes as {node.encoding}", node.address, 1.2, "format")
    opening = " ".join(line.strip() for line in head(node, 8) if line.strip())
    if opening:
        yield Fact(f"starts: {clip(opening, 160)}", node.address, 1.4, "heading")
    yield from _titles(node)
    yield from key_sentences(node)
    yield from _words(node)
    yield from _troubled(node)


def _titles(node: Node) -> Iterator[Fact]:
    headings = plain_headings(stream(node, 0, _READ))
    if not headings:
        return
    longest = max(headings, key=lambda one: one.length)
    shown = names((one.title for one in headings), 6)
    yield Fact(f"{plural(len(headings), 'title')}: {shown}", node.address_of(headings[0].index), 1.2, "heading")
    yield Fact(f"last title {clip(headings[-1].title, 80)}", node.address_of(headings[-1].index), 0.8, "heading")
    if len(headings) > 2:
        text = f"longest part {clip(longest.title, 80)}, {longest.length} lines"
        yield Fact(text, node.address_of(longest.index), 0.8, "extreme")


def _words(node: Node) -> Iterator[Fact]:
    words, people = Counter[str](), Counter[str]()
    total = 0
    for line in stream(node, 0, _READ):
        total += len(line.split())
        words.update(word for word in _WORD.findall(line.lower()) if word not in _COMMON)
        people.update(_NAME.findall(line))
    if words:
        yield Fact(f"{total} words, most frequent {listing(words, 5, more=False)}", node.address, 0.8, "top")
    named = Counter({name: count for name, count in people.items() if count > 1})
    if named:
        yield Fact(f"names {listing(named, 5, more=False)}", node.address, 0.7, "top")


def _troubled(node: Node) -> Iterator[Fact]:
    found = [(at, line) for at, line in enumerate(stream(node, 0, _READ)) if trouble_in(line[:300])]
    for at, line in found[:3] if len(found) <= 10 else []:
        yield Fact(clip(line, 130), node.address_of(at), 0.9, "error")
