"""Messages, tools and replies in the form OpenAI-compatible servers read and write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..messages import Choice, Message, ToolCall, ToolSpec
from .formats import Parsed, parse_calls
from .untooled import Untooled

_CALL_MARK = "<tool_call>"
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The fixed part of a request: what is rendered into the prompt, and so what is counted.

    `written`: the tools stand in the messages.
    """

    messages: tuple[Entry, ...]
    tools: tuple[Entry, ...] = ()
    written: bool = False

    def fields(self) -> dict[str, object]:
        """The conversation as a request names its parts."""
        return {"messages": list(self.messages), **({"tools": list(self.tools)} if self.tools else {})}

    def text(self) -> str:
        """One JSON object a line: how a prompt is kept where the server's own rendering is unknown."""
        return "\n".join(json.dumps(one, ensure_ascii=False) for one in (*self.tools, *self.messages))


class Form(Protocol):
    """How tools and calls are put to a server."""

    def conversation(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Conversation:
        """The messages and tools as the server reads them."""

    def choice(self, choice: Choice, conversation: Conversation) -> dict[str, object]:
        """The fields of a request that keep a reply to `choice`."""

    def read(self, message: Mapping[str, Any]) -> tuple[str, Parsed]:
        """A reply's words and its calls."""


@dataclass(frozen=True, slots=True)
class NativeForm:
    """The server's own tool calls; an id is the call's place in the conversation, in nine characters as some demand.

    `names_one`: the server can be told which tool to call, not only that one must be.
    """

    names_one: bool = True

    def conversation(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Conversation:
        """Calls as `tool_calls`, answers by the id of their call."""
        return Conversation(tuple(_native(messages)), tuple(tool.schema() for tool in tools))

    def choice(self, choice: Choice, conversation: Conversation) -> dict[str, object]:
        """`tool_choice`: none, auto, required, or the one tool there is to choose."""
        if not conversation.tools:
            return {}
        if not choice.tools:
            return {"tool_choice": "none"}
        if choice.text:
            return {"tool_choice": "auto"}
        if self.names_one and len(choice.tools) == 1:
            return {"tool_choice": {"type": "function", "function": {"name": choice.tools[0].name}}}
        return {"tool_choice": "required"}

    def read(self, message: Mapping[str, Any]) -> tuple[str, Parsed]:
        """The `tool_calls`; where there are none, what the words hold of calls that the server did not recognise."""
        content = str(message.get("content") or "")
        functions = [one.get("function") for one in message.get("tool_calls") or () if isinstance(one, dict)]
        if not functions:
            return content, parse_calls(content)
        found = [parse_calls(json.dumps(one)) for one in functions]
        problem = next((one.problem for one in found if one.problem), None)
        return content, Parsed((), problem) if problem else Parsed(tuple(call for one in found for call in one.calls))


@dataclass(frozen=True, slots=True)
class WrittenForm:
    """Tools told in the system message, calls written as JSON under a schema: where a server knows no tools."""

    untooled: Untooled

    def conversation(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Conversation:
        """Nothing but roles and contents."""
        return Conversation(tuple(self.untooled.entries(messages, tools)), written=bool(tools))

    def choice(self, choice: Choice, conversation: Conversation) -> dict[str, object]:
        """A JSON schema: the choice's own, or one of calls of the chosen tools, and an answer where text is allowed."""
        if choice.schema is not None:
            return _response_format(dict(choice.schema))
        if not conversation.written:
            return {}
        forms = [_call_schema(tool) for tool in choice.tools]
        if choice.text or not forms:
            forms.append(_object_of({"answer": {"type": "string"}}))
        return _response_format({"anyOf": forms})

    def read(self, message: Mapping[str, Any]) -> tuple[str, Parsed]:
        """The calls in the words; an `answer` is words again."""
        content = str(message.get("content") or "")
        return _answer(content), parse_calls(content)


def allowed(parsed: Parsed, choice: Choice, *, cut: bool) -> tuple[tuple[ToolCall, ...], str | None]:
    """The calls of a reply that may be made, or why there are none; `cut`: it ended at the limit of new tokens."""
    names = sorted(tool.name for tool in choice.tools)
    foreign = [call.name for call in parsed.calls if call.name not in names]
    if cut and (parsed.calls or parsed.problem):
        return (), "the tool call was cut off at the limit of new tokens: make it shorter"
    if parsed.problem:
        return (), parsed.problem
    if foreign:
        return (), f"{foreign[0]} cannot be called now; " + (
            f"call one of {', '.join(names)}" if names else "answer in text"
        )
    return parsed.calls, None


def _native(messages: Sequence[Message]) -> Iterator[Entry]:
    waiting: list[str] = []
    made = 0
    for message in messages:
        if message.role == "tool":
            yield {"role": "tool", "tool_call_id": waiting.pop(0), "content": message.content}
            continue
        if not message.calls:
            yield {"role": message.role, "content": message.content}
            continue
        waiting = [f"call{made + number:05d}" for number in range(1, len(message.calls) + 1)]
        made += len(waiting)
        calls = [_native_call(one, call) for one, call in zip(waiting, message.calls, strict=True)]
        yield {"role": message.role, "content": _prose(message), "tool_calls": calls}


def _native_call(name: str, call: ToolCall) -> Entry:
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
    return {"id": name, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _prose(message: Message) -> str:
    """The words of a message without calls that are written out in them."""
    if not parse_calls(message.content).calls:
        return message.content
    return message.content.partition(_CALL_MARK)[0] if _CALL_MARK in message.content else ""


def _call_schema(tool: ToolSpec) -> Entry:
    return _object_of({"name": {"const": tool.name}, "arguments": dict(tool.parameters)})


def _response_format(schema: Entry) -> Entry:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}}


def _object_of(properties: Entry) -> Entry:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _answer(content: str) -> str:
    try:
        value = json.loads(content)
    except ValueError:
        return content
    return value["answer"] if isinstance(value, dict) and isinstance(value.get("answer"), str) else content
