"""The serving model's say in the summaries of a compaction: bounded, logged, under the ceiling, asked once."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from hostile import assert_under_the_ceiling, events_of, hostile_tools, thirds, timeless

from agent.errors import BadSettings, OutOfMemory
from agent.investigation import investigate, resume
from agent.messages import Choice, Message, Prompt, Reply, ToolCall
from agent.models import ScriptedModel
from agent.settings import Settings

SETTINGS = Settings(ceiling=3_600, max_turns=14, max_new_tokens=100, low_water=0.7, summarizer="model")
PLAIN = replace(SETTINGS, summarizer="heuristic")


def _is_asked_for_words(messages: Sequence[Message]) -> bool:
    return messages[-1].content.startswith("Facts about")


def _truth(messages: Sequence[Message]) -> str:
    """The shortest fact, copied as a sentence."""
    facts = re.findall(r"^- (.*)$", messages[-1].content, re.MULTILINE)
    return f"{min(facts, key=len)}."


def _next_line(messages: Sequence[Message]) -> str | ToolCall:
    """A line that depends on nothing but the messages, as a real model's does."""
    if _is_asked_for_words(messages):
        return _truth(messages)
    last = messages[-1]
    answered = sum(message.role == "tool" for message in messages)
    if "shrink now" in last.content:
        return ToolCall("record_observation", {"finding": f"after {len(messages)} messages", "evidence": "r1"})
    if "your last call" in last.content:
        return "It is layer 3."
    return ToolCall("huge", {"seed": len(last.content) % 50 + answered})


def _lie(messages: Sequence[Message]) -> str | ToolCall:
    """Says what is not so where a summary is asked for."""
    return "Layer 9999 has 123456.789." if _is_asked_for_words(messages) else _next_line(messages)


class Starving(ScriptedModel):
    """Has no memory left for summaries."""

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """As told, but for summaries."""
        if prompt.text.startswith("<|im_start|>user\nFacts about"):
            raise OutOfMemory(input_tokens=len(prompt.tokens), max_new_tokens=max_new_tokens, requested_bytes=None)
        return super().generate(prompt, max_new_tokens=max_new_tokens, choice=choice, seed=seed)


def _run(run: Path, model: ScriptedModel, settings: Settings = SETTINGS) -> list[dict[str, Any]]:
    outcome = investigate("Which layer?", model=model, tools=hostile_tools(), run=run, settings=settings)
    assert outcome.answer == "It is layer 3."
    return cast("list[dict[str, Any]]", timeless(events_of(run)))


def _summaries(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    compactions = [event for event in events if event["event"] == "compaction"]
    return [change for event in compactions for change in event["changes"] if change["to"] == "summary"]


def _asides(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == "generation" and event["purpose"] == "summarizer"]


def test_the_model_has_a_say_in_the_summaries_of_a_compaction(tmp_path: Path) -> None:
    """It is asked right before, without tool schemas; what it wrote stands in the compaction and the next prompts."""
    model = ScriptedModel(_next_line, counter=thirds())
    events = _run(tmp_path / "run", model)
    written = [change for change in _summaries(events) if change.get("by") == "model"]
    assert any("in words: " in change["content"] for change in written)
    for before, event in pairwise(events):
        if before["event"] == "generation" and before["purpose"] == "summarizer":
            assert event["event"] in ("generation", "compaction")
            assert event.get("purpose", "summarizer") == "summarizer"
    asked = [fed for fed in model.fed if _is_asked_for_words(fed.messages)]
    assert len(asked) == len(_asides(events)) > 0
    assert all(fed.tools == () and fed.choice == Choice((), True) and fed.max_new_tokens <= 64 for fed in asked)
    assert not any(
        "Facts about" in message.content for fed in model.fed if fed not in asked for message in fed.messages
    )


def test_every_aside_is_under_the_ceiling_and_counted(tmp_path: Path) -> None:
    """One check for all generations; the totals and the numbers of prompts hold them too."""
    model = ScriptedModel(_next_line, counter=thirds())
    events = _run(tmp_path / "run", model)
    assert_under_the_ceiling(events, [fed.prompt for fed in model.fed], SETTINGS.ceiling)
    generations = [event for event in events if event["event"] == "generation"]
    assert events[-1]["generations"] == len(generations)
    assert [event["prompt"] for event in generations] == [
        f"prompts/{n:04d}.txt" for n in range(1, len(generations) + 1)
    ]


def test_without_the_setting_nobody_is_asked(tmp_path: Path) -> None:
    """Heuristics alone are the default."""
    events = _run(tmp_path / "run", ScriptedModel(_next_line, counter=thirds()), PLAIN)
    assert _summaries(events)
    assert _asides(events) == []


def test_a_lying_model_leaves_the_heuristic_summaries(tmp_path: Path) -> None:
    """Its words do not verify, so what stands in the prompts is the same without it."""
    with_say = _run(tmp_path / "say", ScriptedModel(_lie, counter=thirds()))
    without = _run(tmp_path / "plain", ScriptedModel(_lie, counter=thirds()), PLAIN)
    assert _asides(with_say)
    assert _summaries(with_say) == _summaries(without)


def test_a_rewritten_summary_still_shortens(tmp_path: Path) -> None:
    """By a fifth or more, words included; and one compaction asks about few of its summaries, about none twice."""
    events = _run(tmp_path / "run", ScriptedModel(_next_line, counter=thirds()))
    counter = thirds()
    for change in _summaries(events):
        assert change["tokens_after"] == counter.count(change["content"]) <= 0.8 * change["tokens_before"]
    asked = 0
    for event in events:
        asked = asked + 1 if event.get("purpose") == "summarizer" else 0
        assert asked <= 4
    keys = [event["key"] for event in _asides(events)]
    assert len(keys) == len(set(keys))


def test_a_run_with_summaries_cut_after_any_event_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    """What was written is in the events: it is not asked for again, and what was lost is written the same."""
    whole = _run(tmp_path / "whole", ScriptedModel(_next_line, counter=thirds()))
    for kept in range(len(whole)):
        run = tmp_path / f"cut{kept}"
        shutil.copytree(tmp_path / "whole", run)
        lines = (run / "events.jsonl").read_bytes().splitlines(keepends=True)
        (run / "events.jsonl").write_bytes(b"".join(lines[:kept]))
        resume(run, model=ScriptedModel(_next_line, counter=thirds()), tools=hostile_tools())
        again = timeless(events_of(run))
        assert [one | {"reused_tokens": 0} for one in again] == [one | {"reused_tokens": 0} for one in whole]
        shutil.rmtree(run)


def test_where_memory_runs_out_the_heuristics_write(tmp_path: Path) -> None:
    """The failure is logged, nobody is asked again at that compaction, and the run goes on."""
    events = _run(tmp_path / "run", Starving(_next_line, counter=thirds()))
    failures = [event for event in events if event["event"] == "error" and event["where"] == "summarizer"]
    assert "out of memory" in failures[0]["message"]
    assert len(failures) <= sum(event["event"] == "compaction" for event in events)
    assert _summaries(events)
    assert all("by" not in change for change in _summaries(events))


def test_an_unknown_summarizer_is_refused() -> None:
    """The error names both there are."""
    with pytest.raises(BadSettings, match="neither heuristic nor model"):
        Settings(summarizer=cast("Any", "magic"))
