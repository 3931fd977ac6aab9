"""Test runs: what passed and failed, failures grouped by their message, the files and exceptions most concerned."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.lines import TEXTUAL, clip, head, listing, ranked, stream
from ..reading.outcome import Failure, Outcome, is_test_line, read_outcome
from ..reading.passage import quotes

if TYPE_CHECKING:
    from pager import Node


_FEW = 12  # different failures that are told one by one


def matches(node: Node) -> bool:
    """Whether the first or last lines of a text are those of a test runner."""
    if node.kind not in TEXTUAL:
        return False
    length = len(node)
    sample = [*head(node, 60), *stream(node, max(60, length - 60), length)]
    return sum(1 for line in sample if is_test_line(line)) >= 1


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield the totals, the failures by their message, and where they gather."""
    outcome = read_outcome(enumerate(stream(node)))
    yield from _totals(node, outcome)
    yield from _grouped(node, outcome)
    yield from _files(node, outcome)
    yield from _exceptions(node, outcome)
    yield from _slowest(node, outcome)
    for text, index in outcome.settings[:3]:
        yield Fact(clip(text, 120), node.address_of(index), 0.4, "schema")
    if focus:
        yield from quotes(node, focus)


def _totals(node: Node, outcome: Outcome) -> Iterator[Fact]:
    """The runner's own last words, those on tests first; the statuses counted where it prints none."""
    last = sorted(outcome.summaries[-6:], key=lambda told: (not _ON_TESTS.search(told[0]), -told[1]))
    for number, (text, index) in enumerate(last[:4]):
        yield Fact(clip(text, 160), node.address_of(index), 2.6 - 0.6 * number, "count")
    if outcome.statuses and not any(_ON_TESTS.search(text) for text, _ in last):
        counts = ", ".join(f"{count} {status}" for status, count in ranked(outcome.statuses))
        yield Fact(f"tests: {counts}", node.address, 2.6, "count")


_ON_TESTS = re.compile(r"\d+ (?:failed|passed|passing|failing|examples?)|Tests run|tests? in|^Tests?:", re.IGNORECASE)


def _grouped(node: Node, outcome: Outcome) -> Iterator[Fact]:
    """Failures with one message are one fact: the message, how many, their names, the first one's line."""
    groups: dict[str, list[Failure]] = {}
    for failure in outcome.failures:
        groups.setdefault(failure.message or "", []).append(failure)
    named = sorted(groups.items(), key=lambda item: (not item[0], item[1][0].index))
    if len(named) > _FEW:
        named.sort(key=lambda item: (not item[0], -len(item[1])))
    few = len(named) <= _FEW
    for number, (message, members) in enumerate(named[:20]):
        said = f": {clip(message.removeprefix('AssertionError: '), 80)}" if message else ""
        text = f"{_tests(members, 1 + few)}{said}"
        salience = (2.2 if not number else 1.9) if few else max(0.6, 1.6 - 0.1 * number)
        yield Fact(
            f"failed {text}", node.address_of(members[0].index), salience, "failed" if few else "error", "failed "
        )


def _tests(members: list[Failure], most: int) -> str:
    """The tests' names; the parameters of one test are a count."""
    tests = Counter(member.name.split("[")[0] for member in members)
    shown = [clip(name, 90) + (f" ×{count}" if count > 1 else "") for name, count in list(tests.items())[:most]]
    return ", ".join(shown) + (f" (+{len(tests) - most} more)" if len(tests) > most else "")


def _files(node: Node, outcome: Outcome) -> Iterator[Fact]:
    for kind in ("failed", "error"):
        files = Counter(one.file for one in outcome.failures if one.file and one.kind == kind)
        start = f"{kind} by file: "
        for number, (file, count) in enumerate(ranked(_shortened(files))[:10]):
            salience = 2.0 if not number and len(outcome.failures) > _FEW else 0.7 - 0.03 * number
            yield Fact(f"{start}{file} {count}", node.address, salience, f"{kind} file", start)


def _shortened(files: Counter[str]) -> Counter[str]:
    """Drop the folders that all the files share."""
    parts = [name.split("/") for name in files]
    shared = 0
    while (
        all(len(part) > shared + 1 for part in parts) and len({part[shared] for part in parts}) == 1 and len(files) > 1
    ):
        shared += 1
    if sum(map(len, next(iter(parts), [])[:shared])) < 16:
        return files
    return Counter({"/".join(name.split("/")[shared:]): count for name, count in files.items()})


def _exceptions(node: Node, outcome: Outcome) -> Iterator[Fact]:
    if outcome.exceptions:
        salience = 1.6 if len(outcome.failures) > _FEW else 0.5
        yield Fact(f"exceptions: {listing(outcome.exceptions, 3)}", node.address, salience, "exception")
    messages = ranked(outcome.messages)
    salience = 1.9 if len({one.message for one in outcome.failures}) > _FEW else 0.6
    if messages and messages[0][1] > 1:
        text, count = messages[0]
        yield Fact(
            f"most frequent error {count}×: {clip(text, 170)}", node.address_of(outcome.first[text]), salience, "error"
        )


def _slowest(node: Node, outcome: Outcome) -> Iterator[Fact]:
    if outcome.slowest is not None:
        name, seconds, index = outcome.slowest
        yield Fact(f"slowest {clip(name, 90)} {seconds:g}s", node.address_of(index), 0.9, "extreme")
