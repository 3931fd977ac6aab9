"""`python -m benchmarks.investigate`: networks with one planted fault, looked into by this loop and by others.

Each case is one plant, one seed and one loop; all loops have the same model, question, tools, grammar, contract (an
answer needs a recorded finding, or the last turn), reserve, turn limit and ceiling. They differ in what of the results
stays in the prompt; this one also offers the whole before its parts, answers a call made before from its store, and
saves findings of its own, which its answer may rest on. A case counts as solved when its answer names the fault as the
plant's checker has it: layer, module, and head, row or value where there is one; whether the model's own last words
do, and whether a finding does that it recorded itself, is told apart. Every case is kept as soon as it is
over, so that a run can be cut off and gone on with.
"""

import json
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.cli.serving import ModelChoice
from agent.errors import AgentError
from agent.introspection import KINDS, Plant, Subject, introspection_tools, plant
from agent.investigation import investigate
from agent.messages import Model
from agent.models import bundled_model
from agent.settings import Settings
from agent.tools import Tool
from summarizers import Templates

from .corpus import PROJECT
from .interval import wilson
from .plainloop import LoopResult, investigated
from .policies import POLICIES, loop_name
from .progress import progress
from .remembered import Remembered

OURS = "toolpager"
LOOPS = (OURS, *POLICIES)
QUESTION = (
    "Was a fault planted in the weights of this network? If so: in which layer and module, and what is wrong there?"
)
TEMPLATES = Path(__file__).resolve().parent / "templates"
Fields = dict[str, Any]
_NAMED = ("solved", "worded", "found")  # by the answer, by the model's own last words, by a finding it recorded


@dataclass(frozen=True, slots=True)
class Case:
    """What is compared: one loop on one planted network."""

    model: str
    ceiling: int
    max_turns: int
    plant: str
    seed: int
    loop: str


@dataclass(frozen=True, slots=True)
class Network:
    """A planted network: its fault, and the tools that look into it, which measure it once for all loops."""

    planted: Plant
    tools: list[Tool]


@contextmanager
def planted_network(kind: str, seed: int) -> Iterator[Network]:
    """A copy of the bundled model with one fault, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="toolpager-plant-") as folder:
        target = Path(folder) / "network"
        planted = plant(bundled_model(), target, seed, kind=kind)
        yield Network(planted, introspection_tools(Subject(target)))


Networks = Callable[[str, int], AbstractContextManager[Network]]


def run_cases(
    cases: Sequence[Case],
    model: Model,
    *,
    out: Path,
    runs: Path | None = None,
    limit_seconds: float | None = None,
    networks: Networks = planted_network,
    show: bool = True,
) -> Fields:
    """Run the cases that `out` does not hold yet, none begun after `limit_seconds`; return what `out` then says.

    `runs` keeps the run folders of our loop. Cases of one planted network are run in a row.
    """
    began = time.monotonic()
    kept = _kept(out)
    known = {_key(one) for one in kept}
    due = [case for case in cases if _key(asdict(case)) not in known]
    with progress(len(due), show=show) as tick:
        for kind, seed in dict.fromkeys((case.plant, case.seed) for case in due):
            if limit_seconds is not None and time.monotonic() - began > limit_seconds:
                break
            with networks(kind, seed) as network:
                for case in (case for case in due if (case.plant, case.seed) == (kind, seed)):
                    if limit_seconds is not None and time.monotonic() - began > limit_seconds:
                        break
                    tick(f"{case.plant} {case.seed} {case.loop}")
                    kept.append({**asdict(case), **_outcome(case, network, model, runs)})
                    _written(out, kept)
    return _written(out, kept)


def _outcome(case: Case, network: Network, model: Model, runs: Path | None) -> Fields:
    settings = Settings(
        ceiling=case.ceiling, max_turns=case.max_turns, max_new_tokens=192, narrow_after=1, seed=case.seed
    )
    try:
        ended = _ended(case, settings, network.tools, model, runs)
    except AgentError as error:
        return {"error": f"{type(error).__name__}: {error}", "solved": False, "worded": False, "found": False}
    return {
        "solved": network.planted.named_by(ended.answer),
        "worded": network.planted.named_by(ended.said),
        "found": any(network.planted.named_by(finding) for finding in ended.findings),
        "turns": ended.turns,
        "input_tokens": ended.totals.input_tokens,
        "computed_tokens": ended.totals.input_tokens - ended.totals.reused_tokens + ended.totals.new_tokens,
        "peak_tokens": ended.totals.peak_tokens,
        "seconds": round(ended.totals.seconds, 1),
        "reason": ended.reason,
        "answer": ended.answer,
        "said": ended.said,
        "findings": list(ended.findings),
        "planted": network.planted.description,
    }


def _ended(case: Case, settings: Settings, tools: list[Tool], model: Model, runs: Path | None) -> LoopResult:
    if case.loop != OURS:
        policy = POLICIES[case.loop]
        return investigated(QUESTION, model=model, tools=tools, policy=policy, settings=settings, templates=TEMPLATES)
    with tempfile.TemporaryDirectory(prefix="toolpager-run-") as folder:
        place = runs / f"{case.plant}-{case.seed}-{int(time.time())}" if runs else Path(folder) / "run"
        outcome = investigate(QUESTION, model=model, tools=tools, run=place, settings=settings)
    own = tuple(one.finding for one in outcome.findings if one.author == "model")
    return LoopResult(outcome.answer, outcome.said, own, outcome.turns, outcome.tokens, outcome.reason)


def _kept(out: Path) -> list[Fields]:
    return list(json.loads(out.read_text(encoding="utf-8"))["cases"]) if out.exists() else []


def _key(case: Fields) -> tuple[object, ...]:
    return tuple(case[name] for name in Case.__dataclass_fields__)


def _written(out: Path, cases: list[Fields]) -> Fields:
    """Write all cases with what they come to, whole or not at all."""
    found: Fields = {"version": 1, "question": QUESTION, "loops": summed(cases), "cases": cases}
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_suffix(".new")
    draft.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draft.replace(out)
    return found


def summed(cases: Sequence[Fields]) -> list[Fields]:
    """What each loop came to with each model, ceiling and turn limit, over the networks that all loops looked into."""
    groups: dict[tuple[str, int, int], list[Fields]] = {}
    for case in cases:
        groups.setdefault((case["model"], case["ceiling"], case["max_turns"]), []).append(case)
    return [row for (model, ceiling, turns), group in groups.items() for row in _rows(model, ceiling, turns, group)]


def _rows(model: str, ceiling: int, turns: int, group: Sequence[Fields]) -> Iterator[Fields]:
    by_loop: dict[str, dict[tuple[str, int], Fields]] = {}
    for case in group:
        by_loop.setdefault(case["loop"], {})[case["plant"], case["seed"]] = case
    shared = set.intersection(*(set(one) for one in by_loop.values()))
    for loop in (name for name in LOOPS if name in by_loop):
        of = [case for place, case in by_loop[loop].items() if place in shared]
        yield {
            "model": model,
            "ceiling": ceiling,
            "max_turns": turns,
            "loop": loop,
            "networks": len(of),
            **{
                name: wilson(sum(case[name] for case in of), len(of)).as_json()
                for name in ("solved", "worded", "found")
            },
            **{name: _mean(of, name) for name in ("turns", "input_tokens", "computed_tokens", "seconds")},
            "peak_tokens": max((case.get("peak_tokens", 0) for case in of), default=0),
        }


def _mean(cases: Sequence[Fields], name: str) -> float:
    values = [case[name] for case in cases if name in case]
    return round(sum(values) / len(values), 1) if values else 0.0


def print_table(found: Fields) -> None:
    """One line for each loop, with its 95 % interval (Wilson)."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="planted networks: does the answer name the fault?")
    columns = (
        "model",
        "ceiling",
        "loop",
        "solved",
        "95 %",
        "own words",
        "found",
        "turns",
        "tokens in",
        "computed",
        "peak",
        "s",
    )
    for column in columns:
        table.add_column(column, justify="left" if column in ("model", "loop") else "right")
    for row in found["loops"]:
        solved = row["solved"]
        table.add_row(
            row["model"],
            f"{row['ceiling']:,}",
            loop_name(row["loop"]),
            f"{solved['hits']}/{solved['n']}",
            f"{solved['low']:.2f}–{solved['high']:.2f}",
            *(f"{row[name]['hits']}/{row[name]['n']}" for name in ("worded", "found")),
            *(f"{row[name]:,.0f}" for name in ("turns", "input_tokens", "computed_tokens", "peak_tokens", "seconds")),
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def main() -> None:
    """The command line."""
    parser = ArgumentParser(prog="toolpager bench investigate", description=__doc__)
    parser.add_argument("--plants", nargs="+", choices=KINDS, default=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--loops", nargs="+", choices=LOOPS, default=LOOPS, metavar="LOOP", help=", ".join(LOOPS))
    parser.add_argument(
        "--model", help="who drives: a folder, .gguf file, hub id or openai:NAME; nothing: the bundled one"
    )
    parser.add_argument("--base-url", help="with --model openai:NAME: the server")
    parser.add_argument("--tokenizer", help="with --model openai:NAME: the model's own")
    parser.add_argument("--dtype", help="what the driving model computes in, such as bfloat16")
    parser.add_argument("--ceiling", type=int, default=4096)
    parser.add_argument("--max-turns", type=int, default=8)
    parser.add_argument("--limit-seconds", type=float, help="begin no case after so many seconds")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "investigate.json")
    parser.add_argument("--replies", type=Path, help="a file that keeps every reply, so that none is generated twice")
    parser.add_argument("--runs", type=Path, help="a folder that keeps the run folders of this project's loop")
    chosen = parser.parse_args()
    asked = ModelChoice(chosen.model, base_url=chosen.base_url, tokenizer=chosen.tokenizer, dtype=chosen.dtype)
    model: Model = asked.load(Templates())
    model = Remembered(model, chosen.replies) if chosen.replies else model
    cases = [
        Case(model.name, chosen.ceiling, chosen.max_turns, kind, seed, loop)
        for seed in chosen.seeds
        for kind in chosen.plants
        for loop in chosen.loops
    ]
    found = run_cases(cases, model, out=chosen.out, runs=chosen.runs, limit_seconds=chosen.limit_seconds)
    print_table(found)


if __name__ == "__main__":
    main()
