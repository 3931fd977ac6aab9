"""Annotated sources (git blame): lines by author and by commit, the newest and the oldest change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.lines import TEXTUAL, clip, head, plural, ranked, stream
from ..reading.passage import quotes

if TYPE_CHECKING:
    from pager import Node

_LINE = re.compile(
    r"(?P<hash>\^?[0-9a-f]{7,64}) (?:\S+ +)?\((?P<author>.+?) +"
    r"(?P<date>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}) +(?P<line>\d+)\) ?(?P<text>.*)"
)
_NOT_YET = "00000000"  # the hash of lines that are in no commit


def matches(node: Node) -> bool:
    """Whether all the first lines name a commit, an author, a date and a line."""
    if node.kind not in TEXTUAL:
        return False
    lines = [line for line in head(node, 40) if line.strip()]
    return bool(lines) and all(map(_LINE.match, lines))


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield counts by author and commit, each with its first line, and the two ends in time."""
    found = [(index, hit) for index, line in enumerate(stream(node)) if (hit := _LINE.match(line))]
    commits = Counter(hit["hash"] for _, hit in found)
    authors = Counter(hit["author"] for _, hit in found)
    first: dict[str, int] = {}
    for index, hit in found:
        first.setdefault(hit["author"], index)
    start = f"{plural(len(authors), 'author')}: "
    yield Fact(f"{len(found)} lines of {plural(len(commits), 'commit')}", node.address, 1.8, "count")
    for number, (name, count) in enumerate(ranked(authors)[:5]):
        address = node.address_of(first[name])
        yield Fact(f"{start}{clip(name, 60)} {count}", address, 1.6 - 0.15 * number, "top", start)
    yield from _ends(node, found)
    top, count = ranked(commits)[0]
    at = next(index for index, hit in found if hit["hash"] == top)
    yield Fact(f"most lines of one commit: {top} {count}", node.address_of(at), 1.0, "top")
    if count := sum(hit["hash"].startswith(_NOT_YET) for _, hit in found):
        yield Fact(f"{count} lines in no commit yet", node.address, 1.4, "missing")
    if focus:
        yield from quotes(node, focus)


def _ends(node: Node, found: list[tuple[int, re.Match[str]]]) -> Iterator[Fact]:
    for word, pick in (("newest", max), ("oldest", min)):
        index, hit = pick(found, key=lambda entry: entry[1]["date"])
        text = f"{word} line {hit['date']} {hit['author']}: {clip(hit['text'].strip(), 60)}"
        yield Fact(text, node.address_of(index), 1.2, "time")
