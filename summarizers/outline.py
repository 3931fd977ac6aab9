"""The parts of a node as a reader would walk them, and one example of how to open or query it that works."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pager import Node, join

from .rows import are_records, are_siblings, is_scalar

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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
        return _query(node.address, node.rows())
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
    fields = _scalar_fields(rows)
    classes = [field for field in fields if _is_class(rows, field)]
    if classes:
        column = _quoted(classes[0])
        return f"query {address}: SELECT {column}, count(*) AS n FROM t GROUP BY {column} ORDER BY n DESC"
    numbers = [field for field in fields if type(rows[0][field]) in (int, float)]
    if numbers:
        return f"query {address}: SELECT * FROM t ORDER BY {_quoted(numbers[-1])} DESC LIMIT 3"
    return f"query {address}: SELECT count(*) FROM t"


def _scalar_fields(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    first = rows[0] if rows else {}
    sample = rows[:: max(1, len(rows) // 50)]
    return [
        field
        for field, value in first.items()
        if value is not None and all(is_scalar(row.get(field)) for row in sample)
    ]


def _is_class(rows: Sequence[Mapping[str, Any]], field: str) -> bool:
    values = [row.get(field) for row in rows[:500]]
    return isinstance(values[0], str) and 1 < len(set(values)) <= max(2, len(values) // 4)


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
