"""A causal language model on this machine: transformers, constrained decoding, a KV cache that outlives the turn."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from summarizers import Templates

from ..errors import ContextExceeded
from ..memory import Guard, KvCache, Meter, Plan, Probe, SafeCeiling, free_memory, meter, safe_ceiling
from ..messages import Choice, Message, Prompt, Reply, ToolCall, ToolSpec
from .bundled import bundled_model, cache_folder
from .cache import new_cache
from .checkpoint import load_checkpoint
from .constrain import ConstrainedPicker, Grammars
from .encoder import Encoded, Encoder, unmask
from .formats import Family, parse_calls
from .planning import Probing, plan_of
from .rendering import ChatTemplate
from .session import ForcedPicker, Generated, Picker, Session
from .untooled import Renderer

if TYPE_CHECKING:
    from pager import TokenCounter

_PROMPTS_HELD = 16


class LocalModel:
    """A Hugging Face chat model: a folder, a hub id, or None for the bundled SmolLM2-135M-Instruct.

    `device` and `dtype` are chosen for the machine unless given; `attention` is transformers' name of a kernel;
    `kv_cache` may be "quantized" (8 bits; no reuse across an edit) or "offloaded" (CUDA); `temperature` 0 is greedy;
    `peak` measures memory, as the device allows unless given.
    Every generation's memory is predicted before and measured after it: see `Reply`. `prompt` keeps the token ids of
    earlier prompts and of what was generated after them, and `generate` keeps their KV cache.

    `Reply.content` is exactly what was generated, the markup of calls included: put it into the history unchanged and
    the next prompt extends this one, token by token.

    Raises BadModel for a source that is no usable chat model (ModelTooLarge where memory is short), NoBundledModel,
    OutOfMemory, ContextExceeded, BadTool.
    """

    def __init__(
        self,
        source: str | Path | None = None,
        *,
        device: str | None = None,
        dtype: str | None = None,
        attention: str = "sdpa",
        chunk_tokens: int = 512,
        kv_cache: KvCache = "dynamic",
        temperature: float = 0.0,
        templates: Renderer | None = None,
        on_text: Callable[[str], None] | None = None,
        peak: Meter | None = None,
    ) -> None:
        torch.set_num_threads(min(torch.get_num_threads(), _usable_cpus()))
        checkpoint = load_checkpoint(source or bundled_model(), device=device, dtype=dtype, attention=attention)
        self.name = checkpoint.name
        self.context_tokens: int | None = checkpoint.context_tokens
        self.on_text = on_text
        self._temperature = temperature
        self._tokenizer = checkpoint.tokenizer
        self._encoder = Encoder(checkpoint.tokenizer, checkpoint.name)
        self._template = ChatTemplate(
            checkpoint.tokenizer,
            templates=templates or Templates(),
            mask_data=lambda text: self._encoder.mask(text, every_marker=True),
            mask_own=lambda text: self._encoder.mask(text, every_marker=False),
        )
        self._end_tokens = checkpoint.end_tokens
        self._grammars = Grammars(
            self._encoder,
            family=self._template.family,
            vocabulary=checkpoint.vocabulary,
            end_tokens=checkpoint.end_tokens,
        )
        new_cache(kv_cache, checkpoint.model.config)  # what this model cannot have is said now
        self._session = Session(checkpoint.model, chunk_tokens=chunk_tokens, kv_cache=kv_cache)
        device_used = checkpoint.model.device
        plan = plan_of(checkpoint.model, chunk_tokens=chunk_tokens, kv_cache=kv_cache)
        self._guard = Guard(plan, peak or meter(device_used), partial(free_memory, device_used))
        self._probing = Probing(self._session, cache_folder() / "probes", vocabulary=checkpoint.vocabulary)
        self._guard.plan = self._probing.known(plan)
        self._prompts: OrderedDict[tuple[int, ...], Encoded] = OrderedDict()

    @property
    def counter(self) -> TokenCounter:
        """Counts plain text with the model's own tokenizer."""
        return self._encoder

    @property
    def family(self) -> Family:
        """The form in which the model writes calls."""
        return self._template.family

    def ids(self, text: str) -> tuple[int, ...]:
        """The token ids of plain text."""
        return tuple(self._encoder.plain(text))

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Prompt:
        """The conversation by the model's chat template; markers in its contents are plain text, never structure."""
        encoded = self._encoder.encode(self._template.render(messages, tools))
        self._prompts[encoded.ids] = encoded
        self._prompts.move_to_end(encoded.ids)
        while len(self._prompts) > _PROMPTS_HELD:
            self._prompts.popitem(last=False)
        return Prompt(unmask(encoded.text), encoded.ids)

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """At most `max_new_tokens` tokens of what `choice` allows; a call cut off by that limit is a `problem`."""
        started = time.perf_counter()
        picker = self._grammars.picker(choice, max_new_tokens=max_new_tokens, temperature=self._temperature, seed=seed)
        said = self.fed(prompt, picker, max_new_tokens=max_new_tokens)
        content = self._content(said)
        self._remember(prompt, content, said)
        calls, problem = _outcome(content, choice, picker)
        return _reply(content, calls, problem, said, time.perf_counter() - started)

    def replay(self, prompt: Prompt, content: str) -> Reply:
        """A reply known beforehand, at its full price: the prompt is read and each token fed as if it were picked."""
        started = time.perf_counter()
        ids = [*self.ids(content), self._end_tokens[0]]
        said = self.fed(prompt, ForcedPicker(ids), max_new_tokens=len(ids))
        content = self._content(said)
        self._remember(prompt, content, said)
        return _reply(content, parse_calls(content).calls, None, said, time.perf_counter() - started)

    def fed(self, prompt: Prompt, picker: Picker, *, max_new_tokens: int) -> Generated:
        """Feeds the prompt and what `picker` picks after it, watched by the memory guard. Raises OutOfMemory."""
        self._check(prompt, max_new_tokens)
        guard = self._guard
        guard.before(
            self._session.held_for(prompt.tokens), input_tokens=len(prompt.tokens), max_new_tokens=max_new_tokens
        )
        show = self._show if self.on_text else None
        said = self._session.generate(prompt.tokens, picker, max_new_tokens=max_new_tokens, on_tokens=show)
        return replace(said, predicted_bytes=guard.predicted_bytes, measured_bytes=guard.after())

    @property
    def plan(self) -> Plan:
        """What memory so many tokens take; corrected by a probe where one is known."""
        return self._guard.plan

    def probe(self) -> Probe | None:
        """Measures two short prefills, once for this model on this machine, and corrects the plan; drops the cache."""
        made = self._probing.made(self._guard.plan, self._guard.meter)
        if made is not None:
            self._guard.plan = made.applied(self._guard.plan)
        return made

    def safe_ceiling(self) -> SafeCeiling:
        """The most tokens of prompt and reply that are safe in the memory that is free now."""
        self._session.drop()
        return safe_ceiling(self._guard.plan, free=self._guard.free(), loaded=True)

    def drop_cache(self) -> None:
        """Frees the KV cache; the next prompt is computed from its start."""
        self._session.drop()

    def _check(self, prompt: Prompt, max_new_tokens: int) -> None:
        if self.context_tokens is not None and len(prompt.tokens) + max_new_tokens > self.context_tokens:
            raise ContextExceeded(
                input_tokens=len(prompt.tokens), max_new_tokens=max_new_tokens, context_tokens=self.context_tokens
            )

    def _content(self, said: Generated) -> str:
        text: str = self._tokenizer.decode(self._spoken(said), clean_up_tokenization_spaces=False)
        return text

    def _spoken(self, said: Generated) -> list[int]:
        """The generated ids without the end token."""
        ends = said.tokens[-1:] and said.tokens[-1] in self._end_tokens
        return list(said.tokens[:-1] if ends else said.tokens)

    def _remember(self, prompt: Prompt, content: str, said: Generated) -> None:
        """Lets the next prompt take over the very ids that were generated."""
        held = self._prompts.get(prompt.tokens)
        if held is not None:
            text = held.text + self._encoder.mask(content, every_marker=False)
            self._encoder.remember(Encoded(text, (*held.ids, *self._spoken(said)), held.seams))

    def _show(self, tokens: Sequence[int]) -> None:
        if self.on_text is not None:
            self.on_text(self._tokenizer.decode([token for token in tokens if token not in self._end_tokens]))


def _reply(content: str, calls: tuple[ToolCall, ...], problem: str | None, said: Generated, seconds: float) -> Reply:
    return Reply(
        content,
        calls,
        problem,
        len(said.tokens),
        said.reused_tokens,
        seconds,
        predicted_bytes=said.predicted_bytes,
        measured_bytes=said.measured_bytes,
    )


def _outcome(content: str, choice: Choice, picker: ConstrainedPicker) -> tuple[tuple[ToolCall, ...], str | None]:
    """The calls in a reply, or why there are none where one began or was due."""
    if choice.schema is not None and not picker.complete:
        return (), "the JSON was cut off at the limit of new tokens: shorter values, or a higher max_new_tokens"
    if not choice.tools:
        return (), None
    if not picker.complete:
        return (), "the tool call was cut off at the limit of new tokens: make it shorter"
    parsed = parse_calls(content)
    return parsed.calls, parsed.problem


def _usable_cpus() -> int:
    """The CPUs this process may run on, which in a container are fewer than the machine's."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
