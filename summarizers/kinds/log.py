"""Logs: levels, errors before warnings with their exceptions, message templates, who and how often, when, extremes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.alarm import alarms, trouble_in
from ..reading.alarming import all_alarms
from ..reading.family import Family, families
from ..reading.labelled import Column
from ..reading.lines import TEXTUAL, clip, head, listing, ranked, stream
from ..reading.logline import layout_of, may_name_level
from ..reading.mask import MASK, is_identifier
from ..reading.passage import quotes
from ..reading.sample import basis, is_sampled, stretches
from ..reading.stamp import lasting, starts_with_stamp, style_of
from ..reading.tally import Tally

if TYPE_CHECKING:
    from pager import Node


def matches(node: Node) -> bool:
    """Whether most of the first lines start with a time, or name a level near their start."""
    if node.kind not in TEXTUAL:
        return False
    lines = [line for line in head(node, 100) if line]
    if len(lines) < 3:
        return False
    fewest = 0.25 if node.kind == "log" else 0.5
    if style_of(lines) is None and sum(map(may_name_level, lines)) < fewest * len(lines):
        return False
    layout = layout_of(lines)
    entries = [entry for line in lines if (entry := layout.entry(line)) is not None]
    stamped = sum(1 for line in lines if layout.style is not None and starts_with_stamp(line, layout.style))
    levelled = sum(1 for entry in entries if entry.level)
    return max(stamped, levelled) >= fewest * len(lines)


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield what an investigator asks of a log; one pass over its lines, or over a sample and the alarms of all."""
    tally, parts = Tally(layout_of(head(node, 500))), stretches(node)
    for part in parts:
        tally.read(stream(part.node), start=part.start)
    told = all_alarms(node, tally) if is_sampled(node) else tally
    if is_sampled(node):
        rest = "errors and warnings of all" if told else "errors and warnings too"
        yield Fact(f"counts are of {basis(node, parts)}; {rest}", node.address, 2.5, "sample")
    found = families(tally.groups.values())
    yield from _times(node, tally)
    yield from _levels(node, tally, told or tally)
    yield from alarms(node, told or tally)
    yield from _templates(node, tally, found)
    yield from _rare(node, tally, found)
    yield from _people(node, tally)
    yield from _columns(node, tally, found)
    if focus:
        yield from quotes(node, focus)


def _times(node: Node, tally: Tally) -> Iterator[Fact]:
    if tally.first is None or tally.last is None:
        return
    yield Fact(f"from {tally.first[0]} to {tally.last[0]}", node.address, 1.6, "time")
    longest, index = tally.gap
    if longest >= 60 and tally.lines > 20:
        yield Fact(f"longest silence {lasting(longest)} before", node.address_of(index), 0.6, "time")


def _levels(node: Node, tally: Tally, told: Tally) -> Iterator[Fact]:
    """The levels by their lines; of a log that was not read whole, those of alarm counted in all of it come apart."""
    if not tally.levels:
        return
    if told is tally:
        text = listing(_written(tally, tally.levels), 8)
    else:
        others = [rank for rank in tally.levels if rank not in told.levels]
        text = f"{listing(_written(told, told.levels), 6)} in all; {listing(_written(tally, others), 4)} in the sample"
    yield Fact(f"levels {text}", node.address, 1.4, "level")


def _written(tally: Tally, ranks: Iterable[str]) -> Counter[str]:
    return Counter({tally.written[rank]: tally.levels[rank] for rank in ranks})


def _templates(node: Node, tally: Tally, found: list[Family]) -> Iterator[Fact]:
    if not found:
        return
    top = found[0]
    text = clip(top.template, 240)
    yield Fact(
        f"{len(found)} templates, most frequent {top.count}×: {text}", node.address_of(top.index), 1.7, "template"
    )
    for number, (lead, count, index) in enumerate(_leads(found, tally)[:14]):
        if count > 1:
            alarming = 0.2 if trouble_in(lead) and not tally.levels else 0.0
            salience = max(0.3, 1.0 - 0.06 * number) + alarming
            yield Fact(f"messages: {lead} {count}", node.address_of(index), salience, "messages", "messages:")


def _leads(found: list[Family], tally: Tally) -> list[tuple[str, int, int]]:
    """Openings of messages with their counts, save the most frequent family's.

    Families that share two words are one entry, unless one of them is nearly all of it; lines that hold those words
    further on count too.
    """
    alike: dict[str, list[Family]] = {}
    for family in found:
        alike.setdefault(family.lead, []).append(family)
    entries: list[tuple[str, int, int]] = []
    for lead, members in alike.items():
        count = sum(family.count for family in members)
        if members[0].count >= 0.85 * count:
            entries.extend((_lead(family), family.count, family.index) for family in members)
        else:
            entries.append((clip(lead, 60), max(count, _holding(lead, tally)), members[0].index))
    kept = [entry for entry in entries if entry[2] != found[0].index]
    return sorted(kept, key=lambda entry: -entry[1])


def _lead(family: Family) -> str:
    opening = clip(family.name(3), 60)
    trouble = trouble_in(family.template)
    return f"{opening} {trouble}" if trouble and opening.endswith("…") and not trouble_in(opening) else opening


def _holding(words: str, tally: Tally) -> int:
    return sum(group.count for group in tally.groups.values() if words in group.mask)


def _rare(node: Node, tally: Tally, found: list[Family]) -> Iterator[Fact]:
    """Messages seen once or twice among many: where something happened."""
    usual = [family for family in found if not family.ranks.keys() & _told(tally)]
    rare = [family for family in usual if family.count <= max(1, tally.lines // 2_000)]
    if len(rare) > max(8, len(found) // 2):
        return
    for number, family in enumerate(
        sorted(rare, key=lambda family: (family.count, -_weight(family), family.index))[:5]
    ):
        times = f"only {family.count}×" if family.count > 1 else "once"
        salience = (1.5 if _weight(family) else 1.1) - 0.2 * number
        yield Fact(f"{times}: {clip(family.example, 110)}", node.address_of(family.index), salience, "outlier")


_EVENT_WORDS = (
    "accepted opened started stopped restarted restart shutdown shutting created deleted removed killed"
    " login logged password root leading following elected election crashed terminated lost recovered"
    " changed upgraded sudo"
)
_EVENTS = frozenset(_EVENT_WORDS.split())


def _weight(family: Family) -> int:
    return len(_EVENTS & set(family.example.lower().split())) + bool(trouble_in(family.example))


def _told(tally: Tally) -> set[str]:
    return {"ERROR", "FATAL", "CRITICAL"} if tally.levels else set()


def _people(node: Node, tally: Tally) -> Iterator[Fact]:
    """Components and hosts by how many lines are theirs; one that all lines share is no news."""
    for noun, counts in (("component", tally.components), ("host", tally.hosts)):
        if len(counts) == 1:
            yield Fact(f"{noun} {next(iter(counts))}", node.address, 0.3, "schema")
        elif counts:
            start = f"{len(counts)} {noun}s: "
            for number, (name, count) in enumerate(ranked(counts)[:4]):
                yield Fact(f"{start}{clip(name, 90)} {count}", node.address, (1.4, 0.6, 0.4, 0.3)[number], noun, start)


def _columns(node: Node, tally: Tally, found: list[Family]) -> Iterator[Fact]:
    for label, counts in _worded(found).items():
        if sum(counts.values()) >= max(5, tally.lines // 50) and len(counts) > 1:
            salience = 1.1 if label.lower() in _ASKED else 0.6
            yield Fact(_category(label, counts, sum(counts.values())), node.address, salience, "category")
    largest = sorted(tally.columns.items(), key=lambda item: -item[1].total)
    for number, (label, column) in enumerate(largest[:24]):
        salience = 1.2 if label in _ASKED else max(0.4, 0.9 - 0.03 * number)
        yield from _column(node, tally, label, column, salience)


def _worded(found: list[Family]) -> dict[str, Counter[str]]:
    merged: dict[str, Counter[str]] = {}
    for family in found:
        for label, counts in family.words.items():
            if label and MASK not in label and len(label) > 1:
                merged.setdefault(label, Counter()).update(counts)
    return dict(sorted(merged.items(), key=lambda item: -sum(item[1].values()))[:8])


_ASKED = frozenset({"IP", "user", "status", "state", "code", "error", "errno", "exit", "reason", "signal", "path"})


_FAR = 5.0  # times what 99 in 100 stay under: a maximum that stands out
_FEW, _BRIEF = 4, 40  # values, and characters of them, that are all told
_SCATTERED = 20  # values none of which has its share: how many there are says more than the most frequent


def _column(node: Node, tally: Tally, label: str, column: Column, salience: float) -> Iterator[Fact]:
    distinct = len(column.values)
    if column.total < max(5, tally.lines // 50) or distinct == 1:
        return
    topic = "top" if label == "IP" else "category"
    most = max(column.values.values())
    if distinct > _SCATTERED and most < column.total / _SCATTERED:
        more = "+" if column.full else ""
        yield Fact(f"{label} {distinct}{more} distinct", node.address, 0.9 * salience, topic)
    elif distinct <= column.total * 0.6:
        yield Fact(_category(label, column.values, column.total), node.address, salience, topic)
    if _measures(label, column) and column.greatest is not None and column.least is not None:
        place = node.address_of(column.greatest[2])
        middle = column.usual() if len(column.values) > _FEW else None
        far = middle is not None and column.greatest[0] > _FAR * max(middle.high, 0.0) > 0
        told = f"{label} max {column.greatest[1]}" + (f" (median {middle.median:g})" if far and middle else "")
        yield Fact(told, place, max(salience, 1.5) if far else salience, "outlier" if far else "extreme", label)
        yield Fact(f"{label} min {column.least[1]}", node.address_of(column.least[2]), 0.4, "extreme", label)


def _measures(label: str, column: Column) -> bool:
    """Whether the numbers under the label are measurements worth an extreme, not names, codes or a few small counts."""
    if is_identifier(label) or label in _ASKED or column.greatest is None or len(column.values) < 4:
        return False
    return column.greatest[0] >= 30 or "." in column.greatest[1]


def _category(label: str, counts: Counter[str], total: int) -> str:
    name, most = ranked(counts)[0]
    if label != "IP" and len(counts) <= _FEW and sum(map(len, counts)) <= _BRIEF:
        return f"{label} " + ", ".join(f"{one} {count}" for one, count in ranked(counts)) + f" of {total}"
    return f"{label} {clip(name, 60)} {most} of {total}, {len(counts)} distinct"
