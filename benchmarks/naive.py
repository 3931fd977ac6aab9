"""The loop this project began with: every result whole in the prompt, all but the last few exchanges pruned.

Each turn the conversation is rendered anew and given to transformers' `generate`, which computes all of it: at once,
with the attention the model was loaded with.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from agent import Message, Tool, ToolCall
from agent.memory import Meter, is_out_of_memory
from agent.models.checkpoint import Checkpoint
from agent.models.formats import write_calls

from .directed import QUESTION, largest_kurtosis

KEPT = 3
_NEW_TOKENS = 4  # enough for the peak, and kind: replies are told anyway
_SYSTEM = "You investigate a neural network with tools. Call one tool at a time, then answer."


@dataclass(frozen=True, slots=True)
class NaiveTurn:
    """One turn: the prompt's tokens, its peak above the weights, and what it died of, if it did."""

    tokens: int
    measured_bytes: int | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Naive:
    """What became of the loop: its turns and its answer, None where it died."""

    turns: tuple[NaiveTurn, ...]
    answer: str | None


def run_naive(
    checkpoint: Checkpoint, tool: Tool, *, turns: int, meter: Meter, told: Callable[[NaiveTurn], None] = lambda _: None
) -> Naive:
    """At most `turns` turns of one call each, then the answer, as far as memory goes; `told` of each as it ends."""
    exchanges: list[tuple[ToolCall, str]] = []
    made: list[NaiveTurn] = []
    for step in range(1, turns + 2):
        messages = _messages(exchanges[-KEPT:])
        turn = _generated(checkpoint, messages, meter)
        made.append(turn)
        told(turn)
        if turn.error:
            return Naive(tuple(made), None)
        call = ToolCall(tool.name, {"step": step})
        if step <= turns:
            exchanges.append((call, json.dumps(tool.run(call.arguments))))
    return Naive(tuple(made), f"The largest kurtosis is {largest_kurtosis(_messages(exchanges[-KEPT:]))}.")


def _messages(exchanges: Sequence[tuple[ToolCall, str]]) -> list[Message]:
    messages = [Message("system", _SYSTEM), Message("user", QUESTION)]
    for call, result in exchanges:
        messages += [Message("assistant", write_calls([call], "smollm")), Message("user", result)]
    return messages


def _generated(checkpoint: Checkpoint, messages: Sequence[Message], meter: Meter) -> NaiveTurn:
    fields = [{"role": one.role, "content": one.content} for one in messages]
    encoded = checkpoint.tokenizer.apply_chat_template(
        fields, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    ids = encoded["input_ids"].to(checkpoint.model.device)
    meter.start()
    try:
        with torch.inference_mode():
            checkpoint.model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=_NEW_TOKENS, do_sample=False, pad_token_id=0
            )
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return NaiveTurn(ids.shape[1], meter.above_start(), str(error).splitlines()[0])
    return NaiveTurn(ids.shape[1], meter.above_start())
