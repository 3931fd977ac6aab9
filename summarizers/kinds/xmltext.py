"""XML that is data: what its containers say of themselves, failures, repeated elements read as a table, its leaves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from ..fact import Fact
from ..reading.alarm import trouble_in
from ..reading.cells import typed_columns
from ..reading.drawn import drawn_facts
from ..reading.grid import Grid
from ..reading.lines import TEXTUAL, clip, head, listing
from ..reading.passage import quotes

if TYPE_CHECKING:
    from pager import Node

_ROOT = re.compile(r"\ufeff?\s*(?:<\?xml\b|<(?!!doctype html|html\b)[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>)", re.IGNORECASE)
_SHOWN_TO_READERS = re.compile(r"<(?:html|body|div|p|span|table|svg|a)\b", re.IGNORECASE)
_SPACES = re.compile(r"xmlns|xsi:")
_TOTALS = frozenset({"failures", "errors", "failed", "passed", "total"})
_LARGEST = 8_000_000  # characters parsed
_REPEATED = 3  # elements of one name from which on they are rows
_MOST_ROWS = 20_000
_COLUMNS = 24
_LEAVES = 14
_TROUBLES = 6


@dataclass(frozen=True, slots=True)
class Element:
    """An element as it closed: its attributes, its own text, its line (0-based), and what its parent is called."""

    name: str
    attributes: dict[str, str]
    line: int
    parent: Element | None
    text: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """Its own text on one line."""
        return " ".join("".join(self.text).split())


def matches(node: Node) -> bool:
    """Whether a text begins as XML does, and not as a page for readers."""
    if node.kind not in TEXTUAL:
        return False
    opening = "\n".join(head(node, 30)).strip()
    return bool(_ROOT.match(opening)) and not _SHOWN_TO_READERS.search(opening)


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield what went wrong, the attributes of single elements, the repeated ones as a table, and leaves."""
    elements = _Reader().read(node.text()[:_LARGEST])
    counts = Counter(element.name for element in elements)
    yield from _troubles(node, elements)
    yield from _containers(node, elements, counts)
    yield from _rows(node, elements, counts, focus)
    yield from _leaves(node, elements, counts)
    if counts:
        yield Fact(f"elements {listing(counts, 6)}", node.address, 0.8, "count")
    if focus:
        yield from quotes(node, focus)


def _containers(node: Node, elements: list[Element], counts: Counter[str]) -> Iterator[Fact]:
    """Attributes of elements that stand alone; a test suite's are its totals."""
    single = [one for one in elements if counts[one.name] < _REPEATED and not trouble_in(one.name)]
    for one in [one for one in single if _written(one)][:4]:
        salience = 2.4 if one.attributes.keys() & _TOTALS else 1.4
        yield Fact(clip(f"{one.name}: {_written(one)}", 200), node.address_of(one.line), salience, "count")


def _written(element: Element) -> str:
    return ", ".join(f"{name} {value}" for name, value in element.attributes.items() if not _SPACES.match(name))


def _troubles(node: Node, elements: list[Element]) -> Iterator[Fact]:
    """Elements that are called after trouble, with what holds them."""
    found = [one for one in elements if trouble_in(one.name) and (one.attributes or one.said)]
    for number, one in enumerate(found[:_TROUBLES]):
        holder = next(
            (value for key, value in (one.parent.attributes if one.parent else {}).items() if key == "name"), ""
        )
        told = one.attributes.get("message") or one.said or _written(one)
        text = f"{one.name}{' in ' + holder if holder else ''}: {clip(told, 160)}"
        yield Fact(text, node.address_of(one.line), 2.3 - 0.1 * number, "error")
    if len(found) > 1:
        kinds = Counter(one.name for one in found)
        yield Fact(f"in all {listing(kinds, 4)}", node.address_of(found[0].line), 1.9, "error")


def _rows(node: Node, elements: list[Element], counts: Counter[str], focus: str | None) -> Iterator[Fact]:
    """The most repeated element that has attributes, or leaves of its own, as a table."""
    inside: dict[int, list[Element]] = {}
    for one in elements:
        inside.setdefault(id(one.parent), []).append(one)
    for name in (name for name, count in counts.most_common() if count >= _REPEATED):
        rows = [one for one in elements if one.name == name][:_MOST_ROWS]
        cells = [one.attributes or _leaf_texts(inside.get(id(one), ())) for one in rows]
        columns = tuple(dict.fromkeys(key for row in cells for key in row))[:_COLUMNS]
        if columns:
            values = tuple(tuple(row.get(key, "") for key in columns) for row in cells)
            grid = Grid(columns, values, tuple(one.line for one in rows))
            told = f"{counts[name]} {name}: {', '.join(columns[:8])}"
            yield Fact(told, node.address_of(rows[0].line), 1.5, "count")
            typed = typed_columns(grid.names, grid.rows)
            found = drawn_facts(node, grid, typed, focus, weight=0.9)
            yield from (fact for fact in found if not fact.text.startswith(f"{len(rows)} rows"))
            return


def _leaf_texts(elements: Sequence[Element]) -> dict[str, str]:
    return {one.name: one.said for one in elements if one.said and not one.parts}


def _leaves(node: Node, elements: list[Element], counts: Counter[str]) -> Iterator[Fact]:
    single = [one for one in elements if one.said and not one.parts and counts[one.name] < _REPEATED]
    single = [one for one in single if not trouble_in(one.name)]
    for number, one in enumerate(single[:_LEAVES]):
        yield Fact(f"{one.name}: {clip(one.said, 90)}", node.address_of(one.line), 1.0 - 0.03 * number, "value")


class _Reader:
    """Gathers elements in the order in which they begin; text that is no XML ends the reading, not the facts."""

    def __init__(self) -> None:
        self._found: list[Element] = []
        self._open: list[Element] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data

    def read(self, text: str) -> list[Element]:
        """All elements, as far as the text is XML."""
        try:
            self._parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError:
            return self._found
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else None
        if parent is not None:
            parent.parts.append(name)
        element = Element(name, attributes, self._parser.CurrentLineNumber - 1, parent)
        self._open.append(element)
        self._found.append(element)

    def _end(self, name: str) -> None:
        del name
        self._open.pop()

    def _data(self, data: str) -> None:
        if self._open:
            self._open[-1].text.append(data)
