"""A person and a model talk about what tools show."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.chat import ChatSession
from agent.cli.chat import converse
from agent.messages import ToolCall
from agent.models import ScriptedModel
from agent.models.scripted import Line
from agent.settings import Settings
from agent.tools import tool


@tool
def get_numbers() -> list[dict[str, int]]:
    """Numbers."""
    return [{"layer": layer, "value": 3 if layer != 7 else 900} for layer in range(20)]


def _talk(run: Path, script: Sequence[Line]) -> ChatSession:
    settings = Settings(ceiling=4000, answer_after=0)
    return ChatSession(run, model=lambda: ScriptedModel(script), tools=lambda: [get_numbers], settings=settings)


FINDING = ToolCall("record_observation", {"finding": "layer 7 has 900, its siblings 3", "evidence": "r1[7]"})


def test_lines_are_answered_and_commands_looked_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Messages go to the model; /open and /findings to the run; what is wrong is a sentence; /quit ends."""
    run = tmp_path / "run"
    lines = ["/open r1", "Which?", "/open r1[7]", "/findings", "/open r9", "/shout", "And why?", "/quit", "Never read"]
    converse(_talk(run, [ToolCall("get_numbers", {}), FINDING, "Layer 7.", "Who knows."]), lines)
    out, said = capsys.readouterr()
    assert "Layer 7." in out
    assert '"value": 900' in out
    assert "1. layer 7 has 900, its siblings 3 [model: r1[7]]" in out
    assert "Who knows." in out
    for part in ("nothing was looked at yet", "r9", "there is no /shout", "--resume"):
        assert part in said
    assert (run / "report.html").exists()
    assert "a person asked" in (run / "report.html").read_text(encoding="utf-8")


def test_a_later_process_talks_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same folder, the same findings; with JSON an object a line."""
    run = tmp_path / "run"
    converse(_talk(run, [ToolCall("get_numbers", {}), FINDING, "Layer 7."]), ["Which?"])
    capsys.readouterr()
    converse(_talk(run, ["Still layer 7."]), ["And now?", "/findings"], as_json=True)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["answer"], first["turns"]) == ("Still layer 7.", 4)
    assert first["evidence"][0]["open"] == f"toolpager open 'r1[7]' --run {run}"
    assert second["findings"][0]["evidence"] == ["r1[7]"]
