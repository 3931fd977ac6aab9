"""The process that answers SQL: it knows one table, no file, no network, and can be killed at any moment.

Runs alone (`python -I sandbox.py`) and imports nothing of the pager. DuckDB cannot interrupt every function
(`repeat('x', 3000000000)` takes half a minute), so time and memory are bounded from outside.

Frames on standard input and output are a length of 8 bytes and JSON. Requests: `create` (columns and aliases),
`insert` (a batch of columns), `select`. Every request is answered.
"""

import contextlib
import datetime
import decimal
import json
import math
import struct
import sys
from typing import Any, BinaryIO

MEMORY = "512MB"
ADDRESS_SPACE_BYTES = 3 << 30
COUNTED_ROWS = 100_000
ANSWER_CHARACTERS = 8_000_000
CELL_CHARACTERS = 100_000
BATCH = 256


class Refused(Exception):
    """SQL that is not one SELECT."""


def main() -> None:
    """Answer requests until standard input ends."""
    _limit_memory()
    with contextlib.suppress(ImportError):  # told when it is first needed
        import duckdb  # noqa: F401  it is loaded while the first rows are on their way
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    connection = None
    while (request := read_frame(source)) is not None:
        try:
            if request["do"] == "create":
                connection = _connect()
            write_frame(sink, _answer(connection, request))
        except MemoryError:
            write_frame(sink, {"error": f"the query needed more than {MEMORY} of memory"})
        except Exception as error:  # noqa: BLE001  the process boundary: whatever DuckDB raises becomes an answer
            write_frame(sink, {"error": _said(error)})


def read_frame(source: BinaryIO) -> Any:
    """The next frame, or None at the end."""
    head = source.read(8)
    return json.loads(source.read(struct.unpack("<Q", head)[0])) if len(head) == 8 else None


def write_frame(sink: BinaryIO, value: object) -> None:
    """Send one frame."""
    data = json.dumps(value).encode()
    sink.write(struct.pack("<Q", len(data)) + data)
    sink.flush()


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # not every system has or allows limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _connect() -> Any:
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "memory_limit": MEMORY,
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'; SET enable_external_access = false; SET lock_configuration = true")
    return connection


def _answer(connection: Any, request: dict[str, Any]) -> dict[str, Any]:
    if request["do"] == "create":
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in request["columns"])
        connection.execute(f"CREATE TABLE t({columns})")
        for alias in request["aliases"]:
            connection.execute(f"CREATE VIEW {quoted(alias)} AS SELECT * FROM t")
        return {}
    if request["do"] == "insert":
        slots = ", ".join(f"unnest(${at}::{kind}[])" for at, kind in enumerate(request["kinds"], 1))
        connection.execute(f"INSERT INTO t SELECT {slots}", request["data"])
        return {}
    return _select(connection, request["sql"], request["max_rows"])


def quoted(name: str) -> str:
    """A name as SQL writes it whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def _select(connection: Any, sql: str, max_rows: int) -> dict[str, Any]:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise Refused(f"give one SELECT statement, not {len(statements)}")
    kind = str(statements[0].type).rpartition(".")[2]
    if kind != "SELECT":
        raise Refused(f"only SELECT is allowed, not {kind}")
    answered = connection.execute(statements[0])
    columns = [str(column[0]) for column in answered.description or ()]
    return {"columns": columns, **_fetch(answered, max_rows)}


def _fetch(answered: Any, max_rows: int) -> dict[str, Any]:
    """The first rows, and how many there are in all, as far as they are counted."""
    rows: list[list[Any]] = []
    total, characters = 0, 0
    while total < COUNTED_ROWS and (batch := answered.fetchmany(BATCH)):
        total += len(batch)
        for row in batch[: max(0, max_rows - len(rows))]:
            if characters < ANSWER_CHARACTERS:
                cells = [plain(cell) for cell in row]
                characters += sum(len(str(cell)) for cell in cells)
                rows.append(cells)
    return {"rows": rows, "total": total if total < COUNTED_ROWS else None}


def plain(cell: Any) -> Any:
    """A cell as strict JSON has it: dates in ISO form, decimals as numbers, NaN and Infinity as words."""
    if cell is None or isinstance(cell, (bool, int)):
        return cell
    if isinstance(cell, str):
        return _short(cell)
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(cell, "NaN")
    if isinstance(cell, decimal.Decimal):
        return int(cell) if cell == cell.to_integral_value() else float(cell)
    if isinstance(cell, (datetime.date, datetime.time)):
        return cell.isoformat()
    if isinstance(cell, (list, tuple)):
        return [plain(item) for item in cell]
    if isinstance(cell, dict):
        return {str(key): plain(item) for key, item in cell.items()}
    return _short(cell.hex() if isinstance(cell, bytes) else str(cell))


def _short(text: str) -> str:
    if len(text) <= CELL_CHARACTERS:
        return text.encode("utf-8", "replace").decode()
    return f"{text[:CELL_CHARACTERS]}… ({len(text)} characters)"


def _said(error: Exception) -> str:
    """The first line of what DuckDB says, with its hint."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    hint = next((line for line in lines[1:4] if line.startswith(("Did you mean", "Candidate"))), "")
    return f"{lines[0] if lines else type(error).__name__} {hint}".strip()[:600]


if __name__ == "__main__":
    main()
