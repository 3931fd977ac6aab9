"""A run that is killed, wherever, goes on from its folder and has lost nothing."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hostile import (
    assert_readable,
    events_of,
    hostile_tools,
    thirds,
    timeless,
)

from agent.errors import RunFailed
from agent.investigation import investigate, resume
from agent.messages import Message, ToolCall
from agent.models import ScriptedModel
from agent.notebook import Notebook
from agent.report.runs import run_line
from agent.settings import Settings
from pager import Pager

SETTINGS = Settings(ceiling=2_300, max_turns=7, max_new_tokens=100)
_COMMAND = [sys.executable, __file__]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def _next_line(messages: list[Message]) -> str | ToolCall:
    """A line that depends on nothing but the messages, as a real model's does."""
    last = messages[-1]
    answered = sum(message.role == "tool" for message in messages)
    if "shrink now" in last.content:
        return ToolCall("record_observation", {"finding": f"after {len(messages)} messages", "evidence": "r1"})
    if "your last call" in last.content:
        return "It is layer 3."
    return ToolCall("huge", {"seed": len(last.content) % 50 + answered})


def _model() -> ScriptedModel:
    return ScriptedModel(_next_line, counter=thirds())


def _whole(run: Path) -> list[dict[str, object]]:
    investigate("Which one?", model=_model(), tools=hostile_tools(), run=run, settings=SETTINGS)
    return timeless(events_of(run))


def test_a_run_cut_after_any_event_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    """Whichever events were lost with a killed process, the resumed run writes the same ones again."""
    whole = _whole(tmp_path / "whole")
    assert {"compaction", "observation", "reminder", "finish", "end"} <= {str(event["event"]) for event in whole}
    for kept in range(len(whole)):
        run = tmp_path / f"cut{kept}"
        shutil.copytree(tmp_path / "whole", run)
        lines = (run / "events.jsonl").read_bytes().splitlines(keepends=True)
        torn = lines[kept][: len(lines[kept]) // 2]
        (run / "events.jsonl").write_bytes(b"".join(lines[:kept]) + torn)
        resume(run, model=_model(), tools=hostile_tools())
        again = timeless(events_of(run))
        assert [_lasting(event) for event in again] == [_lasting(event) for event in whole]
        shutil.rmtree(run)


def _lasting(event: dict[str, object]) -> dict[str, object]:
    """What does not depend on which process wrote the event: a new one has nothing in its cache."""
    return {key: value for key, value in event.items() if key != "reused_tokens"}


def test_an_ended_run_resumes_to_its_outcome_without_a_word_to_the_model(tmp_path: Path) -> None:
    """Resuming what has ended generates nothing."""
    _whole(tmp_path / "run")
    model = _model()
    outcome = resume(tmp_path / "run", model=model, tools=hostile_tools())
    assert outcome.answer == "It is layer 3."
    assert outcome.findings
    assert model.fed == []


def test_a_lost_notebook_is_made_again_from_the_events(tmp_path: Path) -> None:
    """The events are the truth; the notebook's index only follows them."""
    _whole(tmp_path / "run")
    before = len(events_of(tmp_path / "run"))
    (tmp_path / "run" / "notebook.sqlite").unlink()
    outcome = resume(tmp_path / "run", model=_model(), tools=hostile_tools())
    assert len(outcome.findings) > 0
    assert (tmp_path / "run" / "notebook.sqlite").exists()
    assert len(events_of(tmp_path / "run")) == before


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    """Resuming nothing names the missing file; starting over a run is refused."""
    with pytest.raises(RunFailed, match=r"no run\.json"):
        resume(tmp_path, model=_model(), tools=[])
    _whole(tmp_path / "run")
    with pytest.raises(RunFailed, match="already holds a run"):
        _whole(tmp_path / "run")


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    """A broken line that is not the last is no kill's doing: its number is told, and nothing is guessed."""
    _whole(tmp_path / "run")
    path = tmp_path / "run" / "events.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([lines[0], "{broken\n", *lines[2:]]), encoding="utf-8")
    with pytest.raises(RunFailed, match="line 2 is damaged"):
        resume(tmp_path / "run", model=_model(), tools=hostile_tools())


@pytest.mark.parametrize(
    "line", [b"\xdc\xff\x00", b'{"event": "generation"}', b'{"event": "result", "content": 3}', b"[" * 9_000]
)
def test_a_damaged_run_is_told_and_not_raised(tmp_path: Path, line: bytes) -> None:
    """Bytes that are no text, and events without their fields: resuming says so, and the list of runs goes on."""
    run = tmp_path / "run"
    _whole(run)
    events = (run / "events.jsonl").read_bytes().splitlines(keepends=True)
    (run / "events.jsonl").write_bytes(b"".join([*events[:2], line + b"\n", *events[3:]]))
    with pytest.raises(RunFailed, match="is damaged"):
        resume(run, model=_model(), tools=hostile_tools())
    assert "is damaged" in run_line(run).problem


@pytest.mark.parametrize("seed", [1, 2])
def test_sigkill_at_any_moment_loses_nothing(tmp_path: Path, seed: int) -> None:
    """Killed by SIGKILL again and again, the run ends, under its ceiling, each call answered once."""
    chance = random.Random(seed)
    run = tmp_path / "run"
    kills = 0
    for _ in range(5):
        process = subprocess.Popen([*_COMMAND, str(run)], env=_ENVIRONMENT)
        if _began(run, process):
            time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    subprocess.run([*_COMMAND, str(run)], env=_ENVIRONMENT, check=True)
    events = events_of(run)
    assert kills > 0
    assert_readable(run)
    assert events[-1]["event"] == "end"
    answered = [(event["generation"], event["call"]) for event in events if event["event"] == "result"]
    assert len(answered) == len(set(answered)) > 0
    assert all(int(str(e["input_tokens"])) + 100 <= 2_300 for e in events if e["event"] == "generation")
    shown = {str(event["address"]) for event in events if event["event"] == "result" and event["status"] == "new"}
    with Pager(run / "store", counter=thirds()) as pager:
        assert all(pager.open(address, limit_tokens=500).text for address in shown)


def _began(run: Path, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the process has written something new, or has ended."""
    path = run / "events.jsonl"
    size = path.stat().st_size if path.exists() else 0
    while process.poll() is None:
        if path.exists() and path.stat().st_size > size:
            return True
        time.sleep(0.005)
    return False


def _go_on(run: Path) -> None:
    """What the killed process does: start or resume, taking its time over each generation."""

    def slowly(messages: list[Message]) -> str | ToolCall:
        time.sleep(0.1)
        return _next_line(messages)

    model = ScriptedModel(slowly, counter=thirds())
    if (run / "run.json").exists():
        resume(run, model=model, tools=hostile_tools())
    else:
        investigate("Which one?", model=model, tools=hostile_tools(), run=run, settings=SETTINGS)


def test_a_run_is_one_process_at_a_time(tmp_path: Path) -> None:
    """Whoever resumes a run that somebody is working on is told so, and changes nothing."""
    _whole(tmp_path / "run")
    events = tmp_path / "run/events.jsonl"
    with Notebook(tmp_path / "run/notebook.sqlite"):
        events.write_bytes(events.read_bytes() + b'{"event": "half')
        before = events.read_bytes()
        with pytest.raises(RunFailed, match="another process is at work on this run"):
            resume(tmp_path / "run", model=_model(), tools=hostile_tools())
        assert events.read_bytes() == before
    assert resume(tmp_path / "run", model=_model(), tools=hostile_tools()).answer == "It is layer 3."


def test_a_damaged_notebook_is_named_with_its_remedy(tmp_path: Path) -> None:
    """It is made from the events; without it the run goes on."""
    _whole(tmp_path / "run")
    notebook = tmp_path / "run/notebook.sqlite"
    notebook.write_bytes(b"no database at all" * 99)
    with pytest.raises(RunFailed, match="delete it"):
        resume(tmp_path / "run", model=_model(), tools=hostile_tools())
    notebook.unlink()
    assert resume(tmp_path / "run", model=_model(), tools=hostile_tools()).findings


if __name__ == "__main__":
    _go_on(Path(sys.argv[1]))
