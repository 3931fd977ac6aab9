"""The pieces of work that are timed, each a function without arguments on inputs prepared before.

None asks the same twice where an answer may be remembered: pages, messages and contents differ from call to call.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count, cycle
from pathlib import Path

from agent import Message, Settings, ToolCall, investigate, tool
from agent.ceiling import check_ceiling
from agent.models import ScriptedModel
from pager import Pager, TokenCounter
from pager.tokens import FunctionCounter
from summarizers import card, summarize
from summarizers.fact import Fact
from summarizers.packer import pack

from .generated import generated_log, megabyte_of_json

Work = Callable[[], object]
PAGES = 100
TURNS = 12
LOG_MEGABYTES = 10


@dataclass(frozen=True, slots=True)
class Timed:
    """A piece of work and how it is called."""

    name: str
    run: Work


@contextmanager
def works(tokens: TokenCounter) -> Iterator[list[Timed]]:
    """Counting, paging, searching, packing, summarizing, assembling a prompt, and whole turns of an investigation."""
    data = megabyte_of_json()
    text = data.decode()
    with Pager(counter=tokens) as shelf, generated_log(LOG_MEGABYTES) as file:
        root, log = shelf.put(data).id, shelf.put_file(file).id
        pages = cycle(range(1, PAGES + 1))
        yield [
            Timed("count 100 kB", lambda: tokens.count(text[:100_000])),
            Timed("put 1 MB JSON", lambda: _closed(Pager(counter=tokens), data)),
            Timed("open a page of 1 MB JSON", lambda: shelf.open(f"{root}#{next(pages)}", limit_tokens=1000)),
            Timed("find in 1 MB JSON", lambda: shelf.find(root, "worker 15", limit_tokens=500)),
            Timed("find in 10 MB log", lambda: shelf.find(log, "tenant-7731|timed out", limit_tokens=500)),
            Timed("first query of 1 MB JSON", lambda: _first_query(data, tokens)),
            Timed("further query", lambda: shelf.query(root, "select status, count(*) from t group by 1")),
            Timed("pack 200 facts", _packer(tokens)),
            Timed(
                "summarize 1 MB JSON, stored", lambda: summarize(shelf.node(root), budget_tokens=150, counter=tokens)
            ),
            Timed("put and summarize 1 MB JSON", lambda: _put_and_summarize(data, tokens)),
            Timed("assemble and check a 10k prompt", _assembler(tokens)),
            Timed(f"{TURNS} scripted turns", lambda: _turns(tokens)),
        ]


def case_works(folder: Path, tokens: TokenCounter) -> dict[str, Timed]:
    """put + card of each of the five cases, by file name, in a new pager each time."""
    return {path.name: Timed(path.name, _carder(path.read_bytes(), tokens)) for path in sorted(folder.glob("[a-e]_*"))}


def _carder(data: bytes, tokens: TokenCounter) -> Work:
    """Each time as if for the first: a new pager, and a counter that remembers nothing."""

    def put_and_card() -> object:
        forgetful = replace(tokens) if isinstance(tokens, FunctionCounter) else tokens
        with Pager(counter=forgetful) as pager:
            return card(pager.node(pager.put(data).id), counter=forgetful)

    return put_and_card


def _closed(pager: Pager, data: bytes) -> object:
    with pager:
        return pager.put(data)


def _first_query(data: bytes, tokens: TokenCounter) -> object:
    """The process that answers it is started, and the rows are loaded."""
    with Pager(counter=tokens) as pager:
        return pager.query(pager.put(data).id, "select status, count(*) from t group by 1")


def _put_and_summarize(data: bytes, tokens: TokenCounter) -> object:
    with Pager(counter=tokens) as pager:
        return summarize(pager.node(pager.put(data).id), budget_tokens=150, counter=tokens)


def _packer(tokens: TokenCounter) -> Work:
    """Facts of twenty topics into 150 tokens."""
    turn = count(1)

    def packed() -> object:
        started = next(turn)
        facts = [
            Fact(
                f"kind{n % 20} max {started * 1000 + n} in layer {n}, median {n % 7}",
                f"r1/layers[{n}]",
                1 / (n + 1),
                f"topic{n % 20}",
            )
            for n in range(200)
        ]
        frame = lambda lines, left: "\n".join([*lines, f"+{left}"])  # noqa: E731
        return pack(facts, frame, root="r1", budget_tokens=150, counter=tokens)

    return packed


def _assembler(tokens: TokenCounter) -> Work:
    """Twenty results of 500 tokens and one new message, rendered with tool schemas, counted and checked."""
    model, turn = ScriptedModel([], counter=tokens), count(1)
    rows = megabyte_of_json().decode()
    told = [Message("tool", rows[at : at + 1_250], name="rows") for at in range(0, 25_000, 1_250)]

    def assembled() -> object:
        messages = [Message("user", "Which tenant is slow?"), *told, Message("user", f"Go on with {next(turn)}.")]
        prompt = model.prompt(messages, [rows_of.spec])
        check_ceiling(prompt, max_new_tokens=256, ceiling=20_000, purpose="turn")
        return prompt

    return assembled


@tool
def rows_of(part: int) -> list[dict[str, object]]:
    """Rows of a part.

    Args:
        part: which part
    """
    return [{"id": part * 1000 + n, "ms": 20 + n * part % 17, "zone": f"z{n % 5}"} for n in range(120)]


def _turns(tokens: TokenCounter) -> object:
    """An investigation whose model answers at once: what is left is the loop, the store, cards and counting."""
    script = [ToolCall("rows_of", {"part": part}) for part in range(TURNS - 1)]
    with tempfile.TemporaryDirectory() as folder:
        return investigate(
            "Which part is slow?",
            model=ScriptedModel([*script, "Part 3."], counter=tokens),
            tools=[rows_of],
            run=Path(folder) / "run",
            settings=Settings(ceiling=8_000, max_turns=TURNS, answer_after=0),
        )
