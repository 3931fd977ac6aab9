"""How much of a text fits a token limit: estimated, then verified, never counting more than about a page."""

from collections.abc import Callable
from dataclasses import dataclass

LONGEST = 1 << 17
"""The most characters one page may have, whatever the counter says."""
SPACES = " \t,;"


@dataclass(frozen=True, slots=True)
class Fit:
    """Characters from the start up to `end` fit; they take `tokens`. `end` equal to the start: not even one fits."""

    end: int
    tokens: int


@dataclass(slots=True)
class _Search:
    """A bracket around the cut: `low` fits with `tokens`, `high` does not."""

    text: str
    start: int
    stop: int
    limit: int
    count: Callable[[str], int]
    low: int
    tokens: int
    high: int

    def probe(self, end: int) -> None:
        tokens = self.count(self.text[self.start : end])
        if tokens <= self.limit:
            self.low, self.tokens = end, tokens
        else:
            self.high = end

    def guess(self) -> int:
        """The next end to try: in proportion to what fits, kept inside the bracket."""
        length = self.low - self.start
        ahead = length * self.limit // self.tokens if self.tokens else length * 4
        end = self.start + min(max(ahead, length + 1), 4 * length + 8)
        if self.high <= self.stop and end >= self.high:
            end = (self.low + self.high) // 2
        return min(max(end, self.low + 1), self.stop)

    def settled(self) -> bool:
        if self.low >= self.stop or self.high - self.low <= 1:
            return True
        length = self.low - self.start
        close = self.tokens >= self.limit - self.limit // 50 and self.tokens > 0 and self.limit >= 50
        return close or (self.high <= self.stop and self.high - self.low <= length // 64)


def fit(text: str, start: int, limit: int, count: Callable[[str], int], *, per_token: float = 3.0) -> Fit:
    """The longest stretch of `text` from `start` that is known to take at most `limit` tokens.

    `per_token`: characters a token is expected to hold; only the speed depends on it.
    """
    stop = min(len(text), start + LONGEST)
    search = _Search(text, start, stop, limit, count, start, 0, stop + 1)
    first = min(stop, start + max(1, int(limit * per_token)))
    search.probe(first)
    while search.low == start and search.high > start + 1:
        search.probe(start + max(1, (search.high - start) // 2))
    while search.low > start and not search.settled():
        search.probe(search.guess())
    return Fit(search.low, search.tokens)


def snap(text: str, start: int, end: int) -> int:
    """A better place to cut at or before `end`: after a line end, else after a space or comma, else `end`."""
    if end >= len(text):
        return end
    line = text.rfind("\n", start, end) + 1
    if line > start + (end - start) // 4:
        return line
    space = max(text.rfind(mark, start, end) for mark in SPACES) + 1
    if space > start + (end - start) // 2:
        return space
    if text[end] == "\n" and text[end - 1] == "\r" and end - 1 > start:
        return end - 1
    return end


def cut(text: str, start: int, limit: int, count: Callable[[str], int], *, per_token: float = 3.0) -> Fit:
    """Where the page that starts at `start` ends: a fit, moved back to a good place, verified again."""
    best = fit(text, start, limit, count, per_token=per_token)
    end = snap(text, start, best.end) if best.end > start else start
    if end == best.end:
        return best
    tokens = count(text[start:end])
    return Fit(end, tokens) if tokens <= limit else best
