"""Differences (unified diffs, git diff, patches): files and lines changed, the largest change, what was added where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.lines import TEXTUAL, clip, head, names, plural, stream
from ..reading.passage import quotes

if TYPE_CHECKING:
    from pager import Node

_GIT = re.compile(r"diff --git a/(?P<old>.+?) b/(?P<file>.+)$")
_NEW = re.compile(r"\+\+\+ (?:b/)?(?P<file>[^\t]+)")
_OLD = re.compile(r"--- (?:a/)?(?P<file>[^\t]+)")
_HUNK = re.compile(r"@@ -(?P<old>\d+)(?:,\d+)? \+(?P<new>\d+)(?:,(?P<count>\d+))? @@ ?(?P<where>.*)$")
_DEFINES = re.compile(
    r"[+-]\s*(?:async )?(?:def|class|func|fn|function|public|private|impl|struct|interface|type)\s+(?P<name>\w+)"
)


@dataclass(slots=True)
class Change:
    """One file's changes: lines added and removed, hunks, its first line (0-based) in the diff."""

    file: str
    index: int
    added: int = 0
    removed: int = 0
    hunks: int = 0
    kind: str = ""
    places: list[str] = field(default_factory=list)
    defined: list[str] = field(default_factory=list)


def matches(node: Node) -> bool:
    """Whether the first lines hold a diff header and a hunk."""
    if node.kind not in TEXTUAL:
        return False
    lines = head(node, 80)
    return any(_HUNK.match(line) for line in lines) and any(_GIT.match(line) or _NEW.match(line) for line in lines)


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield totals, then each file with what changed in it, the largest first."""
    changes = list(_changes(node))
    added, removed = sum(one.added for one in changes), sum(one.removed for one in changes)
    total = (
        f"{plural(len(changes), 'file')} changed, +{added} -{removed}, {plural(sum(c.hunks for c in changes), 'hunk')}"
    )
    yield Fact(total, node.address, 2.0, "count")
    for word in ("new", "deleted", "renamed", "binary"):
        found = [one.file for one in changes if one.kind == word]
        if found:
            yield Fact(f"{word}: {names(found, 4)}", node.address, 1.1, "kind")
    largest = sorted(changes, key=lambda one: -(one.added + one.removed))
    for number, one in enumerate(largest[:20]):
        where = f" in {names(one.places, 2)}" if one.places else ""
        text = f"{one.file} +{one.added} -{one.removed}{where}"
        yield Fact(text, node.address_of(one.index), max(0.4, 1.6 - 0.1 * number), "file")
        if one.defined:
            yield Fact(
                f"{one.file} touches {names(one.defined, 4)}",
                node.address_of(one.index),
                0.7 - 0.02 * number,
                "definition",
            )
    if focus:
        yield from quotes(node, focus)


def _changes(node: Node) -> Iterator[Change]:
    change: Change | None = None
    left = 0
    old = ""
    for index, line in enumerate(stream(node)):
        if found := _GIT.match(line):
            if change:
                yield change
            change, left = Change(found["file"], index), 0
        elif left <= 0 and (found := _OLD.match(line)):
            old = found["file"]
        elif left <= 0 and (found := _NEW.match(line)):
            if change is None or change.hunks:
                if change:
                    yield change
                change = Change(found["file"], index)
            change.file = old if found["file"] == "/dev/null" else found["file"]
        elif change is not None:
            left = _inside(change, line, left)
    if change:
        yield change


def _inside(change: Change, line: str, left: int) -> int:
    """Count one line of a file's part; return how many lines of the new side its hunk still has."""
    hunk = _HUNK.match(line)
    if hunk:
        change.hunks += 1
        if hunk["where"]:
            change.places.append(clip(hunk["where"], 60))
        return int(hunk["count"] or 1)
    if not change.hunks:
        for start, kind in (
            ("new file", "new"),
            ("deleted file", "deleted"),
            ("rename ", "renamed"),
            ("Binary", "binary"),
        ):
            change.kind = kind if line.startswith(start) else change.kind
        return 0
    defined = _DEFINES.match(line)
    if defined and len(change.defined) < 50:
        change.defined.append(defined["name"])
    change.added += line.startswith("+")
    change.removed += line.startswith("-")
    return left - (not line.startswith(("-", "\\")))
