"""Compiler and linter output: errors and warnings by rule, file and function, and the first ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.diagnostic import Diagnostic, diagnostics, is_diagnostic
from ..reading.lines import TEXTUAL, clip, head, plural, ranked, stream
from ..reading.passage import quotes
from . import text

if TYPE_CHECKING:
    from pager import Node


def matches(node: Node) -> bool:
    """Whether several of the first lines name a file, a line and what is wrong there."""
    if node.kind not in TEXTUAL:
        return False
    lines = [line for line in head(node, 150) if line.strip()]
    found = sum(1 for line in lines if is_diagnostic(line))
    return found >= 2 and found * 12 >= len(lines)


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield the counts by severity, rule and file, then the first and most frequent diagnostics."""
    found = list(diagnostics(enumerate(stream(node))))
    told = [one for one in found if one.severity not in ("note", "help")]
    if not told:
        yield from text.facts(node, focus)
        return
    yield from _counts(node, told)
    for noun, values in (
        ("rule", (one.rule for one in told)),
        ("file", (one.file for one in told)),
        ("function", (one.function for one in told)),
    ):
        yield from _ranked(node, noun, Counter(value for value in values if value))
    yield from _first(node, told)
    if focus:
        yield from quotes(node, focus)


def _counts(node: Node, told: list[Diagnostic]) -> Iterator[Fact]:
    severities = Counter(one.severity for one in told)
    counts = [plural(severities.get(name, 0), name) for name in ("error", "warning")]
    counts += [plural(count, name) for name, count in ranked(severities) if name not in ("error", "warning")]
    files = len({one.file for one in told})
    yield Fact(f"{', '.join(counts)} in {plural(files, 'file')}", node.address, 2.4, "count")


def _ranked(node: Node, noun: str, counts: Counter[str]) -> Iterator[Fact]:
    if not counts:
        return
    start = f"by {noun}: "
    for number, (name, count) in enumerate(ranked(counts)[:8]):
        salience = (1.8 if noun != "function" else 1.0) * (1 if not number else 0.6 - 0.04 * number)
        yield Fact(f"{start}{clip(name, 90)} {count}", node.address, salience, noun, start)
    first = next(iter(counts))
    if noun == "function":
        yield Fact(f"first in function {first}", node.address, 1.0, noun)


def _first(node: Node, told: list[Diagnostic]) -> Iterator[Fact]:
    """Every kind of error once, then the first of each rule and the most frequent message."""
    seen: Counter[tuple[str, str]] = Counter((one.severity, one.rule or one.message) for one in told)
    shown: set[tuple[str, str]] = set()
    for one in told:
        key = (one.severity, one.rule or one.message)
        if key in shown or len(shown) > 24:
            continue
        shown.add(key)
        times = f" ({seen[key]}×)" if seen[key] > 1 else ""
        salience = max(0.7, 2.0 - 0.1 * len(shown)) if one.severity == "error" else max(0.4, 1.0 - 0.1 * len(shown))
        yield Fact(
            f"{one.severity} {one.place}: {clip(one.message, 110)}{times}",
            node.address_of(one.index),
            salience,
            one.severity,
        )
    messages = Counter(one.message for one in told)
    common, count = ranked(messages)[0] if messages else ("", 0)
    if count > 1:
        yield Fact(f"most frequent message {count}×: {clip(common, 110)}", node.address, 0.9, "top")
