"""The pieces of work that are timed, each a function without arguments on inputs prepared before."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pager import Pager, TokenCounter
from summarizers import card, summarize

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Timed:
    """A piece of work and how it is called."""

    name: str
    run: Work


def megabyte_of_json() -> bytes:
    """About 1,000,000 bytes of JSON records: numbers, categories, times and words, the same every time."""
    rows = [
        {
            "id": 10_000 + i,
            "at": f"2026-03-{1 + i // 400:02d}T{i % 24:02d}:{i % 60:02d}:00Z",
            "route": f"/api/v1/orders/{i % 37}",
            "status": 500 if i % 611 == 0 else 200,
            "ms": round(18 + (i * 7919 % 1000) / 40 + (9000 if i == 4242 else 0), 2),
            "tenant": f"tenant-{i * 31 % 113}",
            "message": f"request {i} handled by worker {i % 16}",
        }
        for i in range(6_000)
    ]
    return json.dumps(rows).encode()


def works(tokens: TokenCounter) -> list[Timed]:
    """Counting, paging, packing and summarizing, on the generated megabyte of JSON."""
    data = megabyte_of_json()
    text = data.decode()
    shelf = Pager(counter=tokens)
    root = shelf.put(data).id
    return [
        Timed("count 100 kB", lambda: tokens.count(text[:100_000])),
        Timed("put 1 MB JSON", lambda: Pager(counter=tokens).put(data)),
        Timed("open page 1 of 1 MB JSON", lambda: shelf.open(root, limit_tokens=1000)),
        Timed("find in 1 MB JSON", lambda: shelf.find(root, "worker 15", limit_tokens=500)),
        Timed("summarize 1 MB JSON, stored", lambda: summarize(shelf.node(root), budget_tokens=150, counter=tokens)),
        Timed("put and summarize 1 MB JSON", lambda: _put_and_summarize(data, tokens)),
    ]


def case_works(folder: Path, tokens: TokenCounter) -> dict[str, Timed]:
    """put + card of each of the five cases, by file name, in a new pager each time."""
    return {path.name: Timed(path.name, _carder(path.read_bytes(), tokens)) for path in sorted(folder.glob("[a-e]_*"))}


def _carder(data: bytes, tokens: TokenCounter) -> Work:
    """Each time with one more line end, so that nothing kept from the last time helps; the peers' texts vary alike."""
    turn = count(1)

    def put_and_card() -> object:
        with Pager(counter=tokens) as pager:
            return card(pager.node(pager.put(data + b"\n" * next(turn)).id), counter=tokens)

    return put_and_card


def _put_and_summarize(data: bytes, tokens: TokenCounter) -> object:
    with Pager(counter=tokens) as pager:
        return summarize(pager.node(pager.put(data).id), budget_tokens=150, counter=tokens)
