"""What an investigation has to read, as sizes: the recorded runs that schedules are compared on."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.events import read_events
from pager import TokenCounter

RESERVE = 256


@dataclass(frozen=True, slots=True)
class Step:
    """One turn: the tokens of the reply with its call, and of the result as it comes."""

    reply: int
    result: int


@dataclass(frozen=True, slots=True)
class Workload:
    """A run's sizes in tokens: the head that never changes, the steps, and the ceiling they are held under."""

    name: str
    head: int
    steps: tuple[Step, ...]
    ceiling: int

    @property
    def least(self) -> int:
        """Each token once, but the last reply and result, which no prompt holds."""
        return self.head + sum(step.reply + step.result for step in self.steps[:-1])


def drawn(name: str, results: tuple[int, int], *, reply: int, head: int, ceiling: int, turns: int) -> list[Workload]:
    """Twenty runs whose results are of a size between two, each as likely."""
    return [
        Workload(
            name,
            head,
            tuple(Step(reply, random.Random(f"{seed} {turn}").randint(*results)) for turn in range(turns)),
            ceiling,
        )
        for seed in range(20)
    ]


def trajectories(folder: Path, counter: TokenCounter, ceiling: int) -> list[Workload]:
    """The conversations in `folder`, one after the other as one long run."""
    runs = [list(_steps(path, counter)) for path in sorted(folder.glob("*.json"))]
    steps = tuple(step for run in runs for step in run)
    return [Workload("recorded agents", 1_000, steps, ceiling)] if steps else []


def recorded(run: Path) -> Workload:
    """The run whose events lie in a folder or an events.jsonl: its results as they landed, under its own ceiling."""
    events = list(read_events(run / "events.jsonl" if run.is_dir() else run))
    asked = [event for event in events if event["event"] == "generation" and event["purpose"] == "turn"]
    results: dict[object, int] = {}
    for event in events:
        if event["event"] == "result":
            results[event["turn"]] = results.get(event["turn"], 0) + int(str(event["tokens"]))
    steps = tuple(Step(int(str(one["new_tokens"])), results.get(one["turn"], 0)) for one in asked)
    head, ceiling = int(str(asked[0]["input_tokens"])), int(str(asked[0]["ceiling"]))
    return Workload(f"run {run.name}", head, steps, ceiling)


def _steps(path: Path, counter: TokenCounter) -> Iterator[Step]:
    """Pairs of what the agent said and what came back, whoever it came from."""
    value = json.loads(path.read_text(encoding="utf-8"))
    messages = value if isinstance(value, list) else next(one for one in value.values() if isinstance(one, list))
    said = 0
    for message in messages[1:]:
        tokens = counter.count(_text(message))
        if message.get("role", message.get("from")) in ("assistant", "ai", "gpt"):
            said += tokens
        elif said:
            yield Step(said, tokens)
            said = 0


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content", message.get("value"))
    calls = message.get("tool_calls") or message.get("function_call")
    return (content if isinstance(content, str) else json.dumps(content)) + (json.dumps(calls) if calls else "")
