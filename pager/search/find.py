"""Searching below a node: where a pattern matches, else what is most about its words, each place with its address."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..address import join
from ..answer import around, bounded
from ..bodies.load import JsonBody
from ..bodies.tablebody import JsonLinesBody
from ..bodies.textbody import TextBody
from ..errors import LimitTooSmall
from ..node import Node
from ..tokens import TokenCounter
from ..types import Match, Matches, Statements
from .linewise import Block, within_lines
from .nearest import closest
from .places import Place, Walk, count_places, places_in
from .ranked import Ranked, rank
from .rowsieve import RowSieve, sieve_for

REPEATS = "*+{"
"""Only a pattern that repeats something can take long on one place; a timeout costs ten times a plain search."""
WIDTH = 160
VOCABULARY = 5000
CHECKED = 64
LEARNED = 20_000
"""Places whose words are learned where no place had to be read to find nothing."""
NAMED = 4


@dataclass(slots=True)
class _Search:
    """What a search has found so far."""

    matches: list[Match] = field(default_factory=list)
    total: int = 0
    places: int = 0
    rows: int | None = None
    stopped: str | None = None
    words: dict[str, None] = field(default_factory=dict)
    latest: str = ""

    def take(self, place: Place, hit: Any, max_matches: int) -> None:
        """Count a place that matched, or learn its words; a key and its value are one place."""
        if hit is None:
            _learn(self.words, place.text)
        elif place.address != self.latest:
            self.latest = place.address
            self.total += 1
            if len(self.matches) < max_matches:
                self.matches.append(_match(place, hit))


def search(
    node: Node,
    pattern: str,
    counter: TokenCounter,
    *,
    limit_tokens: int,
    max_matches: int,
    timeout_seconds: float,
    statements: Statements | None = None,
) -> Matches:
    """Matches of a pattern below a node, or what its words rank first; `Pager.find` says more."""
    if limit_tokens < 1:
        raise LimitTooSmall(node.address, limit_tokens, 1)
    walk = Walk([])
    compiled, joined = _compiled(pattern)
    body = node.body
    if joined is not None and isinstance(body, TextBody) and body.length() > 1:
        found = _run_lines(body, node.address, joined, max_matches, timeout_seconds)
    elif isinstance(body, JsonLinesBody) and (sieve := sieve_for(compiled.pattern)) is not None:
        found = _run_rows(body, node.address, compiled, sieve, max_matches, timeout_seconds)
    elif isinstance(body, JsonBody) and _is_nowhere(body, compiled):
        found = _nothing(body, node.address)
    else:
        found = _run(walk.places(body, node.address), compiled, max_matches, timeout_seconds)
    searched = _searched(node, found, walk.skipped, timeout_seconds)
    if not found.total:
        known = statements() if statements else ()
        ranked = rank(node, pattern, known, timeout_seconds=timeout_seconds)
        return _ranked(node, ranked, found, pattern, searched, counter, limit_tokens)
    near: tuple[str, ...] = ()
    lines = [f"{match.address}: {match.text}" for match in found.matches]
    answer = bounded(
        lines, lambda shown: _footer(found, shown, searched, near, pattern), counter,
        limit_tokens=limit_tokens, subject=f"find in {node.address}",
    )  # fmt: skip
    return Matches(tuple(found.matches), found.total, answer.text, answer.tokens, searched, near)


def _ranked(
    node: Node, ranked: Ranked, found: _Search, pattern: str, searched: str, counter: TokenCounter, limit_tokens: int
) -> Matches:
    near = tuple(closest(pattern, list(found.words)))
    lines = [f"{match.address}: {match.text}" for match in ranked.matches]
    answer = bounded(
        lines, lambda shown: _ranked_footer(ranked, shown, searched, near, pattern), counter,
        limit_tokens=limit_tokens, subject=f"find in {node.address}",
    )  # fmt: skip
    shown = ranked.matches[: answer.shown]
    return Matches((), 0, answer.text, answer.tokens, searched, near, shown, ranked.shared)


def _ranked_footer(ranked: Ranked, shown: int, searched: str, near: tuple[str, ...], pattern: str) -> str:
    if not ranked.shared:
        hint = f"; near: {', '.join(near)}" if near else ""
        return f"no match for {pattern[:80]!r}; searched {searched}{hint}"
    more = f", nowhere {', '.join(ranked.lacking[:NAMED])}" if ranked.lacking else ""
    stopped = f"; time ran out at {ranked.stopped}" if ranked.stopped else ""
    partial = f"; searched {searched}" if "not searched" in searched else ""
    return f"(ranked by words{more}; {shown} of {ranked.shared} parts that share one{stopped}{partial})"


def _run_lines(body: TextBody, address: str, joined: Any, max_matches: int, timeout_seconds: float) -> _Search:
    """The same over lines, a block of them at a time."""
    found = _Search()
    until = time.monotonic() + timeout_seconds
    for text in body.blocks():
        block = Block(text)
        try:
            for hit in block.hits(joined, until if _repeats(joined) else None):
                found.total += 1
                if len(found.matches) < max_matches:
                    line = block.line_of(hit)
                    found.matches.append(_match(Place(join(address, found.places + block.passed - 1), line.line), line))
        except TimeoutError:
            found.stopped = join(address, found.places + block.passed)
        found.places += block.passed
        if not found.total:
            _learn(found.words, text, len(text))
        if not found.stopped and time.monotonic() > until:
            found.stopped = join(address, found.places)
        if found.stopped:
            break
    return found


def _run_rows(
    body: JsonLinesBody, address: str, compiled: Any, sieve: str, max_matches: int, timeout_seconds: float
) -> _Search:
    """The same over rows, of which only those are parsed that may match."""
    import regex  # type: ignore[import-untyped]  # it ships no types

    rows = RowSieve(regex.compile(sieve, compiled.flags & regex.IGNORECASE), time.monotonic() + timeout_seconds)
    found = _run(rows.places(body, address), compiled, max_matches, timeout_seconds)
    found.stopped = found.stopped or rows.stopped
    found.rows = rows.rows
    if not found.total:
        for place in itertools.islice(Walk([]).places(body, address), LEARNED):
            _learn(found.words, place.text)
    return found


def _is_nowhere(body: JsonBody, compiled: Any) -> bool:
    """Whether the document's text shows that nothing in it can match."""
    import regex

    sieve, source = sieve_for(compiled.pattern), body.source()
    if sieve is None:
        return False
    return regex.search(sieve, source.read(0, source.size), flags=compiled.flags & regex.IGNORECASE) is None


def _nothing(body: JsonBody, address: str) -> _Search:
    """What a search that finds nothing leaves: how many places there are, and some words of them."""
    found = _Search(places=count_places(body.plain()))
    for place in itertools.islice(places_in(body.plain(), address), LEARNED):
        _learn(found.words, place.text)
    return found


def _run(places: Iterator[Place], compiled: Any, max_matches: int, timeout_seconds: float) -> _Search:
    found = _Search()
    repeats = _repeats(compiled)
    until = time.monotonic() + timeout_seconds
    for place in places:
        found.places += 1
        try:
            hit = compiled.search(place.text, timeout=max(0.01, until - time.monotonic()) if repeats else None)
        except TimeoutError:
            found.stopped = place.address
            break
        found.take(place, hit, max_matches)
        if found.places % CHECKED == 0 and time.monotonic() > until:
            found.stopped = place.address
            break
    return found


def _match(place: Place, hit: Any) -> Match:
    if place.label:
        return Match(place.address, around(place.label, 0, 0, width=WIDTH))
    return Match(place.address, around(place.text, *hit.span(), width=WIDTH))


def _compiled(pattern: str) -> tuple[Any, Any]:
    """The pattern, case-blind unless it has capitals, and one that searches many lines at once, where there is one.

    Where it is no valid expression, it stands for its own text.
    """
    import regex

    flags = 0 if any(character.isupper() for character in pattern) else regex.IGNORECASE
    try:
        compiled = regex.compile(pattern, flags)
    except (regex.error, RecursionError, OverflowError, ValueError):
        compiled = regex.compile(regex.escape(pattern), flags)
    joined = within_lines(compiled.pattern)
    return compiled, joined and regex.compile(joined, flags | regex.MULTILINE)


def _repeats(compiled: Any) -> bool:
    return any(mark in compiled.pattern for mark in REPEATS)


def _learn(words: dict[str, None], text: str, width: int = 400) -> None:
    """Remember words of what did not match, for an answer when nothing does."""
    if len(words) < VOCABULARY:
        for word in dict.fromkeys(text[:width].split()):
            if 2 < len(word) <= 64:
                words[word.strip("\"'.,;:()[]{}<>=")] = None


def _searched(node: Node, found: _Search, skipped: list[str], timeout_seconds: float) -> str:
    where = {"log": "lines", "text": "lines", "code": "lines", "bytes": "blocks of escaped bytes", "array": "elements"}
    text = f"{found.places} {where.get(node.kind, 'keys and values')} of {node.address}"
    if found.rows is not None:
        text = f"{found.rows} rows of {node.address}"
    if found.stopped:
        text += f" up to {found.stopped}, where the time of {timeout_seconds:g} s ran out"
    if skipped:
        more = f" and {len(skipped) - 3} more" if len(skipped) > 3 else ""
        text += f"; not searched, because never opened: {', '.join(skipped[:3])}{more}"
    return text


def _footer(found: _Search, shown: int, searched: str, near: tuple[str, ...], pattern: str) -> str:
    if not found.total:
        hint = f"; near: {', '.join(near)}" if near else ""
        return f"no match for {pattern[:80]!r}; searched {searched}{hint}"
    partial = bool(found.stopped) or "not searched" in searched
    if shown == found.total and not partial:
        return ""
    least = "at least " if found.stopped else ""
    cut = (
        f"{shown} of {least}{found.total} matches shown" if shown < found.total or found.stopped else f"{shown} matches"
    )
    narrow = "; for the rest narrow the pattern or find below one of these addresses" if shown < found.total else ""
    return f"({cut}{narrow}{f'; searched {searched}' if partial else ''})"
