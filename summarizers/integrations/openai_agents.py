"""The pager around the tools and model inputs of the OpenAI Agents SDK (`openai-agents` 0.x)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from agents import Agent, AgentOutputSchema, AgentOutputSchemaBase, FunctionTool, Handoff, function_tool
from agents.run_config import CallModelData, ModelInputData
from agents.tool_context import ToolContext

from ..paged import shared_views
from ..views import VERBS, Views
from ..window import Shown, Window
from .callnames import CallNames

Item = dict[str, Any]
Named = tuple[Item, str | None]
_CALL, _ANSWER = "function_call", "function_call_output"
_UNPAIRED = ("reasoning",)  # items that the API wants right before the call they led to


def paged_tools(tools: Sequence[Any], views: Views | None = None) -> list[Any]:
    """The agent's tools, long results told by their cards, and `open`, `find` and `query` beside them.

    Hosted tools, and what is no text or JSON value (images, files), pass as they are. Without `views` results are kept
    in `.toolpager` (`shared_views()`).
    """
    views = views or shared_views()
    return [*(_paged(tool, views) for tool in tools), *(function_tool(verb) for verb in views.verbs)]


class InputFilter:
    """A `RunConfig(call_model_input_filter=…)` that keeps every model input under `ceiling_tokens`.

    The results of earlier turns are shortened, several at once (`Window`); the run's items keep what the tools said,
    only what is sent changes. It counts calls, not messages of users, so an autonomous run is bounded as well. Raises
    CeilingExceeded before a model call that can't be made to fit.
    """

    def __init__(self, views: Views | None = None, *, ceiling_tokens: int, reserve_tokens: int = 1024) -> None:
        self._window = Window(views or shared_views(), ceiling_tokens=ceiling_tokens, reserve_tokens=reserve_tokens)

    def __call__(self, data: CallModelData[Any]) -> ModelInputData:
        """The model's input, under the ceiling."""
        window, given = self._window, data.model_data
        items: list[Any] = list(given.input)
        named = list(_named(items))
        shown = list(_shown(named, window))
        ids = {one.id for one in shown}
        others = [item for item, name in named if not (item.get("type") == _ANSWER and name in ids)]
        other_tokens = window.count(given.instructions or "", *others, *_schemas(data.agent))
        fitted = window.fit(shown, other_tokens=other_tokens)
        kept: list[Any] = list(_replaced(named, fitted.texts, fitted.folded))
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
    """What of tools, handoffs and the answer's form stands in a prompt."""
    tools = [
        [one.name, one.description, one.params_json_schema] for one in agent.tools if isinstance(one, FunctionTool)
    ]
    handoffs = [
        [one.tool_name, one.tool_description, one.input_json_schema]
        if isinstance(one, Handoff)
        else [one.name, Handoff.default_tool_description(one), {}]
        for one in agent.handoffs
    ]
    output = agent.output_type
    schema = output if isinstance(output, AgentOutputSchemaBase) or output is None else AgentOutputSchema(output)
    return [*tools, *handoffs, *([] if schema is None or schema.is_plain_text() else [schema.json_schema()])]


def _named(items: Sequence[Item]) -> Iterator[Named]:
    """Each item with the name of the call that it is or answers."""
    names = CallNames()
    for item in items:
        kind, identifier = item.get("type"), str(item.get("call_id"))
        yield item, names.made(identifier) if kind == _CALL else names.answered(identifier) if kind == _ANSWER else None


def _shown(named: Sequence[Named], window: Window) -> Iterator[Shown]:
    """The text results of turns whose calls are all answered."""
    answers = {name: item["output"] for item, name in named if item.get("type") == _ANSWER}
    for turn in _turns(named):
        calls = [(item, name) for item, name in turn if name is not None]
        if all(isinstance(answers.get(name), str) for _, name in calls):
            cost = window.count(*(item for item, _ in turn)) // len(calls)
            for call, name in calls:
                yield Shown(name, calls[0][1], answers[name], call["name"], _arguments(call["arguments"]), cost)


def _turns(named: Sequence[Named]) -> Iterator[list[Named]]:
    """Runs of neighbouring calls, with the reasoning right before them."""
    turn: list[Named] = []
    for item, name in [*named, ({}, None)]:
        if item.get("type") in (_CALL, *_UNPAIRED):
            turn.append((item, name))
            continue
        if any(called is not None for _, called in turn):
            yield turn
        turn = []


def _replaced(named: Sequence[Named], texts: Any, folded: frozenset[str]) -> Iterator[Item]:
    gone = [turn for turn in _turns(named) if {name for _, name in turn} & folded]
    names = {name for turn in gone for _, name in turn if name is not None}
    left = {id(item) for turn in gone for item, _ in turn}
    for item, name in named:
        if id(item) in left or name in names:
            continue
        text = texts.get(name) if item.get("type") == _ANSWER else None
        yield item if text is None else {**item, "output": text}


def _arguments(written: str) -> dict[str, Any]:
    try:
        given = json.loads(written or "{}")
    except ValueError:
        return {"input": written}
    return given if isinstance(given, dict) else {"input": given}
