"""Commit histories (git log): commits, authors, span, commonest subjects, years, merges, files most changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.lines import TEXTUAL, clip, head, listing, ranked, stream
from ..reading.passage import quotes

if TYPE_CHECKING:
    from pager import Node

_COMMIT = re.compile(r"commit (?P<hash>[0-9a-f]{7,64})\b(?: \(.*\))?$")
_AUTHOR = re.compile(r"Author: +(?P<name>.*?)(?: <[^>]*>)?$")
_DATE = re.compile(r"(?:Author|Commit)?Date: +(?P<date>.*)$")
_YEAR = re.compile(r"\b((?:19|20)\d\d)\b")
_STAT = re.compile(r" (?P<file>\S.*?) +\| +(?:\d+|Bin)\b")
_ONE_LINE = re.compile(r"(?:[*|/\\ ]* )?(?P<hash>[0-9a-f]{7,40}) (?P<subject>\S.*)$")
_LETTER = re.compile(r"[a-f]")


def matches(node: Node) -> bool:
    """Whether the first lines are commits."""
    if node.kind not in TEXTUAL:
        return False
    lines = [line for line in head(node, 60) if line.strip()]
    full = any(_COMMIT.match(line) for line in lines[:2]) and any(_AUTHOR.match(line) for line in lines)
    return full or _brief(lines)


def _brief(lines: list[str]) -> bool:
    """Whether every line starts with a hash; where none of them has a letter they are numbers."""
    found = [hit["hash"] for line in lines if (hit := _ONE_LINE.match(line)) and not line.isdigit()]
    return len(found) == len(lines) >= 3 and any(map(_LETTER.search, found))


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield the counts over all commits; one pass."""
    if _brief([line for line in head(node, 60) if line.strip()]):
        yield from _brief_facts(node)
    else:
        yield from _full_facts(node)
    if focus:
        yield from quotes(node, focus)


def _brief_facts(node: Node) -> Iterator[Fact]:
    found = [(index, hit) for index, line in enumerate(stream(node)) if (hit := _ONE_LINE.match(line))]
    yield Fact(f"{len(found)} commits", node.address, 1.6, "count")
    yield Fact(
        f"newest {found[0][1]['hash']} {clip(found[0][1]['subject'], 90)}", node.address_of(found[0][0]), 1.0, "range"
    )
    yield Fact(
        f"oldest {found[-1][1]['hash']} {clip(found[-1][1]['subject'], 90)}",
        node.address_of(found[-1][0]),
        0.9,
        "range",
    )
    yield from _subjects(node, Counter(hit["subject"] for _, hit in found))


def _full_facts(node: Node) -> Iterator[Fact]:
    authors, years, subjects, files = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    commits: list[tuple[str, int]] = []
    dates: list[tuple[str, int]] = []
    titles: list[tuple[str, int]] = []
    merges, awaited = 0, False
    for index, line in enumerate(stream(node)):
        if found := _COMMIT.match(line):
            commits.append((found["hash"], index))
            awaited = True
        elif awaited and line.startswith("Merge: "):
            merges += 1
        elif awaited and (found := _AUTHOR.match(line)):
            authors[found["name"]] += 1
        elif awaited and (found := _DATE.match(line)):
            dates.append((found["date"], index))
            years.update(_YEAR.findall(found["date"])[:1])
        elif awaited and line.startswith("    ") and line.strip():
            titles.append((line.strip(), index))
            subjects[line.strip()] += 1
            awaited = False
        elif found := _STAT.match(line):
            files[found["file"]] += 1
    yield Fact(f"{len(commits)} commits" + (f", {merges} merges" if merges else ""), node.address, 1.8, "count")
    yield from _counted(node, f"{len(authors)} authors: ", ranked(authors), 1.6)
    yield from _ends(node, commits, dates, titles)
    yield from _subjects(node, subjects)
    if len(years) > 1:
        yield from _counted(node, "by year: ", ranked(years), 1.4)
    if files:
        yield Fact(f"files most changed: {listing(files, 3)}", node.address, 1.0, "file")


def _ends(
    node: Node, commits: list[tuple[str, int]], dates: list[tuple[str, int]], titles: list[tuple[str, int]]
) -> Iterator[Fact]:
    if dates:
        yield Fact(f"newest {dates[0][0]}", node.address_of(dates[0][1]), 1.3, "time", "time")
        yield Fact(f"oldest {dates[-1][0]}", node.address_of(dates[-1][1]), 1.3, "time", "time")
    for word, at in (("newest", 0), ("oldest", -1)):
        if titles and commits:
            text = f"{word} commit {commits[at][0][:10]} {clip(titles[at][0], 80)}"
            yield Fact(text, node.address_of(commits[at][1]), 0.7, "range")


def _subjects(node: Node, subjects: Counter[str]) -> Iterator[Fact]:
    common = [(subject, count) for subject, count in ranked(subjects) if count > 1]
    yield from _counted(node, "subjects: ", common, 1.4)


def _counted(node: Node, start: str, entries: list[tuple[str, int]], salience: float) -> Iterator[Fact]:
    """The most frequent with their counts, each a fact that continues the line."""
    for number, (name, count) in enumerate(entries[:4]):
        weight = salience if not number else 0.4 * salience - 0.1 * number
        yield Fact(f"{start}{clip(name, 60)} {count}", node.address, weight, start, start)
