"""Searching by plain words: the passages most about a phrase, each with its address and enough around it to answer."""

import math
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ..answer import ELLIPSIS, around
from ..bodies.textbody import TextBody
from ..intake.jsontext import dump
from ..node import Node
from ..types import Match, Statement
from .passage import Look, Passage
from .passages import passages
from .phrase import Phrase

WIDTHS = (400, 260, 180, 120)
"""Characters of the best passage, of the second, and so on."""
SHOWN = 24
OPENED = 6
_ABOVE = 0.6  # what a term on the way to a passage counts, of what it counts in it
_TIGHT = 0.4  # what terms in one field or line count besides
_LISTING = 1.5  # what a listing of names gains where the phrase asks for one
_FIRST = 2  # passages of each kind before the third of any
_ALIKE = 6  # passages kept that hold the same terms in the same way, and the last one
_KINDS = 3_000  # ways to hold terms that are kept
_SPARE = 0.1  # of its score that a passage loses for each word in its name that the phrase lacks
_FOLLOWED = 160  # characters of a line with those after it
_LOOKED = 60  # places in a text
_VALUE = 120  # characters of one field
_MARKUP = re.compile(r"<[^>]*>")

Key = tuple[int, int, int, int, bool]
"""Terms in a passage's own words, above it, in one field of it; words too many in its name; whether it is stated."""


@dataclass(slots=True)
class _Group:
    """Passages that hold the same terms: the first few by depth and length, and how many there are."""

    count: int = 0
    kept: list[tuple[tuple[int, int, int], Passage]] = field(default_factory=list)

    def take(self, passage: Passage, order: int) -> None:
        self.count += 1
        place = (passage.depth - bool(passage.label), passage.length if passage.length > 3 else 0, order)
        if len(self.kept) < _ALIKE or place < self.kept[-1][0]:
            self.kept.append((place, passage))
            self.kept.sort(key=lambda pair: pair[0])
            del self.kept[_ALIKE:]


@dataclass(frozen=True, slots=True)
class Ranked:
    """The passages most about a phrase, best first; `shared`: how many hold a word of it; `lacking`: words in none."""

    matches: tuple[Match, ...]
    shared: int
    read: int
    lacking: tuple[str, ...]
    stopped: str | None
    skipped: tuple[str, ...]


def rank(node: Node, text: str, statements: Iterable[Statement] = (), *, timeout_seconds: float) -> Ranked:
    """The passages below a node, and the statements about it, that are most about a text."""
    phrase = Phrase(text)
    look = Look(phrase, time.monotonic() + timeout_seconds)
    skipped: list[str] = []
    groups: dict[Key, _Group] = {}
    counts = [0] * len(phrase.terms)
    shared = 0
    if phrase.terms:
        for passage in _all(look, node, statements, skipped):
            held = passage.own | passage.above
            if not held:
                continue
            shared += 1
            _count(counts, held)
            key = passage.own, passage.above & ~passage.own, passage.tight, passage.spare, passage.stated
            groups.setdefault(key, _Group()).take(passage, shared)
            if len(groups) > _KINDS:
                _prune(groups, _worth(phrase, counts, shared))
    worth = _worth(phrase, counts, max(shared, look.read))
    best = _best(groups, worth)
    lacking = tuple(dict.fromkeys(phrase.told(sum(1 << n for n, count in enumerate(counts) if not count))))
    best = best or list(_opening(node))
    matches = tuple(_match(passage, phrase, worth, WIDTHS[min(n, len(WIDTHS) - 1)]) for n, passage in enumerate(best))
    return Ranked(matches, shared, look.read, lacking, look.stopped, tuple(skipped))


def _opening(node: Node) -> Iterable[Passage]:
    """How a node begins, where no part of it shares a word."""
    body = node.body
    if body.kind in ("array", "bytes", "lazy") or not body.length():
        return
    if isinstance(body, TextBody):
        lines = [line[:400] for line in body.lines(0, OPENED)]
        yield Passage(node.address, 0, 0, 0, 0, 0, lines[0], "", lines[1:])
    elif body.kind in ("mapping", "list", "table"):
        keys = body.keys(0, SHOWN)
        value = body.child(keys[0]).value()
        named = isinstance(keys[0], str)
        content = [str(key) for key in keys] if named else value
        yield Passage(node.address if named else node.address_of(0), 0, 0, 0, 0, 0, content, "keys" if named else "")


def _all(look: Look, node: Node, statements: Iterable[Statement], skipped: list[str]) -> Iterable[Passage]:
    for stated in statements:
        own = look.phrase.bits(stated.text)
        above = look.way(stated.address) | look.phrase.bits(stated.about)
        yield Passage(stated.address, own, above, own, 0, 0, stated.text, stated=True)
    yield from passages(look, node.body, node.address, skipped)


def _count(counts: list[int], held: int) -> None:
    while held:
        low = held & -held
        counts[low.bit_length() - 1] += 1
        held ^= low


def _worth(phrase: Phrase, counts: Sequence[int], total: int) -> list[float]:
    """What each term counts: more where it is rarer (the weight of Okapi BM25)."""
    return [
        term.weight * math.log(1 + (total - count + 0.5) / (count + 0.5))
        for term, count in zip(phrase.terms, counts, strict=True)
    ]


def _sum(bits: int, worth: Sequence[float]) -> float:
    return sum(worth[number] for number in range(bits.bit_length()) if bits >> number & 1)


def _score(key: Key, worth: Sequence[float]) -> float:
    own, above, tight, spare, _ = key
    said = _sum(own, worth) + _ABOVE * _sum(above, worth) + _TIGHT * _sum(tight, worth)
    return said * (1 - _SPARE * spare)


def _prune(groups: dict[Key, _Group], worth: Sequence[float]) -> None:
    for key in sorted(groups, key=lambda key: -_score(key, worth))[_KINDS // 3 :]:
        del groups[key]


def _best(groups: dict[Key, _Group], worth: Sequence[float]) -> list[Passage]:
    """Best first: each part once, statements no more than parts, two of those alike before the others of their kind."""
    ordered = sorted(
        (number >= _FIRST, -_score(key, worth) * (_LISTING if passage.label else 1), place, passage)
        for key, group in groups.items()
        for number, (place, passage) in enumerate(group.kept)
    )
    best: dict[tuple[str, str], Passage] = {}
    held: list[Passage] = []
    stated = 0
    for *_, passage in ordered:
        if passage.stated and 2 * stated > len(best):
            held.append(passage)
            continue
        stated += passage.stated
        best.setdefault((passage.address, passage.label or "stated" * passage.stated), passage)
        if len(best) >= SHOWN:
            break
    return [*best.values(), *held][:SHOWN]


def _match(passage: Passage, phrase: Phrase, worth: Sequence[float], width: int) -> Match:
    return Match(passage.address, _told(passage, phrase, worth, width))


def _told(passage: Passage, phrase: Phrase, worth: Sequence[float], width: int) -> str:
    content = passage.content
    if passage.label:
        names = [_MARKUP.sub("", str(name)).strip() for name in content]
        return f"{passage.label}: {_joined(names, '; ', width)}"
    if isinstance(content, dict):
        fields = sorted(content, key=lambda key: -_sum(_of_field(key, content[key], phrase), worth))
        return _joined([f"{key} {_value(content[key], phrase)}" for key in fields[:40]], ", ", width, of=len(fields))
    if isinstance(content, list):
        return _joined([_value(item, phrase) for item in content[:40]], ", ", width, of=len(content))
    return _text(str(content), passage.then, phrase, width)


def _of_field(key: str, value: Any, phrase: Phrase) -> int:
    said = phrase.bits(value[:2_000]) if isinstance(value, str) else 0
    return phrase.of_name(key) | said


def _value(value: Any, phrase: Phrase) -> str:
    if isinstance(value, dict):
        return "{" + _joined(list(value), ", ", _VALUE) + "}"
    if isinstance(value, list):
        if any(isinstance(item, (dict, list)) for item in value[:1]):
            return f"[{len(value)} items]"
        return "[" + _joined([_value(item, phrase) for item in value[:40]], ", ", _VALUE, of=len(value)) + "]"
    return _line(value, phrase, _VALUE) if isinstance(value, str) else dump(value)


def _line(text: str, phrase: Phrase, width: int) -> str:
    """A text on one line, cut around the place with the most of the terms."""
    text = " ".join(text.split())
    if len(text) <= width or phrase.sieve is None:
        return around(text, 0, 1, width=width)
    starts = [found.start() for found in islice(phrase.sieve.finditer(text), _LOOKED)]
    best = max(starts, key=lambda start: phrase.bits(text[start : start + width // 2]).bit_count(), default=0)
    low = max(0, best - width // 4)
    return around(text, low, low + width, width=width)


def _text(line: str, then: Sequence[str], phrase: Phrase, width: int) -> str:
    said = _line(line, phrase, width).strip()
    for following in then:
        text = " ".join(following.split())
        if text and len(said) + len(text) + 3 > min(width, _FOLLOWED):
            break
        said += f" / {text}" if text else ""
    return said


def _joined(parts: Sequence[str], mark: str, width: int, *, of: int | None = None) -> str:
    """As many parts as the width holds, at least one; then how many more there are."""
    said = ""
    for number, part in enumerate(parts):
        if number and len(said) + len(part) > width:
            return f"{said}{mark}{ELLIPSIS}+{(of or len(parts)) - number}"
        said += f"{mark if number else ''}{part}"
    more = (of or len(parts)) - len(parts)
    return f"{said}{mark}{ELLIPSIS}+{more}" if more else said
