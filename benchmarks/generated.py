"""Inputs that are made for a measurement, the same every time: JSON records, logs, JSON Lines of any size."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MEGABYTE = 1_000_000
DISTINCT_MEGABYTES = 50
"""Larger files repeat what the first so many megabytes have."""
_AT_ONCE = 1000


def megabyte_of_json() -> bytes:
    """About 1,000,000 bytes of JSON records: numbers, categories, times and words."""
    return json.dumps([_record(number) for number in range(6_000)]).encode()


def warming_texts() -> list[str]:
    """A text of each kind, unlike any case, after which whatever is loaded when first needed is loaded."""
    rows = [_record(number) for number in range(300)]
    prose = "The pump was checked in spring. Its valve, which had been replaced twice, held. Nobody knew why.\n\n"
    tree = {f"part{n}": {"inner": {"mean": n / 7, "max": n * n, "names": ["a", "b"]}} for n in range(30)}
    log = "".join(map(_log_line, range(500)))
    return [
        json.dumps(rows),
        json.dumps(tree),
        log,
        f"# Report\n\n{prose * 60}",
        json.dumps([n / 7 for n in range(3_000)]),
    ]


@contextmanager
def generated_log(megabytes: int) -> Iterator[Path]:
    """A log of that size in a temporary file, with templates, rare errors and one exception."""
    with _generated("generated.log", megabytes, _log_line) as path:
        yield path


@contextmanager
def generated_json_lines(megabytes: int) -> Iterator[Path]:
    """JSON Lines of that size in a temporary file, records like those of `megabyte_of_json`."""
    with _generated("generated.jsonl", megabytes, lambda number: json.dumps(_record(number)) + "\n") as path:
        yield path


@contextmanager
def _generated(name: str, megabytes: int, line: Callable[[int], str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        blocks, size, number = list[str](), 0, 0
        with path.open("w", encoding="utf-8") as file:
            while size < min(megabytes, DISTINCT_MEGABYTES) * MEGABYTE:
                block = "".join(map(line, range(number, number + _AT_ONCE)))
                number += _AT_ONCE
                size += file.write(block)
                blocks.append(block)
            while size < megabytes * MEGABYTE:
                for block in blocks:
                    size += file.write(block)
            file.flush()
            os.fsync(file.fileno())  # so that writing it back does not stand in the way of what is measured
        yield path


def _record(n: int) -> dict[str, object]:
    return {
        "id": 10_000 + n,
        "at": f"2026-03-{1 + n // 400 % 28:02d}T{n % 24:02d}:{n % 60:02d}:00Z",
        "route": f"/api/v1/orders/{n % 37}",
        "status": 500 if n % 611 == 0 else 200,
        "ms": round(18 + (n * 7919 % 1000) / 40 + (9000 if n == 4242 else 0), 2),
        "tenant": f"tenant-{n * 31 % 113}",
        "message": f"request {n} handled by worker {n % 16}",
    }


def _log_line(n: int) -> str:
    at = f"2026-03-{1 + n // 86400 % 28:02d} {n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d},{n % 997:03d}"
    if n == 123_457:
        return f"{at} ERROR [worker-3] Traceback: KeyError: 'tenant-7731' while loading quota\n"
    if n % 50_021 == 7:
        return f"{at} ERROR [worker-{n % 16}] upstream timed out after {n % 900 + 100} ms\n"
    if n % 211 == 3:
        return f"{at} WARN [worker-{n % 16}] retry {n % 5} of request {n * 7919 % 1_000_003}\n"
    return f"{at} INFO [worker-{n % 16}] request {n * 7919 % 1_000_003} took {n * 31 % 400} ms status 200\n"
