"""What a person reads after a run."""

from pathlib import Path

import pytest

from agent.chat import ToolCall
from agent.cli.live import Live
from agent.events import Observer, unobserved
from agent.investigation import investigate
from agent.models import ScriptedModel
from agent.report import chart_lines, run_generations, write_report
from agent.settings import Settings
from agent.tools import tool


@tool
def get_numbers() -> list[dict[str, int]]:
    """Numbers."""
    return [{"layer": layer, "value": 3 if layer != 7 else 900} for layer in range(20)]


def investigated(folder: Path, observer: Observer) -> Path:
    """The folder of a finished run of three generations."""
    finding = ToolCall("record_observation", {"finding": "layer 7 has 900, its siblings 3", "evidence": "r1[7]"})
    model = ScriptedModel([ToolCall("get_numbers", {}), finding, "It is layer 7: r1[7] holds 900."])
    settings = Settings(ceiling=4000)
    investigate(
        "Which layer stands out?", model=model, tools=[get_numbers], run=folder, settings=settings, observer=observer
    )
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run."""
    return investigated(tmp_path / "run", unobserved)


def test_the_report_tells_question_answer_findings_and_tokens(run: Path) -> None:
    """report.md has all that a reader asks first, and a row for every generation."""
    text = write_report(run).markdown.read_text()
    for part in (
        "Which layer stands out?",
        "It is layer 7: r1[7] holds 900.",
        "layer 7 has 900",
        "r1[7]",
        "recorded by the model",
    ):
        assert part in text
    assert text.count("| turn |") == 3 + 1


def test_the_plot_is_a_picture(run: Path) -> None:
    """tokens.png lies beside the report."""
    pytest.importorskip("matplotlib")
    write_report(run)
    assert (run / "tokens.png").read_bytes().startswith(b"\x89PNG")


def test_the_chart_never_passes_the_ceiling(run: Path) -> None:
    """Each line's bar ends at or before the ceiling, and tells the numbers."""
    lines = list(chart_lines(run_generations(run)))
    assert len(lines) == 3
    assert {line.index("|") for line in lines} == {lines[0].index("|")}
    assert all("of 4,000" in line for line in lines)


def test_a_watcher_sees_calls_results_and_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The live view names every call with the tokens it took, shows its result, and the findings as they come."""
    investigated(tmp_path / "run", Live())
    seen = capsys.readouterr().err
    for part in ("get_numbers()", "[r1: page 1 of 1, table]", "recorded: layer 7 has 900", "+ 256 of 4,000 tokens"):
        assert part in seen
