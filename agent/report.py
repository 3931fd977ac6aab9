"""What a person reads and looks at after a run: report.md, and a plot of tokens per turn under the ceiling."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from summarizers import Templates

from .events import read_events
from .run import RunFolder

BAR_WIDTH = 44


@dataclass(frozen=True, slots=True)
class Spent:
    """What one generation held, in tokens of the serving model: `reserve` is what it might have added."""

    number: int
    turn: int
    purpose: str
    input_tokens: int
    reserve: int
    ceiling: int
    new_tokens: int
    reused_tokens: int
    seconds: float
    called: str


def generations(events: Iterable[Mapping[str, object]]) -> list[Spent]:
    """The generations of a run in order."""
    found = (cast("Mapping[str, Any]", event) for event in events if event["event"] == "generation")
    return [
        Spent(
            number=number,
            turn=event["turn"],
            purpose=event["purpose"],
            input_tokens=event["input_tokens"],
            reserve=event["max_new_tokens"],
            ceiling=event["ceiling"],
            new_tokens=event["new_tokens"],
            reused_tokens=event["reused_tokens"],
            seconds=event["seconds"],
            called=", ".join(call["name"] for call in event["calls"]) or event["purpose"],
        )
        for number, event in enumerate(found, start=1)
    ]


def run_generations(run: Path) -> list[Spent]:
    """The generations of the run in a folder."""
    return generations(read_events(RunFolder(run).events_path))


def write_report(run: Path, *, templates: Templates | None = None) -> Path:
    """Write report.md into the run's folder, and tokens.png where matplotlib is installed; return the report's path."""
    folder = RunFolder(run)
    events = list(read_events(folder.events_path))
    spent = generations(events)
    plot = plot_tokens(spent, run / "tokens.png")
    of = {kind: [event for event in events if event["event"] == kind] for kind in {str(e["event"]) for e in events}}
    text = (templates or Templates()).render(
        "report",
        question=folder.info().question,
        model=folder.info().model,
        answer=of.get("end", [{}])[-1].get("answer"),
        findings=of.get("observation", []),
        spent=spent,
        compactions=of.get("compaction", []),
        plot=plot.name if plot else None,
        folder=run.name,
    )
    folder.report_path.write_text(text + "\n", encoding="utf-8")
    return folder.report_path


def plot_tokens(spent: list[Spent], path: Path) -> Path | None:
    """Draw input tokens and reserve of every generation under the ceiling; None where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ImportError:
        return None
    if not spent:
        return None
    figure = Figure(figsize=(max(6.0, 0.35 * len(spent) + 2), 3.6), layout="constrained")
    axes = figure.subplots()
    places = [one.number for one in spent]
    inputs = [one.input_tokens for one in spent]
    axes.bar(places, [one.reused_tokens for one in spent], color="#9ecae1", label="prompt, reused from the cache")
    computed = [one.input_tokens - one.reused_tokens for one in spent]
    axes.bar(places, computed, bottom=[one.reused_tokens for one in spent], color="#0072b2", label="prompt, computed")
    axes.bar(places, [one.reserve for one in spent], bottom=inputs, color="#e0e0e0", label="reserved for the reply")
    axes.step(
        [places[0] - 0.5, *(place + 0.5 for place in places)],
        [spent[0].ceiling, *(one.ceiling for one in spent)],
        color="#d55e00",
        label="ceiling",
    )
    axes.set(xlabel="generation", ylabel="tokens", title="Tokens of every generation under the ceiling")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="lower right", fontsize="small")
    figure.savefig(path, dpi=120)
    return path


def chart_lines(spent: Iterable[Spent]) -> Iterator[str]:
    """The same plot for a terminal, a line a generation: # prompt, . reserve, | ceiling."""
    for one in spent:
        prompt = round(BAR_WIDTH * one.input_tokens / one.ceiling)
        reserve = max(0, round(BAR_WIDTH * (one.input_tokens + one.reserve) / one.ceiling) - prompt)
        bar = ("#" * prompt + "." * reserve).ljust(BAR_WIDTH)
        yield f"{one.number:>3} {bar}| {one.input_tokens:>6,} + {one.reserve:>3} of {one.ceiling:,}  {one.called}"
