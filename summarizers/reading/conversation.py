"""Conversations of agents in the forms that logs write them: OpenAI and Anthropic messages, steps, ReAct text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_KEYS = (
    "messages",
    "history",
    "trajectory",
    "steps",
    "conversation",
    "conversations",
    "turns",
    "traj",
    "events",
    "log",
)
_ROLES = ("role", "from", "type", "author", "speaker", "sender", "source")
_SPEAKERS = (
    "system user assistant tool function human ai gpt model agent observation environment developer ipython action"
    " thought function_call function_call_output tool_call tool_result"
)
_KNOWN = frozenset(_SPEAKERS.split())
_RESULTS = frozenset(
    {"tool", "function", "observation", "environment", "ipython", "function_call_output", "tool_result"}
)
_ACTION = re.compile(r"(?:^|\n)Action: ?(?P<tool>[\w.-]+)\s*\n(?:Action Input|Input): ?(?P<input>.*)", re.IGNORECASE)
_TAGGED = re.compile(r"<tool_call>\s*(?P<json>\{.{1,4000}?\})\s*</tool_call>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Called:
    """One tool call, its arguments as text."""

    tool: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: who spoke, what, which tools it calls, which tool it answers for, whether it says that it failed."""

    role: str
    text: str
    calls: tuple[Called, ...]
    name: str
    is_result: bool
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns, and under which key of the value they stand ("" for a bare list)."""

    key: str
    turns: tuple[Turn, ...]


def conversation_in(value: object) -> Conversation | None:
    """Return the conversation a value is or holds under one of its keys, or None."""
    if isinstance(value, list | tuple):
        return Conversation("", tuple(map(_turn, value))) if _are_messages(value) else None
    if isinstance(value, Mapping):
        for key in _KEYS:
            if isinstance(value.get(key), list) and _are_messages(value[key]):
                return Conversation(key, tuple(map(_turn, value[key])))
    return None


def _are_messages(value: list[object] | tuple[object, ...]) -> bool:
    """Most items say who speaks, in words of conversations, or are steps with an action and an observation."""
    sample = value[:50]
    if len(value) < 2 or not all(isinstance(item, Mapping) for item in sample):
        return False
    spoken = sum(1 for item in sample if isinstance(item, Mapping) and (_role(item) in _KNOWN or _is_step(item)))
    telling = any(isinstance(item, Mapping) and {"content", "value", "text", "action"} & item.keys() for item in sample)
    return spoken >= 0.8 * len(sample) and telling


def _is_step(item: Mapping[object, object]) -> bool:
    return "action" in item and bool({"observation", "thought", "response"} & item.keys())


def _role(item: Mapping[object, object]) -> str:
    return next((role.lower() for key in _ROLES if isinstance(role := item.get(key), str) and role), "")


def _turn(item: object) -> Turn:
    if not isinstance(item, Mapping):
        return Turn("", str(item), (), "", False)
    role = _role(item) or ("step" if _is_step(item) else "")
    parts = list(_parts(item))
    text = "\n".join(part for part in parts if isinstance(part, str))
    calls = [*_calls(item), *(call for part in parts if isinstance(part, Mapping) for call in _calls(part))]
    calls = calls or list(_written(text)) if role not in _RESULTS else []
    answers = role in _RESULTS or any(isinstance(part, Mapping) and part.get("type") == "tool_result" for part in parts)
    text += "".join(_text(part.get("content")) for part in parts if isinstance(part, Mapping))
    if role == "step":
        text, answers = _text(item.get("observation") or item.get("response") or text), "observation" in item
    failed = any(isinstance(part, Mapping) and part.get("is_error") is True for part in [item, *parts])
    return Turn(role, text, tuple(calls), str(item.get("name") or ""), answers, failed)


def _parts(item: Mapping[object, object]) -> Iterator[object]:
    """The texts and blocks of a message's content."""
    content = next((item[key] for key in ("content", "value", "text", "message", "output") if item.get(key)), None)
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, Mapping) and isinstance(part.get("text"), str):
            yield part["text"]
        elif part is not None:
            yield part if isinstance(part, str | Mapping) else _text(part)


def _calls(item: Mapping[object, object]) -> Iterator[Called]:
    listed = item.get("tool_calls")
    for call in [*(listed if isinstance(listed, list) else []), item.get("function_call")]:
        if isinstance(call, Mapping):
            inner = call.get("function")
            yield _called(inner if isinstance(inner, Mapping) else call)
    if item.get("type") in ("tool_use", "function_call", "tool_call") and isinstance(item.get("name"), str):
        yield _called(item)
    action = item.get("action")
    if isinstance(action, str) and action.strip():
        name = item.get("tool") or action.split(None, 1)[0].split("(")[0]
        yield Called(str(name)[:60], action.strip()[len(str(name)) :].strip())
    elif isinstance(action, Mapping):
        yield _called(action)


def _called(call: Mapping[object, object]) -> Called:
    name = next((str(call[key]) for key in ("name", "tool", "tool_name", "action") if call.get(key)), "?")
    arguments = next((call[key] for key in ("arguments", "input", "args", "parameters", "kwargs") if call.get(key)), "")
    return Called(name, _text(arguments))


def _written(text: str) -> Iterator[Called]:
    """Calls that stand in the text itself."""
    for found in _ACTION.finditer(text):
        yield Called(found["tool"], found["input"].strip())
    for found in _TAGGED.finditer(text):
        try:
            call = json.loads(found["json"])
        except ValueError:
            continue
        if isinstance(call, Mapping):
            yield _called(call)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)
