"""What every generation of a run cost, and a chart of it for a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ..events import read_events
from ..held import PARTS
from ..run import RunFolder

BAR_WIDTH = 44


@dataclass(frozen=True, slots=True)
class Spent:
    """What one generation held, in tokens of the serving model: `reserve` is what it might have added.

    `held` are the prompt's tokens by part (`agent.held.PARTS`); a run of an older version has but one, "prompt".
    """

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
    held: Mapping[str, int]


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
            held=event.get("held") or {"prompt": event["input_tokens"]},
        )
        for number, event in enumerate(found, start=1)
    ]


def parts_of(spent: Iterable[Spent]) -> list[str]:
    """The parts that any of the prompts had, in the order in which they are stacked."""
    having = {part for one in spent for part, tokens in one.held.items() if tokens}
    return [part for part in ("prompt", *PARTS) if part in having]


def run_generations(run: Path) -> list[Spent]:
    """The generations of the run in a folder."""
    return generations(read_events(RunFolder(run).events_path))


def chart_lines(spent: Iterable[Spent]) -> Iterator[str]:
    """The same plot for a terminal, a line a generation: # prompt, . reserve, | ceiling."""
    for one in spent:
        prompt = round(BAR_WIDTH * one.input_tokens / one.ceiling)
        reserve = max(0, round(BAR_WIDTH * (one.input_tokens + one.reserve) / one.ceiling) - prompt)
        bar = ("#" * prompt + "." * reserve).ljust(BAR_WIDTH)
        yield f"{one.number:>3} {bar}| {one.input_tokens:>6,} + {one.reserve:>3} of {one.ceiling:,}  {one.called}"
