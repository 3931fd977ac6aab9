"""Answers of bounded length: as many lines as fit, and a last line that says what was left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .errors import LimitTooSmall
from .fitting import fit
from .tokens import TokenCounter

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Answer:
    """Text within a limit: its first `shown` lines of those offered, and what it costs."""

    text: str
    tokens: int
    shown: int


def bounded(
    lines: Sequence[str], footer: Callable[[int], str], counter: TokenCounter, *, limit_tokens: int, subject: str
) -> Answer:
    """As many lines as fit the limit together with the footer for that number; an empty footer takes no line.

    Where not even the footer fits, it is cut; raises LimitTooSmall where nothing of it fits.
    """
    low, high = 0, len(lines)
    best: Answer | None = _try(lines, high, footer, counter)
    if best is not None and best.tokens <= limit_tokens:
        return best
    best = None
    while low < high:
        middle = (low + high) // 2
        tried = _try(lines, middle, footer, counter)
        if tried.tokens <= limit_tokens:
            best, low = tried, middle + 1
        else:
            high = middle
    return best or _shortened(footer(0), counter, limit_tokens, subject)


def _try(lines: Sequence[str], shown: int, footer: Callable[[int], str], counter: TokenCounter) -> Answer:
    last = footer(shown)
    text = "\n".join([*lines[:shown], last] if last else lines[:shown])
    return Answer(text, counter.count(text), shown)


def _shortened(text: str, counter: TokenCounter, limit_tokens: int, subject: str) -> Answer:
    found = fit(text, 0, limit_tokens, counter.count)
    if text and found.end == 0:
        raise LimitTooSmall(subject, limit_tokens, counter.count(text[:1]))
    return Answer(text[: found.end], found.tokens, 0)


def around(text: str, start: int, stop: int, *, width: int) -> str:
    """One line of at most about `width` characters with the place start to stop in it, cuts marked."""
    room = max(0, width - (stop - start)) // 2
    low, high = max(0, start - room), min(len(text), max(stop, start + 1) + room, start + width)
    shown = text[low:high].replace("\r", " ").replace("\n", " ")
    return (ELLIPSIS if low else "") + shown + (ELLIPSIS if high < len(text) else "")
