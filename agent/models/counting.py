"""How many tokens a server's prompt has: by the server's own tokenizer where it lends it, else by a bound."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Protocol

from pager import FunctionCounter, TokenCounter

from ..errors import ServerFailed
from ..messages import Prompt
from .endpoint import Endpoint
from .wire import Conversation

OWN_MARGIN = 0.03
"""What a bound adds where texts are counted with the model's own tokenizer and only the chat template is unknown."""
FOREIGN_MARGIN = 0.25
"""What a bound adds where the tokenizer is unknown too."""
_FRAME_TOKENS = 8  # of one message in a template: role, markers, line ends
_DIGIT = re.compile(r"[0-9]")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")


class Counting(Protocol):
    """Says how many tokens a conversation has as a prompt."""

    @property
    def counter(self) -> TokenCounter:
        """Counts plain text."""

    def measured(self, conversation: Conversation) -> Prompt:
        """The prompt; `len(tokens)` is the count."""


class LlamaCounting:
    """llama.cpp renders and tokenises for us: exact."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.counter: TokenCounter = FunctionCounter(f"llama.cpp:{endpoint.address}:{endpoint.model}", self._count)

    def measured(self, conversation: Conversation) -> Prompt:
        """The rendered text and its token ids."""
        text = str(self._endpoint.demanded("/apply-template", conversation.fields(), "prompt"))
        return Prompt(text, tuple(self._tokens(text, structured=True)))

    def _count(self, text: str) -> int:
        return len(self._tokens(text, structured=False))

    def _tokens(self, text: str, *, structured: bool) -> list[int]:
        options = {"content": _sendable(text), "add_special": structured, "parse_special": structured}
        found: list[int] = self._endpoint.demanded("/tokenize", options, "tokens")
        return found


class VllmCounting:
    """vLLM's /tokenize takes a whole conversation: exact."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.counter: TokenCounter = FunctionCounter(f"vllm:{endpoint.address}:{endpoint.model}", self._count)

    def measured(self, conversation: Conversation) -> Prompt:
        """The conversation as it is sent, and its token ids."""
        asked = {**conversation.fields(), "add_generation_prompt": True}
        return Prompt(conversation.text(), tuple(self._tokens(asked)))

    def _count(self, text: str) -> int:
        return len(self._tokens({"prompt": _sendable(text), "add_special_tokens": False}))

    def _tokens(self, asked: dict[str, object]) -> list[int]:
        found: list[int] = self._endpoint.demanded("/tokenize", {"model": self._endpoint.model, **asked}, "tokens")
        return found


@dataclass(frozen=True, slots=True)
class Bound:
    """An upper bound, fitted to what the server reported: (fixed + slope · counted) · (1 + margin).

    `counted` is the conversation's JSON by `counter` and a frame for every message; the token ids are made up.
    """

    counter: TokenCounter
    margin: float
    fixed: float = 0.0
    slope: float = 1.0

    def measured(self, conversation: Conversation) -> Prompt:
        """The conversation as it is sent; as many made-up token ids as it has tokens at most."""
        tokens = math.ceil((self.fixed + self.slope * self.raw(conversation)) * (1 + self.margin))
        return Prompt(conversation.text(), tuple(range(tokens)))

    def fitted(self, small: Conversation, large: Conversation, reported: tuple[int, int]) -> Bound:
        """The bound through two conversations of which the server reported the tokens; never a falling one."""
        few, many = self.raw(small), self.raw(large)
        slope = max(0.5, (reported[1] - reported[0]) / max(1, many - few))
        return Bound(self.counter, self.margin, max(0.0, reported[0] - slope * few), slope)

    def raw(self, conversation: Conversation) -> int:
        """The tokens of what is sent, before anything is fitted."""
        contents = [str(one.get("content") or "") for one in conversation.messages]
        calls = [json.dumps(one["tool_calls"]) for one in conversation.messages if "tool_calls" in one]
        tools = [json.dumps(one) for one in conversation.tools]
        texts = sum(self.counter.count(text) for text in (*contents, *calls, *tools))
        return texts + _FRAME_TOKENS * (len(contents) + len(tools))


class CautiousCounter:
    """Counts for a tokenizer that is not known: a digit is a token, and so is every byte outside ASCII.

    The rest as cl100k_base counts it. Over 65 real tool results a vocabulary half that size took 0.85 to 1.32 of this.
    """

    def __init__(self, inner: TokenCounter) -> None:
        self.name = f"cautious:{inner.name}"
        self._inner = inner

    def count(self, text: str) -> int:
        """An upper bound, but for vocabularies much smaller than cl100k_base."""
        foreign = sum(len(part.encode("utf-8", "surrogatepass")) for part in _FOREIGN.findall(text))
        plain, digits = _DIGIT.subn(" ", _FOREIGN.sub(" ", text))
        return foreign + digits + self._inner.count(plain)


def exact_counting(endpoint: Endpoint, probe: Conversation) -> Counting | None:
    """The server's own counting, where it lends it."""
    for made in (LlamaCounting, VllmCounting):
        counting: Counting = made(endpoint)
        try:
            counting.measured(probe)
            counting.counter.count("probe")
        except ServerFailed as error:
            if error.status is None:
                raise
            continue
        return counting
    return None


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
