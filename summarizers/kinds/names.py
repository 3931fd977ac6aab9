"""Lists of names, one a line: how many, the patterns they follow with the ranges in them, what they end in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..focus import relevance
from ..reading.lines import TEXTUAL, clip, head, listing, ranked, stream

if TYPE_CHECKING:
    from pager import Node

_NAME = re.compile(r"\S{1,300}$")
_SPLIT = re.compile(r"[./:\\]+")
_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d+(?![A-Za-z0-9])")
_MOST = 200_000


def matches(node: Node) -> bool:
    """Whether nearly every one of the first lines is one word, and words have parts."""
    if node.kind not in TEXTUAL:
        return False
    lines = [line.strip() for line in head(node, 200) if line.strip()]
    named = [line for line in lines if _NAME.match(line)]
    parted = [line for line in named if _SPLIT.search(line) or "_" in line or "-" in line]
    return len(lines) >= 5 and len(named) >= 0.95 * len(lines) and len(parted) >= 0.4 * len(lines)


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield counts, patterns with their ranges, the commonest first and last parts, duplicates, the longest name."""
    seen = [(index, line.strip()) for index, line in enumerate(stream(node)) if line.strip()][:_MOST]
    values = [name for _, name in seen]
    yield Fact(f"{len(values)} names", node.address, 1.5, "count")
    yield Fact(f"first {clip(values[0], 80)}, last {clip(values[-1], 80)}", node.address, 0.7, "range")
    yield from _patterns(node, seen)
    yield from _parts(node, values)
    repeated = len(values) - len(set(values))
    if repeated:
        yield Fact(f"{repeated} repeat another", node.address, 0.8, "duplicate")
    longest = max(seen, key=lambda pair: len(pair[1]))
    yield Fact(
        f"longest {clip(longest[1], 80)} ({len(longest[1])} characters)", node.address_of(longest[0]), 0.4, "extreme"
    )
    if focus:
        yield from _near(node, seen, focus)


def _patterns(node: Node, seen: list[tuple[int, str]]) -> Iterator[Fact]:
    """Names that differ only in numbers are one pattern, written with the range of each number."""
    groups: dict[str, list[str]] = {}
    first: dict[str, int] = {}
    for index, name in seen:
        pattern = _NUMBER.sub("{}", name)
        groups.setdefault(pattern, []).append(name)
        first.setdefault(pattern, index)
    numbered = {pattern: members for pattern, members in groups.items() if "{}" in pattern}
    if numbered:
        yield Fact(f"{len(groups)} patterns when numbers are left out", node.address, 1.0, "template")
    stems = _stems(numbered)
    for number, (stem, (count, span, each)) in enumerate(list(stems.items())[:8]):
        yield Fact(f"{stem}{{{span}}}: {count} names, {each} each", node.address, 1.3 - 0.1 * number, "template")
    for number, (pattern, members) in enumerate(sorted(numbered.items(), key=lambda item: -len(item[1]))[:8]):
        if len(members) > 1:
            text = f"{_ranged(pattern, members)} {len(members)}"
            yield Fact(text, node.address_of(first[pattern]), 0.8 - 0.05 * number, "pattern")


def _stems(numbered: dict[str, list[str]]) -> dict[str, tuple[int, str, str]]:
    """What stands before the first number: how many names, which numbers, how many names for each number."""
    stems: dict[str, Counter[int]] = {}
    for members in numbered.values():
        for name in members:
            found = _NUMBER.search(name)
            if found and found.start():
                stems.setdefault(name[: found.start()], Counter())[int(found.group())] += 1
    ordered = sorted(stems.items(), key=lambda item: -sum(item[1].values()))
    return {
        stem: (sum(counts.values()), _span(list(counts)), _each(counts)) for stem, counts in ordered if len(counts) > 1
    }


def _each(counts: Counter[int]) -> str:
    per = sorted(set(counts.values()))
    if len(per) == 1:
        return str(per[0])
    usual = Counter(counts.values()).most_common(1)[0][0]
    odd = next(number for number in sorted(counts) if counts[number] != usual)
    return f"{usual} (but {counts[odd]} for {odd})"


def _ranged(pattern: str, members: list[str]) -> str:
    columns = zip(*(_NUMBER.findall(name) for name in members), strict=True)
    spans = [_span([int(value) for value in column]) for column in columns]
    parts = pattern.split("{}")
    return parts[0] + "".join(
        (span if span.isdigit() else f"{{{span}}}") + part for span, part in zip(spans, parts[1:], strict=True)
    )


def _span(numbers: list[int]) -> str:
    distinct = sorted(set(numbers))
    if len(distinct) == 1:
        return str(distinct[0])
    whole = len(distinct) == distinct[-1] - distinct[0] + 1
    return f"{distinct[0]}..{distinct[-1]}" + ("" if whole else f", {len(distinct)} of them")


def _parts(node: Node, values: list[str]) -> Iterator[Fact]:
    """What names start and end with, once what all start with is left out."""
    split = [[part for part in _SPLIT.split(name) if part] for name in values]
    shared = _shared(split)
    if shared:
        yield Fact(f"all in {'/'.join(split[0][:shared])}", node.address, 0.8, "range")
    firsts = Counter(parts[shared] for parts in split if len(parts) > shared + 1)
    lasts = Counter(parts[-1] for parts in split if len(parts) > 1)
    for word, counts in (("start", firsts), ("end", lasts)):
        shown = Counter({name: count for name, count in ranked(counts)[:200] if count > 1})
        if shown and len(counts) > 1:
            yield Fact(f"{word} with {listing(shown, 5)}", node.address, 0.9, word)


def _shared(split: list[list[str]]) -> int:
    """How many leading parts all names have in common."""
    shared = 0
    while all(len(parts) > shared + 1 for parts in split) and len({parts[shared] for parts in split}) == 1:
        shared += 1
    return shared


def _near(node: Node, seen: list[tuple[int, str]], focus: str) -> Iterator[Fact]:
    scores = relevance(focus, [name for _, name in seen])
    best = sorted(range(len(seen)), key=lambda at: (-scores[at], at))[:5]
    for at in best:
        if scores[at] > 0.3:
            yield Fact(clip(seen[at][1], 120), node.address_of(seen[at][0]), 2.0 * scores[at], "focus")
