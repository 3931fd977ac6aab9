"""The parts of a node as a reader would walk them, and one example of how to open or query it that works."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pager import Node, join

from .reading.sample import stretches
from .rows import are_records, are_siblings, is_scalar

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset(
    (
        *("all", "and", "any", "array", "as", "asc", "both", "case", "cast", "check", "column", "create"),
        *("default", "desc", "describe", "distinct", "do", "else", "end", "except", "false", "fetch", "for"),
        *("from", "grant", "group", "having", "in", "into", "is", "lateral", "leading", "limit", "not", "null"),
        *("offset", "on", "only", "or", "order", "pivot", "primary", "qualify", "references", "returning"),
        *("select", "show", "some", "summarize", "table", "then", "to", "true", "union", "unique", "unpivot"),
        *("using", "when", "where", "window", "with"),
    )
)
_LONGEST_FIELD = 30  # characters of a nested field that make a readable example
_SAMPLED = 200  # rows looked at for an example
_KINDS_WITH_PARTS = ("mapping", "lazy", "text", "code", "list")


@dataclass(frozen=True, slots=True)
class Outline:
    """The first parts, one a line, and how many more there are."""

    parts: tuple[str, ...]
    more: int


def outline_of(node: Node, *, at_most: int) -> Outline:
    """The node's first named parts with kind and length; rows and elements are no outline, their fields are facts."""
    if node.kind not in _KINDS_WITH_PARTS or not at_most:
        return Outline((), 0)
    children = node.children(0, at_most)
    parts = tuple(_part(node, child) for child in children)
    total = len(node) if node.kind in ("mapping", "lazy", "list") else len(children)
    return Outline(parts, max(0, total - len(parts)))


def example_of(node: Node) -> str | None:
    """A call that works on this very node: a query over its real fields, or a part to open."""
    if node.kind == "table":
        return _query(node.address, stretches(node)[-1].node.rows())
    if node.kind == "mapping":
        return _below(node)
    if node.kind in ("text", "log", "code"):
        return f'find {node.address} "PATTERN", or open {node.address}#1'
    if node.kind == "lazy":
        children = node.children(0, 1)
        return f"open {children[0].address}" if children else None
    return f"open {node.address}#1"


def _part(node: Node, child: Node) -> str:
    if node.kind == "lazy":  # looking closer would compute it
        return child.address
    if child.kind == "value":
        return f"{child.address}: {json.dumps(child.value(), default=str, ensure_ascii=False)[:80]}"
    return f"{child.address}: {child.kind}, {len(child)} {child.unit}"


def _below(node: Node) -> str | None:
    value = node.value()
    if not isinstance(value, dict):
        return None
    if are_siblings(value):
        return _query(node.address, node.rows())
    tables = [key for key, child in value.items() if are_records(child) or are_siblings(child)]
    if tables:
        largest = max(tables, key=lambda key: len(value[key]))
        child = value[largest]
        rows = child if isinstance(child, list) else [{"key": key, **row} for key, row in child.items()]
        return _query(join(node.address, largest), rows)
    parts = [key for key, child in value.items() if not is_scalar(child)]
    largest = max(parts, key=lambda key: len(value[key]), default=None)
    return f"open {node.address}#1" if largest is None else f"open {join(node.address, largest)}"


def _query(address: str, rows: Sequence[Mapping[str, Any]]) -> str:
    fields = _fields(rows[:: max(1, len(rows) // _SAMPLED)])
    classes = next((field for field in fields if field.is_class), None)
    if classes is not None:
        alias = "" if classes.sql == classes.name else f" AS {classes.name}"
        return f"query {address}: SELECT {classes.sql}{alias}, count(*) AS n FROM t GROUP BY 1 ORDER BY n DESC"
    number = next((field for field in reversed(fields) if field.is_number), None)
    if number is None:
        return f"query {address}: SELECT count(*) FROM t"
    if number.nested and len(number.sql) > _LONGEST_FIELD:
        return f"open {address}[0]"
    if number.nested:
        return f"query {address}: SELECT CAST({number.sql} AS DOUBLE) AS {number.name} FROM t ORDER BY 1 DESC LIMIT 3"
    return f"query {address}: SELECT * FROM t ORDER BY {number.sql} DESC LIMIT 3"


@dataclass(frozen=True, slots=True)
class _Field:
    """A scalar of each row as SQL says it: a column, or a field inside one."""

    sql: str
    name: str
    values: tuple[object, ...]
    nested: bool = False

    @property
    def is_class(self) -> bool:
        distinct = len(set(self.values))
        return isinstance(self.values[0], str) and 1 < distinct <= max(2, len(self.values) // 4)

    @property
    def is_number(self) -> bool:
        return type(self.values[0]) in (int, float)


def _fields(rows: Sequence[Mapping[str, Any]]) -> list[_Field]:
    """Fields filled by scalars in all rows, those of the rows before those inside a mapping."""
    plain: list[_Field] = []
    inside: list[_Field] = []
    for key in (key for key in (rows[0] if rows else ()) if key.isprintable()):
        column = [row.get(key) for row in rows]
        if _filled(column):
            plain.append(_Field(_quoted(key), _quoted(key), tuple(column)))
        elif all(isinstance(value, dict) for value in column):
            first = column[0] or {}
            inside += [_within(key, field, column) for field in first if str(field).isprintable()]
    return plain + [field for field in inside if _filled(field.values)]


def _within(key: str, field: str, column: Sequence[Any]) -> _Field:
    literal = field.replace("'", "''")
    values = tuple(value.get(field) for value in column)
    return _Field(f"{_quoted(key)}->>'{literal}'", _quoted(field), values, nested=True)


def _filled(values: Sequence[object]) -> bool:
    one_of_each = {type(value): value for value in values}
    return all(value is not None and is_scalar(value) for value in one_of_each.values())


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name.lower() not in _RESERVED else '"' + name.replace('"', '""') + '"'
