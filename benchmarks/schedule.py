"""`python -m benchmarks.schedule`: the tokens that schedules of shortening compute, ours beside those in use.

Each policy is given the same sizes of replies and results and says what every prompt holds; a prompt costs what it does
not share, from its start on, with the one before. Ours are the product's own ledger, ladder and cost model. `--runs`
adds recorded runs (their folders or events.jsonl). `--replay` also reads the prompts of a whole investigation with a
real model, with the cache and without it.
"""

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.schedule import Costs
from pager import counter

from .corpus import default_folder
from .plots import can_plot, saved_figure
from .simulated import POLICIES, Spent, clairvoyant, ours, searched, spent
from .workload import Workload, drawn, recorded, trajectories

Fields = dict[str, Any]
OTHERS: dict[str, Costs] = {
    "carry x 4": replace(Costs(), carry=4 * Costs().carry),
    "carry / 4": replace(Costs(), carry=Costs().carry / 4),
    "turn x 4": replace(Costs(), turn=4 * Costs().turn),
    "again / 4": replace(Costs(), again=Costs().again / 4),
}


def workloads(corpus: Path, runs: Sequence[Path] = ()) -> dict[str, list[Workload]]:
    """What schedules are compared on, by name."""
    found = {
        "whole results of 3,000–5,000 tokens, ceiling 30,000": drawn(
            "whole", (3_000, 5_000), reply=250, head=2_000, ceiling=30_000, turns=20
        ),
        "cards and pages of 250–1,300, ceiling 8,000": drawn(
            "pages", (250, 1_300), reply=40, head=800, ceiling=8_000, turns=25
        ),
        "recorded agents, ceiling 8,000": trajectories(corpus / "trajectories", counter(), 8_000),
        **{f"run {run.name}": [recorded(run)] for run in runs},
    }
    return {name: works for name, works in found.items() if works}


def run_schedule(
    out: Path | None = None,
    *,
    corpus: Path | None = None,
    runs: Sequence[Path] = (),
    search: bool = True,
    replayed: Sequence[Fields] = (),
) -> Fields:
    """All policies on all workloads as one JSON object; `out` receives schedule.json, schedule.png and .svg."""
    works = workloads(corpus or default_folder(), runs)
    found: Fields = {
        "version": 1,
        "costs": {name: getattr(Costs(), name) for name in ("attention", "carry", "turn", "again", "held")},
        "workloads": {name: _compared(each, search=search) for name, each in works.items()},
        "replayed": list(replayed),
    }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "schedule.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        write_plot(found, out / "schedule")
    return found


def _compared(works: Sequence[Workload], *, search: bool) -> Fields:
    least = sum(work.least for work in works)
    policies = {
        name: _summed([spent(work, policy(work), reuse=reuse) for work in works])
        for name, (policy, reuse) in POLICIES.items()
    }
    foresight = [clairvoyant(work) for work in works]
    found: Fields = {
        "runs": len(works),
        "turns": len(works[0].steps),
        "least_tokens": round(least / len(works)),
        "policies": policies,
        "clairvoyant": None if None in foresight else round(sum(one or 0 for one in foresight) / least, 3),
        "other_costs": {
            name: _summed([spent(work, ours(work, costs=costs), reuse=True) for work in works])["times_least"]
            for name, costs in OTHERS.items()
        },
    }
    if search:
        found["searched"] = searched(works[0]) | {
            "toolpager": {
                "computed": (mine := spent(works[0], ours(works[0]), reuse=True)).computed,
                "cost": round(mine.cost),
            }
        }
    return found


def _summed(runs: Sequence[Spent]) -> Fields:
    return {
        "computed_tokens": round(sum(run.computed for run in runs) / len(runs)),
        "times_least": round(sum(run.computed for run in runs) / sum(run.came for run in runs), 3),
        "peak_tokens": max(run.peak for run in runs),
        "over_the_ceiling": round(sum(run.over for run in runs) / sum(run.prompts for run in runs), 3),
        "cost": round(sum(run.cost for run in runs) / len(runs)),
    }


def write_plot(found: Mapping[str, Any], path: Path) -> None:
    """`path` with .png and .svg: tokens computed for each token, by schedule. Without matplotlib nothing is written."""
    if not can_plot():
        return
    names = list(POLICIES)
    with saved_figure(path, inches=(9, 5.2), dots_per_inch=130, font_size=9) as axes:
        height = 0.8 / len(found["workloads"])
        for number, (name, each) in enumerate(found["workloads"].items()):
            times = [each["policies"][policy]["times_least"] for policy in names]
            places = [place + number * height for place in range(len(names))]
            colour = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")[number % 5]
            bars = axes.barh(places, times, height=height, label=name, color=colour)
            over = [each["policies"][policy]["over_the_ceiling"] for policy in names]
            axes.bar_label(bars, [f"{time:.2f}" + (" over the ceiling" if share else "") for time, share in
                                  zip(times, over, strict=True)], padding=2, fontsize=7)  # fmt: skip
        axes.axvline(1, color="#000000", linewidth=0.8)
        axes.set(xscale="log", xlabel="tokens computed for each token that came in (1: each once)")
        axes.set_yticks([place + 0.3 for place in range(len(names))], names)
        axes.set_xlim(right=120)
        axes.invert_yaxis()
        axes.legend(fontsize=8, loc="lower right")


def print_tables(found: Mapping[str, Any]) -> None:
    """The figures on standard output."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=130)
    for name, each in found["workloads"].items():
        table = Table(title=f"{name}: {each['least_tokens']:,} tokens in {each['turns']} turns")
        for column in ("schedule", "tokens computed", "each token, times", "largest prompt", "over the ceiling"):
            table.add_column(column, justify="left" if column == "schedule" else "right")
        for policy, told in each["policies"].items():
            cells = (f"{told['computed_tokens']:,}", f"{told['times_least']:.2f}", f"{told['peak_tokens']:,}")
            table.add_row(policy, *cells, f"{told['over_the_ceiling']:.0%}")
        console.print(table)
        console.print(
            f"knowing all sizes beforehand: {each['clairvoyant']}; with other constants: {each['other_costs']}"
        )
        if "searched" in each:
            console.print(f"first run, best of the grid: {each['searched']}\n")
    for one in found["replayed"]:
        console.print(one)


def main() -> None:
    """The command line: tables, or JSON with `--json`."""
    parser = ArgumentParser(prog="python -m benchmarks.schedule", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for schedule.json, schedule.png and schedule.svg")
    parser.add_argument("--corpus", type=Path, help="folder of the corpus")
    parser.add_argument("--runs", type=Path, nargs="*", default=(), help="run folders or events.jsonl files to replay")
    parser.add_argument("--no-search", action="store_true", help="leave out the search over watermarks")
    parser.add_argument(
        "--replay", action="store_true", help="also read a whole run's prompts with a real model (minutes)"
    )
    parser.add_argument("--replayed", type=Path, nargs="*", default=(), help="what benchmarks.replayed printed before")
    parser.add_argument(
        "--model", help="the model of --replay: a folder, .gguf file or hub id; nothing is the bundled one"
    )
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    replayed = [one for path in chosen.replayed for one in json.loads(path.read_text(encoding="utf-8"))]
    if chosen.replay:
        from .replayed import both

        replayed += both(chosen.model)
    found = run_schedule(
        chosen.out, corpus=chosen.corpus, runs=chosen.runs, search=not chosen.no_search, replayed=replayed
    )
    if chosen.json:
        print(json.dumps(found, indent=1))
    else:
        print_tables(found)


if __name__ == "__main__":
    main()
