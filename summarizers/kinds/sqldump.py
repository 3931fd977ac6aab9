"""Dumps of databases in SQL: which tables, their columns, how many rows each is given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.lines import TEXTUAL, clip, head, plural
from ..reading.passage import quotes

if TYPE_CHECKING:
    from pager import Node

_NAME = r"(?P<name>(?:[\w$]+\.|`[^`]+`\.|\"[^\"]+\"\.)?(?:[\w$]+|`[^`]+`|\"[^\"]+\"))"
_CREATE = re.compile(rf"\s*CREATE (?:\w+ )?TABLE (?:IF NOT EXISTS )?{_NAME}\s*(?P<rest>.*)", re.IGNORECASE)
_INSERT = re.compile(rf"\s*INSERT (?:\w+ )?INTO {_NAME}[^;']*?\bVALUES?\b(?P<rest>.*)", re.IGNORECASE)
_COPY = re.compile(rf"COPY {_NAME} .*FROM stdin;", re.IGNORECASE)
_COLUMN = re.compile(r"\s*(?:`(?P<quoted>[^`]+)`|\"(?P<double>[^\"]+)\"|(?P<plain>[A-Za-z_]\w*))\s+\w+")
_CONSTRAINT = re.compile(r"\s*(?:PRIMARY|UNIQUE|FOREIGN|CONSTRAINT|CHECK|KEY|INDEX|FULLTEXT)\b", re.IGNORECASE)
_TEXT = re.compile(r"'(?:[^'\\]|\\.|'')*'")
_LOOKED_AT = 400  # lines


@dataclass(slots=True)
class _Table:
    """What a dump says of one table; `index`: the line it is first named in."""

    index: int
    columns: list[str] = field(default_factory=list)
    rows: int = 0


def matches(node: Node) -> bool:
    """Whether the first lines create a table and fill one, or create two."""
    if node.kind not in (*TEXTUAL, "code"):
        return False
    lines = [line[:2_000] for line in head(node, _LOOKED_AT)]
    made = sum(bool(_CREATE.match(line)) for line in lines)
    filled = sum(bool(_INSERT.match(line) or _COPY.match(line)) for line in lines)
    return made > 1 or (made + filled > 1 and filled > 0)


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield the tables with their rows, the largest first, and the columns of each; lines are read whole to count."""
    tables = _tables(node.lines())
    total = sum(table.rows for table in tables.values())
    yield Fact(f"SQL: {plural(len(tables), 'table')}, {total} rows given to them", node.address, 1.8, "count")
    ordered = sorted(tables.items(), key=lambda pair: (-pair[1].rows, pair[1].index))
    for number, (name, table) in enumerate(ordered[:40]):
        place = node.address_of(table.index)
        yield Fact(f"{name} {plural(table.rows, 'row')}", place, max(0.5, 1.5 - 0.08 * number), "top", "")
        if table.columns:
            columns = clip(", ".join(table.columns), 160)
            yield Fact(f"{name} columns: {columns}", place, max(0.4, 1.1 - 0.08 * number), "schema", "")
    if focus:
        yield from quotes(node, focus)


def _tables(lines: Iterator[str]) -> dict[str, _Table]:
    tables: dict[str, _Table] = {}
    inside, mode = _Table(0), ""
    for index, line in enumerate(lines):
        if mode == "copy":
            mode = "" if line.startswith("\\.") else mode
            inside.rows += bool(mode)
        elif found := _CREATE.match(line) or _INSERT.match(line) or _COPY.match(line):
            inside = tables.setdefault(re.sub(r"[`\"]", "", found["name"]), _Table(index))
            mode = _mode(found)
            inside.rows += _rows_in(found["rest"]) if mode == "insert" else 0
            mode = "" if mode == "insert" and line.rstrip().endswith(";") else mode
        elif mode:
            _take(inside, line, mode)
            mode = "" if line.rstrip().endswith(";") else mode
    return tables


def _mode(found: re.Match[str]) -> str:
    if found.re is _COPY:
        return "copy"
    return "create" if found.re is _CREATE else "insert"


def _take(table: _Table, line: str, mode: str) -> None:
    """Read a line within a statement."""
    if mode == "insert":
        table.rows += _rows_in(line)
    elif (found := _COLUMN.match(line)) and not _CONSTRAINT.match(line):
        table.columns.append(found["quoted"] or found["double"] or found["plain"])


def _rows_in(values: str) -> int:
    """Rows of values: brackets that stand in no other, outside of texts."""
    depth = rows = 0
    for letter in re.findall(r"[()]", _TEXT.sub("", values)):
        rows += letter == "(" and depth == 0
        depth += 1 if letter == "(" else -1
    return rows
