"""The text forms in which models write tool calls: how each family writes one, and a tolerant reader of them all.

hermes   <tool_call>\\n{"name": …, "arguments": {…}}\\n</tool_call>      Qwen 2.5/3, Hermes
smollm   <tool_call>[{"name": …, "arguments": {…}}]</tool_call>         SmolLM2
llama    {"name": …, "parameters": {…}}                                 Llama 3.x
"""

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..messages import ToolCall

Family = Literal["hermes", "smollm", "llama"]

_OPEN = "<tool_call>"
_BLOCK = re.compile(r"<tool_call>(.*?)(?=</tool_call>|<tool_call>|\Z)", re.DOTALL)
_FENCE = re.compile(r"```[\w-]*\s*\n(.*?)(?:```|\Z)", re.DOTALL)
_FENCE_MARK = re.compile(r"^\s*```[\w-]*|```\s*$")
_BARE = re.compile(r"[{\[].*[\"']name[\"']\s*:", re.DOTALL)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_ARGUMENTS = ("arguments", "parameters")
_LITERAL_LIMIT = 50_000  # characters: Python's own parser is slow and deep beyond that


@dataclass(frozen=True, slots=True)
class Parsed:
    """The calls found in a text, or the problem with what looks like one; both empty when it is plain text."""

    calls: tuple[ToolCall, ...] = ()
    problem: str | None = None


def write_calls(calls: Sequence[ToolCall], family: Family) -> str:
    """The calls as a model of `family` writes them; `parse_calls` reads them back."""
    key = "parameters" if family == "llama" else "arguments"
    objects = [json.dumps({"name": call.name, key: dict(call.arguments)}, ensure_ascii=False) for call in calls]
    if family == "smollm":
        return f"{_OPEN}[{', '.join(objects)}]</tool_call>"
    if family == "hermes":
        return "\n".join(f"{_OPEN}\n{each}\n</tool_call>" for each in objects)
    return "; ".join(objects)


def parse_calls(text: str) -> Parsed:
    """Reads the calls of any family, forgiving quotes, trailing commas, code fences and a missing closing tag.

    Never raises. A text that only looks like a call yields a `problem` fit to be told to the model.
    """
    calls: list[ToolCall] = []
    for candidate in _candidates(text):
        values = _values(candidate)
        if isinstance(values, str):
            return Parsed(problem=values)
        for value in values:
            call = _call(value)
            if isinstance(call, str):
                return Parsed(problem=call)
            calls.append(call)
    return Parsed(tuple(calls))


def _candidates(text: str) -> list[str]:
    """The parts of a text that claim to be calls."""
    if _OPEN in text:
        return [_FENCE_MARK.sub("", block.strip()).strip() for block in _BLOCK.findall(text)]
    fenced = [body.strip() for body in _FENCE.findall(text) if _BARE.match(body.strip())]
    if fenced:
        return fenced
    bare = text.strip().removeprefix("<|python_tag|>").strip()
    return [bare] if _BARE.match(bare) and any(f'"{key}"' in bare or f"'{key}'" in bare for key in _ARGUMENTS) else []


def _values(text: str) -> list[object] | str:
    """The JSON-like values in a row that make up a candidate, or what is wrong with it."""
    if not text:
        return "the tool call is empty"
    for attempt in (text, _TRAILING_COMMA.sub("", text)):
        try:
            return list(_json_values(attempt))
        except json.JSONDecodeError as error:
            problem = f"the tool call is not valid JSON: {error.msg} at character {error.pos}"
        except (ValueError, RecursionError) as error:
            problem = f"the tool call is not valid JSON: {error}"
    literal = _literal(text)
    return problem if literal is None else [literal]


def _json_values(text: str) -> Iterator[object]:
    decoder = json.JSONDecoder(strict=False, parse_constant=_no_constant)
    position = 0
    while position < len(text):
        value, position = decoder.raw_decode(text, position)
        yield from value if isinstance(value, list) else [value]
        position += len(text[position:]) - len(text[position:].lstrip(" \t\r\n;,"))


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON value")


def _literal(text: str) -> object | None:
    """A Python dict or list, as small models like to write them; JSON values only."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value: object = ast.literal_eval(text[:_LITERAL_LIMIT])
        return json.loads(json.dumps(value, allow_nan=False)) if isinstance(value, (dict, list)) else None
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _call(value: object) -> ToolCall | str:
    """One call, or what keeps the value from being one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping):
        return 'the tool call must be an object {"name": …, "arguments": {…}}'
    value = value["function"] if isinstance(value.get("function"), Mapping) else value
    name = value.get("name")
    if not isinstance(name, str) or not name:
        return 'the tool call has no "name"'
    arguments: object = next((value[key] for key in _ARGUMENTS if key in value), {})
    if isinstance(arguments, str):
        arguments = _decoded(arguments)
    arguments = {} if arguments is None else arguments
    if not isinstance(arguments, Mapping):
        return f'the "arguments" of {name} must be an object, not {json.dumps(arguments)[:40]}'
    return ToolCall(name, dict(arguments))


def _decoded(text: str) -> object:
    """Arguments that came as a string of JSON, as some servers send them; the string itself when they are none."""
    if not text.strip():
        return None
    values = _values(text)
    return values[0] if isinstance(values, list) and len(values) == 1 else text
