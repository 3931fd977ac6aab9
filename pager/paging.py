"""Cutting a node's text into pages within a token limit.

Small nodes are cut greedily. Larger ones are cut into windows of equal length, their edges moved back to a line
start, so that any page costs what the first one costs; a window denser than foreseen is cut again into parts.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from .address import page_address
from .bodies.source import Source
from .errors import LimitTooSmall, UnknownAddress
from .fitting import cut
from .tokens import TokenCounter

SMALL_BYTES = 128 * 1024
SMALL_UNITS = 8 * 1024
SAMPLES = 64
SAMPLE_UNITS = 512
FILL = 0.76
"""A window may grow by a quarter when its edges move: 0.76 * 1.25 = 0.95 of the limit."""
MAX_WINDOW = 64 * 1024
MIN_WINDOW = 8
KEPT = 64

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Cut:
    """One page's text; `following` is the address of the next page, or None at the end."""

    text: str
    tokens: int
    page: int
    part: int
    pages: int
    following: str | None


@dataclass(frozen=True, slots=True)
class Size:
    """How many tokens a node's text takes; an estimate for large nodes."""

    tokens: int
    estimated: bool


class Paging:
    """Cuts pages with one counter, and remembers where the latest nodes were cut."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self._ends: OrderedDict[tuple[str, int], list[int]] = OrderedDict()
        self._densities: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def page(self, address: str, source: Source, *, page: int, part: int, limit_tokens: int) -> Cut:
        """One page of the text at `address`; raises LimitTooSmall, and UnknownAddress for a page that is not there."""
        if limit_tokens < 1:
            raise LimitTooSmall(address, limit_tokens, 1)
        if is_small(source):
            return self._small(address, source, page, part, limit_tokens)
        return self._large(address, source, page, part, limit_tokens)

    def size(self, address: str, source: Source) -> Size:
        """The tokens of the whole text, estimated from samples where it is large."""
        if is_small(source):
            return Size(self._counter.count(source.read(0, source.size)), False)
        return Size(round(self._density(address, source)[1] * source.size), True)

    def _small(self, address: str, source: Source, page: int, part: int, limit: int) -> Cut:
        text = source.read(0, source.size)
        ends = self._cuts(address, text, limit)
        pages = len(ends)
        if part != 1 or not 1 <= page <= pages:
            raise _no_page(address, page, part, pages)
        shown = text[ends[page - 2] if page > 1 else 0 : ends[page - 1]]
        following = page_address(address, page + 1) if page < pages else None
        return Cut(shown, self._counter.count(shown), page, 1, pages, following)

    def _cuts(self, address: str, text: str, limit: int) -> list[int]:
        """Where each page ends; an empty text has one empty page."""
        known = self._ends.get((address, limit))
        if known is None:
            known = self._cut_all(address, text, limit)
            hold(self._ends, (address, limit), known)
        return known

    def _cut_all(self, address: str, text: str, limit: int) -> list[int]:
        ends: list[int] = []
        at, per_token = 0, 3.0
        while at < len(text):
            found = cut(text, at, limit, self._counter.count, per_token=per_token)
            if found.end == at:
                raise LimitTooSmall(address, limit, self._counter.count(text[at]))
            per_token = (found.end - at) / max(1, found.tokens)
            at = found.end
            ends.append(at)
        return ends or [0]

    def _large(self, address: str, source: Source, page: int, part: int, limit: int) -> Cut:
        window = self._window(address, source, limit)
        pages = -(-source.size // window)
        if not (1 <= page <= pages and part >= 1):
            raise _no_page(address, page, part, pages)
        start = _edge(source, (page - 1) * window, window)
        text = source.read(start, _edge(source, page * window, window))
        shown, more = self._part(address, text, page, part, limit, pages)
        following = page_address(address, page, part + 1) if more else None
        if following is None and page < pages:
            following = page_address(address, page + 1)
        return Cut(shown, self._counter.count(shown), page, part, pages, following)

    def _part(self, address: str, text: str, page: int, part: int, limit: int, pages: int) -> tuple[str, bool]:
        """One part of a window, and whether another follows."""
        at, per_token = 0, 3.0
        for number in range(1, part + 1):
            if at >= len(text):
                raise _no_page(address, page, part, pages)
            found = cut(text, at, limit, self._counter.count, per_token=len(text) / limit if number == 1 else per_token)
            if found.end == at:
                raise LimitTooSmall(address, limit, self._counter.count(text[at]))
            start, at = at, found.end
            per_token = (at - start) / max(1, found.tokens)
        return text[start:at], at < len(text)

    def _window(self, address: str, source: Source, limit: int) -> int:
        densest, _ = self._density(address, source)
        return int(max(MIN_WINDOW, min(MAX_WINDOW, FILL * limit / max(densest, 1e-6))))

    def _density(self, address: str, source: Source) -> tuple[float, float]:
        """Tokens per unit, at most and on average, over samples spread evenly."""
        known = self._densities.get(address)
        if known is None:
            found = [self._sample(source, number) for number in range(SAMPLES)]
            known = (max(found), sum(found) / len(found))
            hold(self._densities, address, known)
        return known

    def _sample(self, source: Source, number: int) -> float:
        length = min(SAMPLE_UNITS, source.size // SAMPLES)
        at = (source.size - length) * number // (SAMPLES - 1)
        start, stop = (
            source.edge(at, 0) if at else 0,
            source.edge(at + length, 0) if at + length < source.size else source.size,
        )
        return self._counter.count(source.read(start, stop)) / max(1, stop - start)


def is_small(source: Source) -> bool:
    """Whether pages are cut one after the other from the whole text."""
    size_bytes = source.size_bytes
    return source.size <= SMALL_UNITS if size_bytes is None else size_bytes <= SMALL_BYTES


def _edge(source: Source, position: int, window: int) -> int:
    if position <= 0:
        return 0
    return source.size if position >= source.size else source.edge(position, window // 4)


def _no_page(address: str, page: int, part: int, pages: int) -> UnknownAddress:
    nearest = [page_address(address, 1)] + ([page_address(address, pages)] if pages > 1 else [])
    return UnknownAddress(page_address(address, page, part), f"pages are numbered 1 to {pages}", nearest)


def hold(cache: OrderedDict[K, V], key: K, value: V, at_most: int = KEPT) -> None:
    """Remember a value as the latest; the oldest go when there are more than `at_most`."""
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > at_most:
        cache.popitem(last=False)
