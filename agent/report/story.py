"""Everything that a report tells of a run, gathered from its folder: finished, killed or failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from pager import Call, Pager

from ..coverage import Unseen, unseen
from ..errors import RunFailed
from ..events import Event, read_events
from ..ledger import Ledger
from ..run import RunFolder, RunInfo
from .evidence import Evidence, gathered
from .moments import Moment, moments
from .series import Drawable, drawables
from .spent import Spent, generations
from .strips import Strip, strips

_REASONS = {
    "answered": "the model answered",
    "max_turns": "the turns were used up, and the answer was asked for",
    "slips": "replies in a row were unusable, and the answer was asked for",
}


@dataclass(frozen=True, slots=True)
class Saved:
    """A prompt exactly as it was fed."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """A run as a person reads it; `ending` says in words how it ended, `began` when (UTC)."""

    folder: Path
    info: RunInfo
    ledger: Ledger
    ending: str
    began: str
    seconds: float
    spent: tuple[Spent, ...]
    moments: tuple[Moment, ...]
    strips: tuple[Strip, ...]
    evidence: tuple[Evidence, ...]
    drawables: tuple[Drawable, ...]
    unseen: Unseen
    prompts: tuple[Saved, ...]

    @property
    def subject(self) -> str:
        """The folder of the network that was looked into; "" where run.json names none."""
        return str(self.info.about.get("subject") or "")


def told(run: Path) -> Story:
    """The story of the run in a folder. Raises `RunFailed` where there is none."""
    folder = RunFolder(run)
    info = folder.info()
    events = list(read_events(folder.events_path))
    ledger = Ledger.of(events)
    with Pager(folder.store_path if folder.store_path.is_dir() else None, revive=_not_now) as pager:
        evidence = gathered(pager, ledger.observations, events)
        drawn, left = drawables(pager), unseen(events, pager)
    times = [float(str(event["at"])) for event in events if "at" in event]
    return Story(
        folder=run,
        info=info,
        ledger=ledger,
        ending=_ending(ledger, events),
        began=datetime.fromtimestamp(times[0], UTC).strftime("%Y-%m-%d %H:%M UTC") if times else "",
        seconds=_busy(times),
        spent=tuple(generations(events)),
        moments=tuple(moments(events)),
        strips=tuple(strips(events)),
        evidence=tuple(evidence),
        drawables=tuple(drawn),
        unseen=left,
        prompts=tuple(_prompts(folder, events)),
    )


def _not_now(call: Call) -> object:
    """A report computes nothing that the run did not."""
    raise RunFailed(f"{call.tool} was not opened that far in the run; toolpager open computes it")


def _ending(ledger: Ledger, events: Sequence[Event]) -> str:
    if ledger.ended:
        return _REASONS.get(ledger.reason, ledger.reason)
    if not events:
        return "it was killed before anything happened; --resume begins"
    if events[-1]["event"] == "memory":
        return "memory ran out; --resume goes on with a lower ceiling"
    return "it did not end: killed, or still at work; --resume goes on"


def _busy(times: Sequence[float]) -> float:
    """Seconds from event to event; the pause before a resumption, an hour or more, does not count."""
    steps = (later - earlier for earlier, later in pairwise(times))
    return sum(step for step in steps if 0 <= step < 3600)


def _prompts(folder: RunFolder, events: Sequence[Event]) -> list[Saved]:
    found = []
    made = [cast("dict[str, Any]", event) for event in events if event["event"] == "generation"]
    for number, event in enumerate(made, start=1):
        path = folder.path / str(event["prompt"])
        if path.is_relative_to(folder.path / "prompts") and path.is_file():
            found.append(Saved(number, path.read_bytes().decode("utf-8", "surrogatepass")))
    return found
