"""Memory that runs out costs one retry under a lower ceiling, never a result and never the run."""

import weakref
from collections.abc import Sequence
from pathlib import Path

import pytest
from hostile import events_of, huge, thirds

from agent.ceiling import lowered_ceiling
from agent.errors import OutOfMemory
from agent.investigation import investigate, resume
from agent.messages import Choice, Message, Prompt, Reply, ToolCall
from agent.models import ScriptedModel
from agent.settings import Settings
from agent.tools import tool
from pager import Pager

SETTINGS = Settings(ceiling=6_000, max_turns=14, max_new_tokens=100, answer_after=0)


class Starving(ScriptedModel):
    """A scripted model on a machine that holds `holds` tokens of prompt and reply."""

    def __init__(self, holds: int) -> None:
        super().__init__(_next_line, counter=thirds())
        self.holds = holds
        self.fit: list[int] = []

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """As a scripted model, where it fits."""
        if len(prompt.tokens) + max_new_tokens > self.holds:
            raise OutOfMemory(input_tokens=len(prompt.tokens), max_new_tokens=max_new_tokens, requested_bytes=None)
        self.fit.append(len(prompt.tokens) + max_new_tokens)
        return super().generate(prompt, max_new_tokens=max_new_tokens, choice=choice, seed=seed)


def _next_line(messages: Sequence[Message]) -> str | ToolCall:
    last = messages[-1].content
    if "shrink now" in last:
        return ToolCall("record_observation", {"finding": f"seen after {len(messages)} messages", "evidence": "r1"})
    if "your last call" in last:
        return "It is layer 3."
    return ToolCall("huge", {"seed": 1 + sum(map(len, (message.content for message in messages))) % 1_000})


def _memories(run: Path) -> list[dict[str, object]]:
    return [event for event in events_of(run) if event["event"] == "memory"]


def test_out_of_memory_lowers_the_ceiling_and_the_run_goes_on(tmp_path: Path) -> None:
    """The event says what failed; no later generation is as large; every result is still there."""
    model = Starving(holds=3_000)
    outcome = investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=SETTINGS)
    assert outcome.answer == "It is layer 3."
    (memory,) = _memories(tmp_path / "run")
    lowered = memory["lowered_to"]
    assert isinstance(lowered, int)
    assert lowered < 3_100
    after = events_of(tmp_path / "run")
    late = [event for event in after[after.index(memory) :] if event["event"] == "generation"]
    assert late
    assert all(event["ceiling"] == lowered for event in late)
    assert max(model.fit) <= 3_000
    results = {event["address"] for event in after if event["event"] == "result" and event["status"] == "new"}
    with Pager(tmp_path / "run/store", counter=thirds()) as pager:
        assert results == {result.id for result in pager.results()}


def test_a_lowered_ceiling_outlives_the_process(tmp_path: Path) -> None:
    """A run that is resumed after memory ran out does not run into the same wall again."""
    run = tmp_path / "run"
    investigate("Which?", model=Starving(holds=3_000), tools=[huge], run=run, settings=SETTINGS)
    lines = (run / "events.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if '"event": "memory"' in line) + 1
    (run / "events.jsonl").write_text("".join(lines[:cut]), encoding="utf-8")
    outcome = resume(run, model=Starving(holds=3_000), tools=[huge])
    assert outcome.answer == "It is layer 3."
    assert len(_memories(run)) == 1


def test_memory_that_runs_out_twice_in_a_row_ends_the_process_not_the_run(tmp_path: Path) -> None:
    """The error goes up with its remedy; with more memory the run goes on from where it stood."""
    run = tmp_path / "run"
    with pytest.raises(OutOfMemory, match="--resume"):
        investigate("Which?", model=Starving(holds=1_000), tools=[huge], run=run, settings=SETTINGS)
    assert not any(event["event"] == "end" for event in events_of(run))
    assert resume(run, model=Starving(holds=6_000), tools=[huge]).answer == "It is layer 3."


@pytest.mark.parametrize("holds", [1_700, 2_031, 2_700, 3_600, 4_700])
def test_memory_may_run_out_at_any_moment(tmp_path: Path, holds: int) -> None:
    """In a turn, a reminder or the answer: the ceiling holds, and the run ends with its answer."""
    model = Starving(holds)
    outcome = investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=SETTINGS)
    assert outcome.answer == "It is layer 3."
    spent = [event for event in events_of(tmp_path / "run") if event["event"] == "generation"]
    assert all(int(str(e["input_tokens"])) + 100 <= int(str(e["ceiling"])) for e in spent)


def test_the_answer_is_asked_for_anew_where_its_request_was_too_large(tmp_path: Path) -> None:
    """A run whose memory shrinks at the very end still comes to its answer."""

    class Shrinking(Starving):
        def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
            if not choice.tools and self.holds == 6_000:
                self.holds = len(prompt.tokens) + max_new_tokens - 1
            return super().generate(prompt, max_new_tokens=max_new_tokens, choice=choice, seed=seed)

    outcome = investigate("Which?", model=Shrinking(6_000), tools=[huge], run=tmp_path / "run", settings=SETTINGS)
    assert outcome.answer == "It is layer 3."
    assert [event["purpose"] for event in _memories(tmp_path / "run")] == ["answer"]


def test_what_the_plan_says_fits_is_the_next_ceiling(tmp_path: Path) -> None:
    """A generation that was refused before it was tried lowers the ceiling to what fits, and no further."""

    class Planning(Starving):
        def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
            if len(prompt.tokens) + max_new_tokens > self.holds:
                raise OutOfMemory(
                    input_tokens=len(prompt.tokens), max_new_tokens=max_new_tokens, requested_bytes=9_000,
                    free_bytes=8_000, fits_tokens=self.holds,
                )  # fmt: skip
            return super().generate(prompt, max_new_tokens=max_new_tokens, choice=choice, seed=seed)

    outcome = investigate("Which?", model=Planning(4_000), tools=[huge], run=tmp_path / "run", settings=SETTINGS)
    assert outcome.answer == "It is layer 3."
    (memory,) = _memories(tmp_path / "run")
    assert (memory["lowered_to"], memory["requested_bytes"], memory["free_bytes"]) == (4_000, 9_000, 8_000)
    assert "was not tried" in str(memory["message"])


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.10 GiB"),
    ],
)
def test_memory_that_runs_out_in_a_tool_is_the_tool_s_failure(tmp_path: Path, error: Exception) -> None:
    """The model is told, what the tool held is let go of, and the run ends with its answer."""

    class Tensor:
        """Something large."""

    held: list[weakref.ref[Tensor]] = []

    @tool
    def hungry() -> str:
        """Needs more memory than there is."""
        large = Tensor()
        held.append(weakref.ref(large))
        raise error

    model = ScriptedModel([ToolCall("hungry", {}), "It is layer 3."], counter=thirds())
    outcome = investigate("Which?", model=model, tools=[hungry], run=tmp_path / "run", settings=SETTINGS)
    assert outcome.answer == "It is layer 3."
    (result,) = [event for event in events_of(tmp_path / "run") if event["event"] == "result"]
    assert result["status"] == "failed"
    assert "hungry failed" in str(result["content"])
    assert held[0]() is None


def test_how_the_ceiling_was_come_by_stands_in_the_events(tmp_path: Path) -> None:
    """Once, before anything is generated."""
    about = {"memory": {"chosen": "auto", "why": "scores take most", "limited_by": "scores"}}
    model = ScriptedModel([ToolCall("huge", {"seed": 1}), "It is layer 3."], counter=thirds())
    investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=SETTINGS, about=about)
    first = events_of(tmp_path / "run")[0]
    assert {name: first[name] for name in ("event", "ceiling", "chosen", "why")} == {
        "event": "plan", "ceiling": 6_000, "chosen": "auto", "why": "scores take most",
    }  # fmt: skip


def test_a_ceiling_is_not_lowered_below_the_fixed_cost() -> None:
    """Seven tenths of what failed, at least what every prompt needs; none where that failed already."""
    parts = {"system": 300, "tool schemas": 500, "question": 20}
    assert lowered_ceiling(SETTINGS, parts, used=5_000) == 3_500
    least = lowered_ceiling(SETTINGS, parts, used=2_000)
    assert least is not None
    assert 1_400 < least < 2_000
    assert lowered_ceiling(SETTINGS, parts, used=least) is None
    assert lowered_ceiling(SETTINGS, parts, used=5_000, fits=4_900) == 4_900
    assert lowered_ceiling(SETTINGS, parts, used=5_000, fits=5_500) == 4_999
    assert lowered_ceiling(SETTINGS, parts, used=5_000, fits=0) == least
