"""A model that says what it was told to say: for tests and demonstrations of the loop, never for results."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from json import dumps
from typing import TYPE_CHECKING

from ..errors import ScriptEnded
from ..messages import Choice, Message, Prompt, Reply, ToolCall, ToolSpec
from .formats import parse_calls, write_calls

if TYPE_CHECKING:
    from pager import TokenCounter

Line = str | ToolCall | Sequence[ToolCall]
"""One scripted reply: raw text (which may hold calls, well or badly written), a call, or several calls at once."""

Script = Sequence[Line] | Callable[[Sequence[Message]], Line]
"""The replies in order, or a function of the messages that were fed."""


@dataclass(frozen=True, slots=True)
class RecordedGeneration:
    """One generation as the model saw it."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    prompt: Prompt
    max_new_tokens: int
    choice: Choice
    seed: int


class ScriptedModel:
    """Replies from a script, counts like a real model, keeps to `Choice` and `max_new_tokens`, and records its input.

    Prompts are a plain ChatML-like rendering, tool schemas included, counted piece by piece with `counter`; the token
    ids are made up, yet equal pieces have equal ids, so that one prompt is a token prefix of the next exactly when its
    text is. `fed` holds every generation in order.

    >>> model = ScriptedModel(["It is layer 17."], counter=counter(len))  # doctest: +SKIP
    """

    def __init__(
        self,
        script: Script,
        *,
        counter: TokenCounter | None = None,
        name: str = "scripted",
        context_tokens: int | None = None,
    ) -> None:
        self.name = name
        self.context_tokens = context_tokens
        self.counter = counter or _default_counter()
        self.fed: list[RecordedGeneration] = []
        self._script = script
        self._spoken = 0
        self._rendered: dict[Prompt, tuple[tuple[Message, ...], tuple[ToolSpec, ...]]] = {}

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Prompt:
        """The messages as `<|im_start|>role` blocks, the tools' schemas in the first one."""
        pieces = list(_pieces(messages, tools))
        tokens = tuple(chain.from_iterable(map(self._tokens, pieces)))
        prompt = Prompt("".join(pieces), tokens)
        self._rendered[prompt] = (tuple(messages), tuple(tools))
        return prompt

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """The script's next line, cut at `max_new_tokens`; what `choice` forbids comes back as a `problem`."""
        started = time.perf_counter()
        reused = self._reused(prompt)
        messages, tools = self._rendered.get(prompt, ((), ()))
        self.fed.append(RecordedGeneration(messages, tools, prompt, max_new_tokens, choice, seed))
        whole = _written(self._line(messages))
        content = self._cut(whole, max_new_tokens)
        calls, problem = _allowed(content, choice, cut=content != whole)
        return Reply(content, calls, problem, self.counter.count(content), reused, time.perf_counter() - started)

    def _line(self, messages: Sequence[Message]) -> Line:
        self._spoken += 1
        if callable(self._script):
            return self._script(messages)
        if self._spoken > len(self._script):
            raise ScriptEnded(f"the script has {len(self._script)} replies and was asked for one more: lengthen it")
        return self._script[self._spoken - 1]

    def _tokens(self, piece: str) -> range:
        first = zlib.crc32(piece.encode("utf-8", "surrogatepass"))
        return range(first, first + self.counter.count(piece))

    def _reused(self, prompt: Prompt) -> int:
        held = self.fed[-1].prompt.tokens if self.fed else ()
        differ = (at for at, (old, new) in enumerate(zip(held, prompt.tokens, strict=False)) if old != new)
        return next(differ, min(len(held), len(prompt.tokens)))

    def _cut(self, text: str, max_new_tokens: int) -> str:
        fits, over = 0, len(text) + 1
        if self.counter.count(text) <= max_new_tokens:
            return text
        while over - fits > 1:
            middle = (fits + over) // 2
            fits, over = (middle, over) if self.counter.count(text[:middle]) <= max_new_tokens else (fits, middle)
        return text[:fits]


def _default_counter() -> TokenCounter:
    from pager import counter

    return counter()


def _pieces(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Iterator[str]:
    if tools:
        schemas = "\n".join(dumps(tool.schema(), ensure_ascii=False) for tool in tools)
        yield f"<|im_start|>tools\n{schemas}<|im_end|>\n"
    for message in messages:
        yield f"<|im_start|>{message.role}\n"
        yield _content(message)
        yield "<|im_end|>\n"
    yield "<|im_start|>assistant\n"


def _content(message: Message) -> str:
    if not message.calls or parse_calls(message.content).calls == message.calls:
        return message.content
    return message.content + write_calls(message.calls, "hermes")


def _written(line: Line) -> str:
    if isinstance(line, str):
        return line
    return write_calls([line] if isinstance(line, ToolCall) else list(line), "hermes")


def _allowed(content: str, choice: Choice, *, cut: bool) -> tuple[tuple[ToolCall, ...], str | None]:
    if choice.schema is not None:
        return (), None
    parsed = parse_calls(content)
    names = {tool.name for tool in choice.tools}
    foreign = [call.name for call in parsed.calls if call.name not in names]
    if cut and "<tool_call>" in content:
        return (), "the tool call was cut off at the limit of new tokens: make it shorter"
    if parsed.problem:
        return (), parsed.problem
    if foreign:
        return (), f"{foreign[0]} cannot be called now; " + (
            f"call one of {', '.join(sorted(names))}" if names else "answer in text"
        )
    if not parsed.calls and not choice.text:
        return (), f"a tool call is needed here: call one of {', '.join(sorted(names))}"
    return parsed.calls, None
