"""One investigation for every loop: one tool, results of 1,000 to 5,000 tokens, and a model told what to say.

The model computes every prompt and every word for real; only which words is decided here, so that two loops make the
same calls. What it records and answers it must read off its prompt: the largest kurtosis that stands there.
"""

import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from agent import Choice, Message, Prompt, Reply, Tool, ToolCall, ToolSpec, tool
from agent.models.formats import write_calls
from agent.models.local import LocalModel
from pager import TokenCounter

QUESTION = "Which module has the largest kurtosis of all steps of the training run, and how large is it?"
PLANTED = 187.25  # in the result of step PLANTED_AT
PLANTED_AT = 3
RESULT_TOKENS = (1_000, 5_000)
_KURTOSIS = re.compile(r"kurtosis[^0-9\n]{0,24}?(\d+\.\d+)")


def result_of(step: int, counter: TokenCounter) -> list[dict[str, object]]:
    """The records of one step, as many as make a random number of tokens from 1,000 to 5,000; always the same."""
    draw = random.Random(step)
    wanted = draw.randrange(*RESULT_TOKENS)
    rows: list[dict[str, object]] = []
    tokens = 0
    while True:
        row = _row(step, len(rows), draw)
        tokens += counter.count(f"{row}, ")
        if tokens > wanted and rows:
            return rows
        rows.append(row)


def _row(step: int, number: int, draw: random.Random) -> dict[str, object]:
    planted = step == PLANTED_AT and number == 11
    return {
        "module": f"layers.{number % 32}.{('mlp.down_proj', 'self_attn.o_proj')[number % 2]}",
        "kurtosis": PLANTED if planted else round(draw.uniform(2.5, 4.5), 2),
        "mean": round(draw.uniform(-1, 1), 4),
        "std": round(draw.uniform(0.01, 0.05), 4),
    }


def step_tool(counter: TokenCounter) -> Tool:
    """The tool that every loop calls, once a turn."""

    @tool
    def get_step_statistics(step: int) -> list[dict[str, object]]:
        """Statistics of every module at one step of the training run.

        Args:
            step: number of the step, from 1
        """
        return result_of(step, counter)

    return get_step_statistics


def largest_kurtosis(messages: Sequence[Message]) -> float:
    """The largest that a text of the prompt names; 0 where none does."""
    return max((float(found) for one in messages for found in _KURTOSIS.findall(one.content)), default=0.0)


@dataclass(slots=True)
class Directed:
    """A local model that says what the investigation needs next: a call a turn, what it saw where asked to save."""

    model: LocalModel
    steps: int = 0
    _rendered: dict[tuple[int, ...], tuple[Message, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    @property
    def context_tokens(self) -> int | None:
        """The model's."""
        return self.model.context_tokens

    @property
    def counter(self) -> TokenCounter:
        """The model's."""
        return self.model.counter

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Prompt:
        """The model's own."""
        made = self.model.prompt(messages, tools)
        self._rendered = {made.tokens: tuple(messages)} | dict(list(self._rendered.items())[:4])
        return made

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """Prefills the prompt under the model's guard; the reply is computed with the next prompt, which holds it."""
        started = time.perf_counter()
        line = self._line(self._rendered[prompt.tokens], choice)
        said = line if isinstance(line, str) else write_calls([line], "smollm")
        fed = self.model.fed(prompt, AtOnce(self.model.ids(said)[:max_new_tokens]), max_new_tokens=max_new_tokens)
        calls = () if isinstance(line, str) else (line,)
        seconds = time.perf_counter() - started
        new, memory = len(fed.tokens), (fed.predicted_bytes, fed.measured_bytes)
        return Reply(said, calls, None, new, fed.reused_tokens, seconds, *memory)

    def _line(self, messages: tuple[Message, ...], choice: Choice) -> str | ToolCall:
        names = {spec.name for spec in choice.tools}
        if not names:
            return f"The largest kurtosis is {largest_kurtosis(messages)}."
        if names == {"record_observation"}:
            finding = f"kurtosis {largest_kurtosis(messages)} is the largest up to step {self.steps}"
            return ToolCall("record_observation", {"finding": finding, "evidence": "r1"})
        self.steps += 1
        return ToolCall("get_step_statistics", {"step": self.steps})


@dataclass(slots=True)
class AtOnce:
    """A picker that takes the tokens it was given, all at once."""

    ids: Sequence[int]
    done: bool = True

    def pick(self, logits: torch.Tensor, *, room: int) -> list[int]:
        """All of them."""
        return list(self.ids)[:room]
