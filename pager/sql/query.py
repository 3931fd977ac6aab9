"""SQL over a node: its rows go into a sandbox as table `t`, one SELECT comes back as bounded rows."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from ..answer import bounded
from ..bodies.body import Body
from ..bodies.columns import Column, batches, columns_of
from ..bodies.tablebody import CsvBody
from ..bodies.textbody import TextBody
from ..errors import LimitTooSmall, NotATable, QueryFailed
from ..intake.jsontext import dump
from ..node import Node
from ..tokens import TokenCounter
from ..types import Rows
from .sandbox import COUNTED_ROWS
from .worker import START_SECONDS, Worker

BATCH = 20_000
LOAD_SECONDS = 120.0
CELL_WIDTHS = (200, 60, 20)
"""Characters a cell may take in the text; narrower ones are tried when not even one row fits."""
NAMED = 30
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TEXT = [Column("line", "line", "BIGINT"), Column("text", "text", "VARCHAR")]


def run(
    node: Node, sql: str, counter: TokenCounter, worker: Worker, *,
    limit_tokens: int, max_rows: int, timeout_seconds: float,
) -> Rows:  # fmt: skip
    """The answer of a SELECT; `Pager.query` says more."""
    if limit_tokens < 1:
        raise LimitTooSmall(node.address, limit_tokens, 1)
    with worker.lock:
        columns = _load(node, worker)
        request = {"do": "select", "sql": _clean(sql), "max_rows": max(0, max_rows)}
        try:
            answer = worker.ask(request, seconds=timeout_seconds)
        except QueryFailed as error:
            raise QueryFailed(f"{error}; {_described(columns)}") from None
    return _rows(node, answer, counter, limit_tokens)


def _clean(sql: str) -> str:
    return sql.encode("utf-8", "replace").decode().replace("\0", "")


def _load(node: Node, worker: Worker) -> list[Column]:
    """Bring the node's rows into the worker, unless it holds them already."""
    rows = _rows_of(node)
    if worker.loaded == node.address and worker.columns:
        return worker.columns
    worker.start()
    columns = _TEXT if isinstance(node.body, TextBody) else columns_of(rows()) or _headed(node.body)
    if not columns:
        raise QueryFailed(f"{node.address} has no columns to query; open it instead")
    worker.loaded = None
    named = [[column.name, column.kind] for column in columns]
    worker.ask({"do": "create", "columns": named, "aliases": _aliases(node)}, seconds=START_SECONDS)
    kinds = [column.kind for column in columns]
    for data in batches(rows(), columns, BATCH):
        worker.ask({"do": "insert", "kinds": kinds, "data": data}, seconds=LOAD_SECONDS)
    worker.loaded, worker.columns = node.address, columns
    return columns


def _headed(body: Body) -> list[Column]:
    """The columns of a table that is nothing but its header."""
    return columns_of([dict.fromkeys(body.header)]) if isinstance(body, CsvBody) else []


def _rows_of(node: Node) -> Callable[[], Iterator[dict[str, Any]]]:
    body = node.body
    if isinstance(body, TextBody) and body.kind != "value":
        return lambda: ({"line": number, "text": line} for number, line in enumerate(body.lines(0, None)))
    if body.rows() is None:
        node.rows()
        raise NotATable(node.address, node.kind)
    return lambda: body.rows() or iter(())


def _aliases(node: Node) -> list[str]:
    """The node's own name as a second name of the table, where SQL can write it as it is."""
    name = (node.name or "").partition(".")[0]
    return [name] if _PLAIN.fullmatch(name) and name.lower() not in ("t", "table", "select", "from") else []


def _described(columns: list[Column]) -> str:
    named = [f"{column.name} {column.kind}" for column in columns[:NAMED]]
    more = f" and {len(columns) - NAMED} more" if len(columns) > NAMED else ""
    return f"the table is t({', '.join(named)}{more}); one SELECT over it is allowed"


def _rows(node: Node, answer: dict[str, Any], counter: TokenCounter, limit_tokens: int) -> Rows:
    columns, rows, total = answer["columns"], answer["rows"], answer["total"]
    for width in CELL_WIDTHS:
        lines = [" | ".join(_shown(cell, width) for cell in row) for row in [columns, *rows]]
        text = bounded(
            lines, lambda shown: _footer(shown - 1, total), counter,
            limit_tokens=limit_tokens, subject=f"query of {node.address}",
        )  # fmt: skip
        if text.shown > 1 or not rows:
            break
    truncated = total is None or text.shown - 1 < total
    return Rows(tuple(columns), tuple(tuple(row) for row in rows), total, text.text, text.tokens, truncated)


def _shown(cell: Any, width: int) -> str:
    text = "null" if cell is None else cell if isinstance(cell, str) else dump(cell)
    text = text.replace("\n", "\\n").replace("\r", "\\r")
    return text if len(text) <= width else f"{text[:width]}… ({len(text)} characters)"


def _footer(shown: int, total: int | None) -> str:
    if total is not None and shown >= total:
        return "" if total else "(no rows)"
    of = f"more than {COUNTED_ROWS}" if total is None else str(total)
    return f"({max(0, shown)} of {of} rows shown; add LIMIT, WHERE or an aggregate, or select fewer columns)"
