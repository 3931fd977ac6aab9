"""Source code: how many classes and functions, the longest, the class with most methods, what it raises and imports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.definition import Definition, Source, light_source, python_source
from ..reading.lines import TEXTUAL, clip, head, listing, names, plural, stream
from ..reading.passage import quotes
from . import text as plain

if TYPE_CHECKING:
    from pager import Node

_CODE = re.compile(
    r"\s*(?:(?:async )?def \w+\(.*|class \w+.*[:{]|from [\w.]+ import .+|import [\w.{ ].*|#\s*(?:include"
    r"|define|ifdef|ifndef|pragma)\b.*"
    r"|(?:export |pub |public |private |static )*(?:function|fn|func|class|struct|interface|impl|enum)\s+\w+.*"
    r"|(?:const|let|var) \w+ = .*|package [\w.]+;?|use [\w:]+.*;|return\b.*[;)]|\}|#!/.*|@\w+.*"
    r"|[\w*\s]+\([\w\s*,&]*\)\s*\{)$"
)
_LEFT_TO_DO = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_PARSED_TO_MATCH = 500_000  # bytes
_LARGEST = 200_000  # lines read


def matches(node: Node) -> bool:
    """Whether the node is code by its kind, or a fifth of the first lines could be nothing else."""
    if node.kind == "code":
        return True
    if node.kind not in TEXTUAL:
        return False
    lines = [line for line in head(node, 300) if line.strip()]
    coded = sum(1 for line in lines if _CODE.match(line[:300]))
    if len(lines) >= 4 and coded * 6 >= len(lines):
        return True
    return coded >= 3 and (node.size_bytes or 0) <= _PARSED_TO_MATCH and python_source(node.text()) is not None


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield counts and extremes over the definitions, then what is raised, called and imported."""
    lines = list(stream(node, 0, _LARGEST))
    source = python_source(node.text()) if len(lines) < _LARGEST else None
    python = source is not None and bool(source.definitions or source.imports)
    source = source if source is not None and python else light_source(lines)
    yield from _counts(node, source)
    yield from _longest(node, source)
    yield from _classes(node, source)
    yield from _uses(node, source)
    yield from _left_to_do(node, lines)
    if not source.definitions:
        yield from plain.facts(node, None)
    if source.about:
        yield Fact(clip(source.about, 140), node.address, 0.8, "heading")
    if focus:
        yield from quotes(node, focus)


def _counts(node: Node, source: Source) -> Iterator[Fact]:
    functions = [one for one in source.definitions if one.kind == "function"]
    classes = [one for one in source.definitions if one.kind == "class"]
    methods = sum(1 for one in functions if one.owner)
    text = f"{plural(len(functions), 'function')}" + (f" ({methods} methods)" if methods else "")
    salience = 1.8 if source.definitions else 0.4  # none found may mean a language that is not read
    yield Fact(f"{plural(len({one.name for one in classes}), 'class')}, {text}", node.address, salience, "count")
    outer = [one.name for one in functions if not one.owner]
    if outer:
        yield Fact(f"functions {names(outer, 8)}", node.address_of(functions[0].start), 0.7, "definition")


def _longest(node: Node, source: Source) -> Iterator[Fact]:
    functions = sorted((one for one in source.definitions if one.kind == "function"), key=lambda one: -one.length)
    for number, one in enumerate(functions[:3]):
        owner = f"{one.owner}." if one.owner else ""
        word = "longest function " if not number else "then "
        text = f"{word}{owner}{one.name} {plural(one.length, 'line')}"
        yield Fact(text, node.address_of(one.start), (1.8, 0.7, 0.6)[number], "extreme", "longest function ")


def _classes(node: Node, source: Source) -> Iterator[Fact]:
    classes = [one for one in source.definitions if one.kind == "class"]
    methods = Counter(one.owner for one in source.definitions if one.kind == "function" and one.owner)
    if methods:
        name, count = methods.most_common(1)[0]
        place = next((one.start for one in classes if one.name == name), 0)
        yield Fact(f"class with most methods {name} {count}", node.address_of(place), 1.7, "top")
    if classes:
        shown = names(map(_derived, classes), 8)
        yield Fact(f"classes {shown}", node.address_of(classes[0].start), 1.0, "definition")


def _derived(one: Definition) -> str:
    return f"{one.name}({', '.join(one.bases)})" if one.bases else one.name


def _uses(node: Node, source: Source) -> Iterator[Fact]:
    if source.raised:
        yield Fact(f"raises {listing(source.raised, 4)}", node.address, 1.5, "top")
    if source.imports:
        yield Fact(f"imports {names(source.imports, 8)}", node.address, 0.8, "import")
    called = Counter({name: count for name, count in source.called.items() if count > 2 and name not in _COMMON})
    if called:
        yield Fact(f"most called {listing(called, 4, more=False)}", node.address, 0.8, "top")


_COMMON = frozenset(
    {"len", "str", "int", "list", "dict", "isinstance", "print", "range", "append", "get", "format", "super"}
)


def _left_to_do(node: Node, lines: Sequence[str]) -> Iterator[Fact]:
    found = [(at, line) for at, line in enumerate(lines) if _LEFT_TO_DO.search(line)]
    if found:
        text = f"{plural(len(found), 'TODO or FIXME line')}: {clip(found[0][1].strip(' #/*'), 90)}"
        yield Fact(text, node.address_of(found[0][0]), 0.9, "todo")
