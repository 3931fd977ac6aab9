"""Searching many lines at once, with the answers of one by one: by a pattern that never matches a line end."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"(?P<set>\[(?P<not>\^?)(?P<inside>\]?(?:\\.|[^\]\\\[])*)\])|(?P<escape>\\.)|"
    r"(?P<group>\((?!\?|\*)|\(\?(?:[:=!>]|<[=!]|P<\w+>|i[:)]))|(?P<repeat>\{\d*,?\d*\})|(?P<plain>[^\[\\({])",
    re.DOTALL,
)
_ONE_LINE_ESCAPES = set("wdbSt123456789")
_WITHOUT_LINE_ENDS = {r"\s": r"[^\S\n]", r"\D": r"[^\d\n]", r"\W": r"[^\w\n]"}
_PLAIN_SET = re.compile(r"(?:\\[wd]|\\[^\w\s]|[^\\])*")


@dataclass(frozen=True, slots=True)
class LineHit:
    """The first match in a line; `span` lies in `line`."""

    line: str
    begin: int
    end: int

    def span(self) -> tuple[int, int]:
        """Where the match begins and ends."""
        return self.begin, self.end


class Block:
    """Whole lines on their way through a search; `passed` of them have been looked at."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n").removesuffix("\n")
        self.passed = 0

    def hits(self, compiled: Any, until: float | None) -> Iterator[Any]:
        """The first match in each line that has one, which is then line `passed` - 1.

        Raises TimeoutError once the time `until` (of `time.monotonic`) has come.
        """
        text, at = self._text, 0
        timeout = None if until is None else max(0.01, until - time.monotonic())
        for found in compiled.finditer(text, timeout=timeout):
            start = found.start()
            if start >= at:
                self.passed += text.count("\n", at, start) + 1
                yield found
                at = text.find("\n", start) + 1 or len(text) + 1
        self.passed += text.count("\n", at) + (at <= len(text))

    def line_of(self, found: Any) -> LineHit:
        """The line of a match."""
        begin, end = found.span()
        start, stop = self._text.rfind("\n", 0, begin) + 1, self._text.find("\n", begin)
        return LineHit(self._text[start : None if stop < 0 else stop], begin - start, end - start)


def within_lines(pattern: str) -> str | None:
    r"""A pattern that matches in each line what the given one does and never a line end; None where that is not sure.

    It is meant for a text of several lines, with `^` and `$` at every line's edges.

    >>> within_lines(r"a\s+[^,]*$")
    'a[^\\S\\n]+[^\\n,]*$'
    """
    if not pattern.isprintable():
        return None
    parts, at = list[str](), 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        part = None if token is None else _within(token)
        if token is None or part is None:
            return None
        parts.append(part)
        at = token.end()
    return "".join(parts)


def _within(token: re.Match[str]) -> str | None:
    text = token[0]
    if token["set"]:
        return _set_within(text, token["inside"], negated=bool(token["not"]))
    if token["escape"] and (text[1].isalnum() or text[1] == "_"):
        return text if text[1] in _ONE_LINE_ESCAPES else _WITHOUT_LINE_ENDS.get(text)
    return text


def _set_within(text: str, inside: str, *, negated: bool) -> str:
    plain = _PLAIN_SET.fullmatch(inside) is not None and not inside.startswith(("]", "-"))
    if plain:
        return rf"[^\n{inside}]" if negated else text
    return rf"(?:(?!\n){text})"
