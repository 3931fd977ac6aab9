"""A model behind an OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, a hosted one."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from summarizers import Templates

from ..messages import Choice, Message, Prompt, Reply, ToolSpec
from .endpoint import TIMEOUT_S, Endpoint
from .formats import Parsed
from .terms import Terms, agreed_terms
from .untooled import Renderer
from .wire import Conversation, allowed

if TYPE_CHECKING:
    from pager import TokenCounter

_PROMPTS_HELD = 16


class ServedModel:
    """Calls tools the server's own way where that works, else by JSON under a schema.

    Every prompt is counted before it is sent: by the server's tokenizer where it lends it (llama.cpp, vLLM), else by an
    upper bound fitted to what the server reports of two short prompts, with `tokenizer` (a folder, a tokenizer.json, a
    tiktoken name) for the texts where it is given. What the server reports of a prompt is in `Reply.reported_tokens`;
    where that is more than was counted, later counts grow in proportion.

    `base_url` None is the client's own default. Raises MissingExtra, ServerFailed, ContextExceeded, and CountUnknown
    where the server neither lends a tokenizer nor reports usage.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str | None = None,
        tokenizer: str | None = None,
        templates: Renderer | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._endpoint = Endpoint(name, base_url, timeout_s=timeout_s)
        self.name = f"openai:{name}"
        self.context_tokens = self._endpoint.context_tokens()
        self._terms: Terms = agreed_terms(self._endpoint, tokenizer, templates or Templates())
        self._excess = 1.0
        self._prompts: OrderedDict[Prompt, Conversation] = OrderedDict()
        self._measured: OrderedDict[str, Prompt] = OrderedDict()

    @property
    def counter(self) -> TokenCounter:
        """Counts plain text with the model's own tokenizer, or with a bound of it."""
        return self._terms.counting.counter

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Prompt:
        """The conversation, counted; the ids are the tokenizer's only where the server lends it."""
        conversation = self._terms.form.conversation(messages, tools)
        key = conversation.text()
        if key not in self._measured:
            _hold(self._measured, key, self._terms.counting.measured(conversation))
        prompt = self._grown(self._measured[key])
        _hold(self._prompts, prompt, conversation)
        return prompt

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """One chat completion; a call that is cut off, damaged or not allowed is a `problem`."""
        started = time.perf_counter()
        conversation = self._prompts[prompt]
        wanted = self._terms.form.choice(choice, conversation)
        completion = self._endpoint.complete(
            {**conversation.fields(), **wanted, "temperature": 0, "seed": seed},
            input_tokens=len(prompt.tokens),
            max_new_tokens=max_new_tokens,
        )
        said = completion["choices"][0]
        message = said.get("message") or {}
        if choice.schema is None:
            content, parsed = self._terms.form.read(message)
        else:
            content, parsed = str(message.get("content") or ""), Parsed()
        calls, problem = allowed(parsed, choice, cut=said.get("finish_reason") == "length")
        usage = Usage(completion)
        self._learn(prompt, usage.prompt_tokens)
        return Reply(
            content,
            calls,
            problem,
            usage.new_tokens if usage.new_tokens is not None else self.counter.count(content),
            usage.reused_tokens,
            time.perf_counter() - started,
            reported_tokens=usage.prompt_tokens,
        )

    def _learn(self, prompt: Prompt, reported: int | None) -> None:
        """Let later counts grow by what this one fell short."""
        if reported is not None and reported > len(prompt.tokens):
            self._excess *= reported / len(prompt.tokens)

    def _grown(self, prompt: Prompt) -> Prompt:
        more = int(len(prompt.tokens) * (self._excess - 1) + 0.999)
        return Prompt(prompt.text, (*prompt.tokens, *range(more))) if more else prompt


class Usage:
    """What a completion says it took; None where it does not say."""

    def __init__(self, completion: Mapping[str, Any]) -> None:
        usage = completion.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        self.prompt_tokens = _number(usage.get("prompt_tokens"))
        self.new_tokens = _number(usage.get("completion_tokens"))
        self.reused_tokens = _number(details.get("cached_tokens")) or 0


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _hold(held: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    held[key] = value
    held.move_to_end(key)
    while len(held) > _PROMPTS_HELD:
        held.popitem(last=False)
