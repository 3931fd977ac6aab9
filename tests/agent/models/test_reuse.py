"""Over whole investigations: what is kept from turn to turn changes nothing but what is computed."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.events import read_events
from agent.investigation import investigate
from agent.messages import Choice, Message, Prompt, Reply, ToolCall, ToolSpec
from agent.models.local import LocalModel
from agent.settings import Settings
from agent.tools import tool
from benchmarks.replayed import shallow
from pager import TokenCounter

OPEN = ToolSpec(
    "open",
    "Opens an address.",
    {"type": "object", "properties": {"address": {"type": "string"}}, "required": ["address"]},
)


@dataclass
class Forgetful:
    """A local model that keeps nothing from one generation to the next."""

    local: LocalModel

    @property
    def name(self) -> str:
        """The local model's."""
        return self.local.name

    @property
    def context_tokens(self) -> int | None:
        """The local model's."""
        return self.local.context_tokens

    @property
    def counter(self) -> TokenCounter:
        """The local model's."""
        return self.local.counter

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Prompt:
        """As the local model renders it."""
        return self.local.prompt(messages, tools)

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """From an empty cache."""
        self.local.drop_cache()
        return self.local.generate(prompt, max_new_tokens=max_new_tokens, choice=choice, seed=seed)


@tool
def layer(number: int) -> list[dict[str, object]]:
    """One layer."""
    return [{"row": row, "score": (row * number) % 19} for row in range(12)]


def _events(run: Path, model: LocalModel | Forgetful, **chosen: Any) -> list[dict[str, Any]]:
    options = {"max_turns": 6, "max_new_tokens": 48, "card_tokens": 120, "notebook_tokens": 60, **chosen}
    investigate("Which?", model=model, tools=[layer], run=run, settings=Settings(**options))
    events = list(read_events(run / "events.jsonl"))
    shutil.rmtree(run)
    return events


def _alike(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    clocks = ("at", "seconds", "reused_tokens", "predicted_bytes", "measured_bytes")
    return [{name: value for name, value in event.items() if name not in clocks} for event in events]


def _computed(events: Sequence[dict[str, Any]]) -> int:
    asked = [event for event in events if event["event"] == "generation"]
    return sum(event["input_tokens"] - event["reused_tokens"] for event in asked)


def test_a_whole_investigation_says_the_same_with_and_without_reuse(
    tmp_path: Path, qwen_folder: Path, words: Any
) -> None:
    """Compactions and all: each event is the same, to the token; only less is computed."""
    loaded = [LocalModel(qwen_folder, device="cpu", dtype="float32", templates=words) for _ in range(2)]
    chosen = {"ceiling": 3_200, "high_water": 0.15, "low_water": 0.05, "min_shrink": 0.01}
    with_reuse = _events(tmp_path / "with", loaded[0], **chosen)
    without = _events(tmp_path / "without", Forgetful(loaded[1]), **chosen)
    assert _alike(with_reuse) == _alike(without)
    assert _computed(with_reuse) < 0.6 * _computed(without)
    assert sum(event["event"] == "compaction" for event in with_reuse) > 1


@pytest.mark.model
def test_the_bundled_model_says_the_same_with_and_without_reuse(tmp_path: Path) -> None:
    """Its own weights, tokenizer and template; the first two layers, to be quick."""
    from agent.models import bundled_model

    folder = shallow(bundled_model(), tmp_path / "shallow", 2)
    events = [
        _events(tmp_path / "run", wrapped(LocalModel(folder, device="cpu", dtype="float32")), ceiling=2_048)
        for wrapped in (lambda local: local, Forgetful)
    ]
    assert _alike(events[0]) == _alike(events[1])
    assert _computed(events[0]) < 0.6 * _computed(events[1])


said = st.tuples(st.sampled_from(["user", "tool", "assistant"]), st.text(st.characters(codec="utf-8"), max_size=30))
edits = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["add", "change", "drop"]), said), max_size=12)


@given(edits=edits)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_prompt_counts_what_the_whole_of_it_would_count(
    qwen: LocalModel, llama: LocalModel, edits: list[Any]
) -> None:
    """Whatever was added, changed or dropped before: the ids are those of a tokenizer that remembers nothing."""
    for model in (qwen, llama):
        messages = [Message("system", "You look."), Message("user", "Which?")]
        for place, what, (role, content) in edits:
            calls = (ToolCall("open", {"address": content}),) if role == "assistant" else ()
            message = Message(role, content, calls, "open" if role == "tool" else None)
            at = 2 + place % max(1, len(messages) - 1)
            if what == "add" or at >= len(messages):
                messages.append(message)
            elif what == "change":
                messages[at] = message
            else:
                del messages[at]
            incremental = model.prompt(messages, [OPEN])
            remembered = model._encoder._remembered  # what it remembers is not public, and is the point
            kept = dict(remembered)
            remembered.clear()
            assert incremental == model.prompt(messages, [OPEN])
            remembered.update(kept)
