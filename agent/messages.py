"""What the loop and a model say to each other: messages, calls, prompts, and the protocol a back end fulfils."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from pager import TokenCounter

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool's name and its arguments, JSON values."""

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `calls` are an assistant's, `name` says which tool answered."""

    role: Role
    content: str
    calls: tuple[ToolCall, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a model is told of a tool; `parameters` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, object]

    def schema(self) -> dict[str, object]:
        """The tool in the form chat templates and OpenAI-compatible servers read."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class Prompt:
    """Exactly what is fed to a model; `len(tokens)` is the input count."""

    text: str
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What may come back: calls of `tools`, free text, or either; with a `schema`, only JSON that fits it."""

    tools: tuple[ToolSpec, ...]
    text: bool
    schema: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said. `problem` says why a call did not parse or was not allowed; then `calls` is empty.

    `new_tokens` were generated, `reused_tokens` of the prompt were not computed again, `seconds` of wall time passed.
    `predicted_bytes` and `measured_bytes` are its peak of memory beside the weights; None where nothing tells.
    `reported_tokens` are the prompt's by a server's own account, which may differ from what was counted.
    """

    content: str
    calls: tuple[ToolCall, ...]
    problem: str | None
    new_tokens: int
    reused_tokens: int
    seconds: float
    predicted_bytes: int | None = None
    measured_bytes: int | None = None
    reported_tokens: int | None = None


class Model(Protocol):
    """A model back end: renders a prompt, counts it, and generates from it."""

    @property
    def name(self) -> str:
        """What it is called in logs and reports."""

    @property
    def context_tokens(self) -> int | None:
        """The most tokens of prompt and reply together; None when unknown."""

    @property
    def counter(self) -> TokenCounter:
        """Counts plain text with the model's own tokenizer."""

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Prompt:
        """The messages and tool schemas, rendered and tokenised, ready to be fed."""

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """At most `max_new_tokens` tokens of what `choice` allows; raises an AgentError, never returns half a call."""
