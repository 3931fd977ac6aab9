"""Schedules are compared on the same sizes, ours by the product's own code."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.investigation import investigate
from agent.messages import ToolCall
from agent.models import ScriptedModel
from agent.settings import Settings
from agent.tools import tool
from benchmarks.corpus import PROJECT
from benchmarks.readme import schedule_table
from benchmarks.replayed import least_tokens
from benchmarks.schedule import print_tables, run_schedule
from benchmarks.simulated import POLICIES, clairvoyant, ours, spent, whole
from benchmarks.workload import RESERVE, Step, Workload, drawn, recorded

PAGES = drawn("pages", (250, 1_300), reply=40, head=800, ceiling=8_000, turns=25)


def _times(name: str) -> float:
    policy, reuse = POLICIES[name]
    runs = [spent(work, policy(work), reuse=reuse) for work in PAGES]
    return sum(run.computed for run in runs) / sum(run.came for run in runs)


def test_ours_computes_at_most_five_quarters_of_the_least() -> None:
    """Cards and pages under 8,000 tokens: each token that came in is computed 1.25 times at most, under the ceiling."""
    assert _times("toolpager") <= 1.25
    assert all(spent(work, ours(work), reuse=True).over == 0 for work in PAGES)
    assert _times("toolpager") < min(_times(name) for name in POLICIES if "keep" in name)


def test_without_shortening_each_token_is_computed_once() -> None:
    """The measure itself: with the cache the growing prompt costs what came; without it, its square."""
    work = Workload("small", 100, (Step(10, 50),) * 4, 1_000)
    assert spent(work, whole(work), reuse=True).computed == work.least == 100 + 3 * 60
    assert spent(work, whole(work), reuse=False).computed == 100 + 160 + 220 + 280
    assert clairvoyant(work) == work.least


@given(sizes=st.lists(st.integers(1, 3_000), min_size=1, max_size=30), ceiling=st.integers(3_000, 9_000))
@settings(max_examples=40, deadline=None)
def test_ours_never_exceeds_the_ceiling(sizes: list[int], ceiling: int) -> None:
    """Whatever comes, in whatever order."""
    work = Workload("any", 900, tuple(Step(40, size) for size in sizes), ceiling)
    told = spent(work, ours(work), reuse=True)
    assert told.peak + RESERVE <= ceiling
    assert told.computed >= told.came - sum(sizes[-1:]) - 40


def test_a_recorded_run_becomes_a_workload(tmp_path: Path) -> None:
    """Its own results, its ceiling; and the least of its events is what came."""

    @tool
    def look(part: int) -> list[dict[str, int]]:
        """Rows."""
        return [{"row": row, "part": part} for row in range(90)]

    script = [*(ToolCall("look", {"part": part}) for part in range(6)), "Done."]
    model = ScriptedModel(script, counter=None)
    settings = Settings(ceiling=4_000, answer_after=0, max_new_tokens=128)
    investigate("Which?", model=model, tools=[look], run=tmp_path / "run", settings=settings)
    work = recorded(tmp_path / "run")
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    landed = [event["tokens"] for event in events if event["event"] == "result"]
    assert [step.result for step in work.steps] == [*landed, 0]
    assert work.ceiling == 4_000
    prompts = [event["input_tokens"] for event in events if event["event"] == "generation"]
    assert least_tokens(events) == prompts[-1]  # nothing was shortened


def test_a_comparison_becomes_a_table_and_a_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every schedule has a row; without a corpus the drawn runs remain."""
    found = run_schedule(tmp_path, corpus=tmp_path, search=False)
    table = schedule_table(found)
    assert all(f"| {name} |" in table for name in POLICIES)
    print_tables(found)
    assert "toolpager" in capsys.readouterr().out
    assert (tmp_path / "schedule.png").read_bytes().startswith(b"\x89PNG")


def test_the_kept_comparison_is_near_the_best_found() -> None:
    """Ours costs at most a fifth more, by its own model, than the best watermarks that a search found."""
    kept = json.loads((PROJECT / "benchmarks/results/schedule.json").read_text(encoding="utf-8"))
    for work in kept["workloads"].values():
        best = work["searched"]
        assert best["toolpager"]["cost"] <= 1.2 * best["cheapest"]["cost"]
        assert best["toolpager"]["computed"] <= 1.2 * best["fewest"]["computed"]
