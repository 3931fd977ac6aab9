"""Documents with headings (Markdown, reStructuredText): title, sections, code, tables, links, and what a focus asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.cells import typed_columns
from ..reading.drawn import drawn_facts
from ..reading.grid import grid_of
from ..reading.key_sentence import key_sentences
from ..reading.lines import TEXTUAL, clip, head, listing, names, plural, stream
from ..reading.passage import quotes
from ..reading.section import Document, document_of

if TYPE_CHECKING:
    from pager import Node


def matches(node: Node) -> bool:
    """Whether the first lines hold headings, fences or several links."""
    if node.kind not in TEXTUAL:
        return False
    found = document_of(head(node, 400))
    return len(found.headings) >= 2 or bool(found.fences) or bool(found.headings and found.lines > 5)


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield the title and outline, counts, tables, key sentences; with a focus the sentences that answer it first."""
    document = document_of(stream(node))
    yield from _outline(node, document)
    yield from _longest(node, document)
    yield from _counts(node, document)
    yield from _tables(node, document, focus)
    if focus:
        yield from quotes(node, focus, whole=True)
    yield from key_sentences(node)


def _outline(node: Node, document: Document) -> Iterator[Fact]:
    headings = document.headings
    if not headings:
        return
    top = min(one.level for one in headings)
    title = next(one for one in headings if one.level == top)
    yield Fact(f"title: {clip(title.title, 120)}", node.address_of(title.index), 2.0, "heading")
    levels = Counter(one.level for one in headings)
    shown = ", ".join(f"level {level} {levels[level]}" for level in sorted(levels))
    yield Fact(f"{plural(len(headings), 'heading')}: {shown}", node.address, 1.8, "count")
    for level in sorted(levels):
        yield from _level(node, document, level, 1.3 if levels[level] > 2 else 0.9)


def _level(node: Node, document: Document, level: int, salience: float) -> Iterator[Fact]:
    """The titles of one level, the first and last of them always; deeper levels matter less."""
    found = [one for one in document.headings if one.level == level]
    if len(found) < 2:
        return
    weight = salience - 0.15 * (level - 1)
    last = found[-1]
    yield Fact(
        f"last level-{level} section: {clip(last.title, 80)}", node.address_of(last.index), weight + 0.3, "heading"
    )
    shown = names((one.title for one in found), 8, width=60)
    yield Fact(f"level {level}: {shown}", node.address_of(found[0].index), weight, "heading")


def _longest(node: Node, document: Document) -> Iterator[Fact]:
    """The longest section of every level that has several, the level with most of the text first."""
    levels = Counter(one.level for one in document.headings)
    told = 0
    for level in sorted(levels):
        found = [one for one in document.headings if one.level == level]
        if len(found) < 3:
            continue
        longest = max(found, key=lambda one: one.length)
        text = f"longest level-{level} section: {clip(longest.title, 80)}, {longest.length} lines"
        yield Fact(text, node.address_of(longest.index), max(0.6, 1.6 - 0.3 * told), "extreme")
        told += 1


def _counts(node: Node, document: Document) -> Iterator[Fact]:
    if document.fences:
        languages = Counter(language for language, _ in document.fences if language)
        said = f": {listing(languages, 4)}" if languages else ""
        apart = f" (+{document.indented} indented)" if document.indented else ""
        text = f"{plural(len(document.fences) - document.indented, 'code block')}{apart}{said}"
        yield Fact(text, node.address_of(document.fences[0][1]), 1.5, "count")
    counts = [
        plural(count, noun)
        for count, noun in ((document.links, "link"), (document.images, "image"), (document.items, "list item"))
        if count
    ]
    if counts:
        yield Fact(", ".join(counts), node.address, 0.7, "count")


def _tables(node: Node, document: Document, focus: str | None) -> Iterator[Fact]:
    if document.tables:
        yield Fact(plural(len(document.tables), "table"), node.address, 0.8, "count")
    for number, lines in enumerate(sorted(document.tables, key=lambda rows: -len(rows))[:2]):
        grid = grid_of(lines)
        if grid is not None and len(grid.rows) >= 3:
            rows = typed_columns(grid.names, grid.rows)
            yield from drawn_facts(node, grid, rows, focus, weight=0.7 - 0.2 * number)
