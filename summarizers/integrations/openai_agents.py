"""The pager around the tools and model inputs of the OpenAI Agents SDK (`openai-agents` 0.x)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from agents import Agent, FunctionTool, function_tool
from agents.run_config import CallModelData, ModelInputData
from agents.tool_context import ToolContext

from ..views import VERBS, Views
from ..window import Shown, Window

Item = dict[str, Any]
_UNPAIRED = ("reasoning",)  # items that the API wants right before the call they led to


def paged_tools(views: Views, tools: Sequence[Any]) -> list[Any]:
    """The agent's tools, long results told by their cards, and `open`, `find` and `query` beside them.

    Hosted tools, and what is no text or JSON value (images, files), pass as they are.
    """
    return [*(_paged(tool, views) for tool in tools), *(function_tool(verb) for verb in views.verbs)]


class InputFilter:
    """A `RunConfig(call_model_input_filter=…)` that keeps every model input under `ceiling_tokens`.

    The results of earlier turns are shortened, several at once (`Window`); the run's items keep what the tools said,
    only what is sent changes. It counts calls, not messages of users, so an autonomous run is bounded as well. Raises
    CeilingExceeded before a model call that can't be made to fit.
    """

    def __init__(self, views: Views, *, ceiling_tokens: int, reserve_tokens: int = 1024) -> None:
        self._window = Window(views, ceiling_tokens=ceiling_tokens, reserve_tokens=reserve_tokens)

    def __call__(self, data: CallModelData[Any]) -> ModelInputData:
        """The model's input, under the ceiling."""
        window, given = self._window, data.model_data
        items: list[Any] = list(given.input)
        shown = list(_shown(items, window))
        ids = {one.id for one in shown}
        others = [one for one in items if not (one.get("type") == "function_call_output" and one["call_id"] in ids)]
        other_tokens = window.count(given.instructions or "", *others, *_schemas(data.agent))
        fitted = window.fit(shown, other_tokens=other_tokens)
        kept: list[Any] = list(_replaced(items, fitted.texts, fitted.folded))
        return ModelInputData(input=kept, instructions=given.instructions)


def _paged(tool: Any, views: Views) -> Any:
    if not isinstance(tool, FunctionTool) or tool.name in VERBS:
        return tool

    async def invoke(context: ToolContext[Any], arguments: str) -> Any:
        result = await tool.on_invoke_tool(context, arguments)
        is_file = type(result).__module__.startswith("agents.") or (
            isinstance(result, list) and any(type(one).__module__.startswith("agents.") for one in result)
        )
        return result if is_file else views.shown(result, tool=tool.name, arguments=_arguments(arguments))

    return replace(tool, on_invoke_tool=invoke)


def _schemas(agent: Agent[Any]) -> list[object]:
    return [
        [tool.name, tool.description, tool.params_json_schema] for tool in agent.tools if isinstance(tool, FunctionTool)
    ]


def _shown(items: Sequence[Item], window: Window) -> Iterator[Shown]:
    """The text results of turns whose calls are all answered."""
    answers = {one["call_id"]: one["output"] for one in items if one.get("type") == "function_call_output"}
    for turn in _turns(items):
        calls = [one for one in turn if one.get("type") == "function_call"]
        if all(isinstance(answers.get(call["call_id"]), str) for call in calls):
            cost = window.count(*turn) // len(calls)
            for call in calls:
                text, given = answers[call["call_id"]], _arguments(call["arguments"])
                yield Shown(call["call_id"], calls[0]["call_id"], text, call["name"], given, cost)


def _turns(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Runs of neighbouring calls, with the reasoning right before them."""
    turn: list[Item] = []
    for item in [*items, {}]:
        kind = item.get("type")
        if kind in ("function_call", *_UNPAIRED):
            turn.append(item)
            continue
        if any(one.get("type") == "function_call" for one in turn):
            yield turn
        turn = []


def _replaced(items: Sequence[Item], texts: Any, folded: frozenset[str]) -> Iterator[Item]:
    gone = [turn for turn in _turns(items) if {one.get("call_id") for one in turn} & folded]
    ids = {one["call_id"] for turn in gone for one in turn if one.get("type") == "function_call"}
    left = {id(one) for turn in gone for one in turn}
    for item in items:
        if id(item) in left or (item.get("type") == "function_call_output" and item["call_id"] in ids):
            continue
        text = texts.get(item.get("call_id")) if item.get("type") == "function_call_output" else None
        yield item if text is None else {**item, "output": text}


def _arguments(written: str) -> dict[str, Any]:
    try:
        given = json.loads(written or "{}")
    except ValueError:
        return {"input": written}
    return given if isinstance(given, dict) else {"input": given}
