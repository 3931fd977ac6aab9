"""HTML and XML-like pages: title, headings, tables read as tables, links, the text that a browser would show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..fact import Fact
from ..reading.cells import typed_columns
from ..reading.drawn import drawn_facts
from ..reading.grid import Grid
from ..reading.lines import TEXTUAL, clip, head, listing, names, plural
from ..reading.passage import quotes

if TYPE_CHECKING:
    from pager import Node

_TAG = re.compile(
    r"</?(?:!doctype|html|head|body|table|tr|td|th|div|p|span|ul|li|a|h[1-6]|script|meta|title|section)\b",
    re.IGNORECASE,
)
_XML = re.compile(r"\s*<(?:\?xml|[A-Za-z][\w:.-]*[\s>])")
_LARGEST = 8_000_000  # characters parsed
_TABLES = 3


def matches(node: Node) -> bool:
    """Whether the first lines are full of tags."""
    if node.kind not in TEXTUAL:
        return False
    lines = [line for line in head(node, 60) if line.strip()]
    tagged = sum(1 for line in lines if _TAG.search(line))
    return bool(lines) and (tagged * 2 >= len(lines) or bool(_XML.match(lines[0]) and lines[0].rstrip().endswith(">")))


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield the title and headings, each table's facts, counts of links and other parts."""
    page = _Page()
    page.feed(node.text()[:_LARGEST])
    page.end()
    if page.title.strip():
        yield Fact(f"title: {clip(page.title, 120)}", node.address, 1.8, "heading")
    yield from _headings(node, page)
    yield from _tables(node, page, focus)
    yield from _counts(node, page)
    if page.paragraphs:
        text, line = page.paragraphs[0]
        yield Fact(clip(text, 220), node.address_of(line), 1.0, "sentence")
    if focus:
        yield from quotes(node, focus)


def _headings(node: Node, page: _Page) -> Iterator[Fact]:
    if not page.headings:
        return
    few = len(page.headings) <= 2
    shown = names((text for _, text, _ in page.headings), 8)
    text = f"{plural(len(page.headings), 'heading')}: {shown}"
    yield Fact(text, node.address_of(page.headings[0][2]), 0.7 if few else 1.3, "heading")
    if not few:
        _, text, line = page.headings[-1]
        yield Fact(f"last heading {clip(text, 80)}", node.address_of(line), 0.7, "heading")


def _tables(node: Node, page: _Page, focus: str | None) -> Iterator[Fact]:
    grids = [grid for rows in page.tables if (grid := _grid(rows)) is not None]
    if len(grids) > 1:
        shown = ", ".join(f"{len(grid.rows)} rows ({', '.join(grid.names[:2])}…)" for grid in grids[:4])
        yield Fact(f"{len(grids)} tables: {shown}", node.address_of(grids[0].indices[0]), 0.8, "count")
    for number, grid in enumerate(grids[:_TABLES]):
        rows = typed_columns(grid.names, grid.rows)
        yield from drawn_facts(node, grid, rows, focus, weight=1.3 if not number else 0.35)


def _grid(rows: list[tuple[int, list[str]]]) -> Grid | None:
    """Rows of one width under the first row's names; pages that use tables to place things have none."""
    if len(rows) < 4:
        return None
    width = len(rows[0][1])
    body = [(line, cells) for line, cells in rows[1:] if len(cells) == width]
    if width < 2 or len(body) < 0.7 * (len(rows) - 1) or len(set(rows[0][1])) < width:
        return None
    return Grid(
        tuple(name or f"column {at + 1}" for at, name in enumerate(rows[0][1])),
        tuple(tuple(cells) for _, cells in body),
        tuple(line for line, _ in body),
    )


def _counts(node: Node, page: _Page) -> Iterator[Fact]:
    if page.links:
        hosts = Counter(urlsplit(link).netloc for link in page.links if link.startswith("http"))
        said = f", most to {listing(hosts, 2, more=False)}" if hosts else ""
        yield Fact(f"{plural(len(page.links), 'link')}{said}", node.address, 0.4, "count")
    yield Fact(f"tags {listing(page.tags, 5, more=False)}", node.address, 0.3, "top")


class _Page(HTMLParser):
    """Gathers titles, headings, table cells, links and paragraphs with their line (0-based) while tags go by."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.headings: list[tuple[str, str, int]] = []
        self.tables: list[list[tuple[int, list[str]]]] = []
        self.links: list[str] = []
        self.paragraphs: list[tuple[str, int]] = []
        self.tags: Counter[str] = Counter()
        self._open: list[list[tuple[int, list[str]]]] = []
        self._into = ""
        self._text: list[str] = []
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and begin what it holds."""
        self.tags[tag] += 1
        if tag in ("script", "style"):
            self._hidden = tag
        elif tag == "a":
            self.links.extend(value for name, value in attrs if name == "href" and value)
        elif tag == "table":
            self._open.append([])
        elif tag == "tr" and self._open:
            self._close_cell()
            self._open[-1].append((self.getpos()[0] - 1, []))
        elif tag in ("td", "th", "title", "p", "h1", "h2", "h3", "h4", "h5", "h6"):
            self._close_cell()
            self._into, self._text = tag, []

    def handle_endtag(self, tag: str) -> None:
        """End what the tag held."""
        if tag == self._hidden:
            self._hidden = ""
        elif tag == self._into or tag in ("tr", "table"):
            self._close_cell()
        if tag == "table" and self._open:
            self.tables.append(self._open.pop())

    def handle_data(self, data: str) -> None:
        """Keep text a reader sees."""
        if self._into and not self._hidden:
            self._text.append(data)

    def end(self) -> None:
        """Close what the text left open."""
        self.close()
        self._close_cell()
        self.tables.extend(reversed(self._open))
        self._open = []

    def _close_cell(self) -> None:
        text, into = " ".join("".join(self._text).split()), self._into
        self._into, self._text = "", []
        if into in ("td", "th") and self._open and self._open[-1]:
            self._open[-1][-1][1].append(text)
        elif into == "title":
            self.title = self.title or text
        elif into == "p" and len(text) > 30:
            self.paragraphs.append((text, self.getpos()[0] - 1))
        elif into[:1] == "h" and text:
            self.headings.append((into, text, self.getpos()[0] - 1))
