"""Whether the evidence of a planted fault stands in the first, second or third card, whatever model may read it.

The route is fixed and blind: the scan of the weights; where it names nothing, the scan of everything; where that names
nothing either, the architecture. A card counts when its alarms alone satisfy the plant's own checker, which wants
layer, module and, where there is one, head, row or value in one passage: a card that merely lists the module does not.
The clean control counts when no card raises an alarm. Run it with `toolpager bench evidence`.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.introspection import KINDS, Introspection, NoPlant, Plant, Subject, plant
from pager import Call, Pager
from summarizers import card

from .corpus import PROJECT
from .interval import wilson
from .progress import progress

ROUTE = ("get_weight_statistics", "scan_network", "get_architecture_summary")
CARD_TOKENS = 260
GOAL_TOKENS = 750
CLEAN = "clean"
RESULTS = PROJECT / "benchmarks" / "results" / "evidence.json"


@dataclass(frozen=True, slots=True)
class Case:
    """One plant and what its cards held: the card that names it (None: none of them), tokens and seconds up to it."""

    kind: str
    seed: int
    strength: float
    planted: str
    card: int | None
    tokens: int
    seconds: float
    alarms: tuple[str, ...]


def run_evidence(
    model: Path,
    *,
    kinds: Sequence[str] = KINDS,
    seeds: Sequence[int] = (1, 2),
    strengths: Sequence[float] = (1.0,),
    results: Path | None = None,
    show: bool = True,
) -> dict[str, Any]:
    """Plant every kind with every seed and strength in a copy of `model`, open the route's cards, tell which name it.

    Cases kept in `results` for the same model are not run again, so that a long run can be done in parts; kinds that
    the network has no part for are listed under `not_plantable`.
    """
    kept = _kept(results, model)
    wanted = [(kind, seed, strength) for kind in kinds for seed in seeds for strength in strengths]
    with progress(len(wanted), show=show) as tick:
        for kind, seed, strength in wanted:
            tick(f"{kind} {seed}")
            key = f"{kind}/{seed}/{strength:g}"
            if key not in kept["cases"] and kind not in kept["not_plantable"]:
                _add(kept, key, model, kind, seed, strength)
                if results is not None:
                    results.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return kept


def by_kind(kept: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each kind with its cases, in the order of the plants."""
    for kind in KINDS:
        cases = [case for case in kept["cases"].values() if case["kind"] == kind]
        if cases:
            yield kind, cases


def in_goal(case: dict[str, Any]) -> bool:
    """Whether the evidence stands in the first or second card, within 750 tokens in all."""
    return case["card"] in (1, 2) and case["tokens"] <= GOAL_TOKENS


def _kept(results: Path | None, model: Path) -> dict[str, Any]:
    empty = {"model": model.name, "route": list(ROUTE), "card_tokens": CARD_TOKENS, "cases": {}, "not_plantable": []}
    if results is None or not results.is_file():
        return empty
    found: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))
    return found if found["model"] == model.name else empty


def _add(kept: dict[str, Any], key: str, model: Path, kind: str, seed: int, strength: float) -> None:
    target = Path(tempfile.mkdtemp(prefix="planted-"))
    try:
        planted = plant(model, target, seed, kind=kind, strength=strength)
        kept["cases"][key] = asdict(_case(target, planted, seed, strength))
    except NoPlant:
        kept["not_plantable"].append(kind)
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _case(folder: Path, planted: Plant, seed: int, strength: float) -> Case:
    started, tokens, alarms = time.perf_counter(), 0, []
    tools = Introspection(Subject(folder))
    reached = None
    with Pager() as pager:
        for number, name in enumerate(ROUTE, 1):
            value = getattr(tools, name)()
            result = pager.put(value, name=name, call=Call(name, {}))
            seen = card(pager.node(result.id), limit_tokens=CARD_TOKENS, counter=pager.counter)
            tokens += seen.tokens
            raised = [line for line in seen.text.splitlines() if "alert: " in line]
            alarms += raised
            if planted.kind != CLEAN and planted.named_by("\n".join(raised)):
                reached = number
                break
    if planted.kind == CLEAN and not alarms:
        reached = 1
    seconds = round(time.perf_counter() - started, 1)
    return Case(planted.kind, seed, strength, planted.description, reached, tokens, seconds, tuple(alarms[:3]))


def print_evidence(kept: dict[str, Any]) -> None:
    """Print each kind's cards, tokens and seconds, and how many reach the goal."""
    for kind, cases in by_kind(kept):
        cards = " ".join(str(case["card"] or "-") for case in cases)
        most = max(case["tokens"] for case in cases)
        print(f"{kind:22} card {cards:12} at most {most} tokens, {max(case['seconds'] for case in cases):.0f} s")
    goal = wilson(sum(map(in_goal, kept["cases"].values())), len(kept["cases"]))
    print(f"in the first or second card, within {GOAL_TOKENS} tokens: {goal.hits} of {goal.n}")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    from agent.models import bundled_model, local_folder

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evidence", action="store_true", help="what this measures; accepted for the command's sake")
    parser.add_argument("--model", help="a model folder or .gguf file; the bundled model by default")
    parser.add_argument("--kinds", help="kinds of plant, by commas; all by default")
    parser.add_argument("--seeds", type=int, default=2, help="how many seeds each (2)")
    parser.add_argument("--strength", type=float, default=1.0, help="of faults that are a matter of degree (1)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the cases are kept")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args(arguments)
    kept = run_evidence(
        Path(local_folder(given.model)) if given.model else bundled_model(),
        kinds=given.kinds.split(",") if given.kinds else KINDS,
        seeds=range(1, given.seeds + 1),
        strengths=(given.strength,),
        results=given.results,
    )
    print(json.dumps(kept)) if given.json else print_evidence(kept)


if __name__ == "__main__":
    main()
