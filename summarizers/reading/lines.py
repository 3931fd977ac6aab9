"""Lines of text as summarizers see them: bounded heads, cleaned of escapes, clipped at whole words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pager import Node

TEXTUAL = frozenset({"text", "log", "code"})
HEAD_LINES = 500
LONGEST_LINE = 4_000  # characters of one line that are looked at: bounds every pattern below

ANSI = re.compile(r"\x1b\[[0-9;:?]{0,40}[ -/]?[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def clean(line: str) -> str:
    """Return the line as a terminal leaves it: without escapes, control characters, line end, overwritten text.

    What exceeds LONGEST_LINE is cut.
    """
    if line.isprintable():
        return line[:LONGEST_LINE].rstrip()
    line = line.rstrip("\r\n")
    line = line[line.rfind("\r") + 1 :][:LONGEST_LINE]
    if "\x1b" in line:
        line = ANSI.sub("", line)
    return _CONTROL.sub("", line).rstrip() if not line.isprintable() else line.rstrip()


def stream(node: Node, start: int = 0, stop: int | None = None) -> Iterator[str]:
    """Yield the node's cleaned lines, one at a time."""
    yield from map(clean, node.lines(start, stop))


def head(node: Node, count: int = HEAD_LINES) -> list[str]:
    """Return the first `count` cleaned lines; every summarizer looks at them, so the node keeps them."""
    if count > HEAD_LINES:
        return list(stream(node, 0, count))
    known: list[str] | None = node.worked_out.get("head")
    if known is None:
        known = node.worked_out["head"] = list(stream(node, 0, HEAD_LINES))
    return known[:count]


def clip(text: str, limit: int = 160) -> str:
    """Shorten text to about `limit` characters at a space, so that no identifier is cut; says so by an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text.rfind(" ", 0, limit + 1)
    if cut > limit // 3:
        return text[:cut].rstrip(" ,;:") + " …"
    return _first_word(text, limit)


def _first_word(text: str, limit: int) -> str:
    word = text.split(" ", 1)[0]
    return word + " …" if len(word) <= 2 * limit else f"{word[: limit // 2]}…({len(word)} characters)"


def ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the entries by falling count; ties keep the order in which they were first seen."""
    return sorted(counts.items(), key=lambda item: -item[1])


def listing(counts: Counter[str], most: int, *, width: int = 80, more: bool = True) -> str:
    """Write the most frequent entries as `a 12, b 5 (+7 more)`."""
    entries = ranked(counts)
    shown = ", ".join(f"{clip(name, width)} {count}" for name, count in entries[:most])
    rest = len(entries) - most
    return f"{shown} (+{rest} more)" if more and rest > 0 else shown


def names(values: Iterable[str], most: int, *, width: int = 60) -> str:
    """Write distinct values in order as `a, b (+3 more)`."""
    distinct = list(dict.fromkeys(values))
    shown = ", ".join(clip(value, width) for value in distinct[:most])
    return f"{shown} (+{len(distinct) - most} more)" if len(distinct) > most else shown


def plural(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> plural(1, "line"), plural(2, "line"), plural(2, "class")
    ('1 line', '2 lines', '2 classes')
    """
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}es" if noun.endswith(("s", "sh", "ch")) else f"{count} {noun}s"


def share(lines: Sequence[str], pattern: re.Pattern[str]) -> float:
    """Return which share of the non-empty lines the pattern matches at their start."""
    filled = [line for line in lines if line.strip()]
    return sum(1 for line in filled if pattern.match(line)) / len(filled) if filled else 0.0
