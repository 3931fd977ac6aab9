"""Runs side by side: what each asked, came to and cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import RunFailed
from ..events import read_events
from ..ledger import Ledger
from ..run import RunFolder


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in numbers; `reason` is "unfinished" for one that did not end, `problem` says what of it is damaged."""

    run: Path
    question: str = ""
    model: str = ""
    reason: str = "unfinished"
    turns: int = 0
    generations: int = 0
    peak_tokens: int = 0
    ceiling: int = 0
    computed_tokens: int = 0
    reused_tokens: int = 0
    new_tokens: int = 0
    findings: int = 0
    by_the_model: int = 0
    compactions: int = 0
    seconds: float = 0.0
    answer: str = ""
    problem: str = ""


def run_line(run: Path) -> RunLine:
    """The numbers of the run in a folder."""
    folder = RunFolder(run)
    try:
        info = folder.info()
        events = list(read_events(folder.events_path))
        ledger = Ledger.of(events)
    except RunFailed as error:
        return RunLine(run, problem=str(error))
    totals = ledger.totals
    return RunLine(
        run=run,
        question=info.question,
        model=info.model,
        reason=ledger.reason or "unfinished",
        turns=ledger.turn,
        generations=totals.generations,
        peak_tokens=totals.peak_tokens,
        ceiling=info.settings.ceiling,
        computed_tokens=totals.computed_tokens,
        reused_tokens=totals.reused_tokens,
        new_tokens=totals.new_tokens,
        findings=len(ledger.observations),
        by_the_model=ledger.recorded,
        compactions=sum(event["event"] == "compaction" for event in events),
        seconds=round(totals.seconds, 1),
        answer=ledger.answer or "",
    )


def runs_in(folder: Path) -> Iterator[RunLine]:
    """The runs that lie in a folder, by name; the folder itself where it is a run."""
    if RunFolder(folder).info_path.exists():
        yield run_line(folder)
        return
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        if RunFolder(path).info_path.exists():
            yield run_line(path)
