"""The pager around the tools and model inputs of the OpenAI Agents SDK (`openai-agents` 0.x)."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from agents import (
    Agent,
    AgentOutputSchema,
    AgentOutputSchemaBase,
    FunctionTool,
    Handoff,
    RunContextWrapper,
    ToolOutputText,
    function_tool,
)
from agents.run_config import CallModelData, ModelInputData
from agents.tool_context import ToolContext

from ..paged import shared_views
from ..views import VERBS, Views
from ..window import Shown, Window
from .blocks import Parted, parted
from .callnames import CallNames

Item = dict[str, Any]
Named = tuple[Item, str | None]
_CALL, _ANSWER = "function_call", "function_call_output"
_HOSTED = "mcp_call"  # of a server that the model's service calls: call and answer in one
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

    async def __call__(self, data: CallModelData[Any]) -> ModelInputData:
        """The model's input, under the ceiling."""
        agent = data.agent
        tools = await agent.get_mcp_tools(RunContextWrapper(data.context)) if agent.mcp_servers else []
        return await asyncio.to_thread(self._fitted, data.model_data, _schemas(agent, [*agent.tools, *tools]))

    def _fitted(self, given: ModelInputData, schemas: Sequence[object]) -> ModelInputData:
        window, items = self._window, list[Any](given.input)
        named = list(_named(items))
        shown = list(_shown(named, window))
        ids = {one.id for one in shown}
        others = [part for item, name in named for part in (_left(item) if name in ids else [item])]
        other_tokens = window.count(given.instructions or "", *others, *schemas)
        fitted = window.fit(shown, other_tokens=other_tokens)
        kept: list[Any] = list(_replaced(named, fitted.texts, fitted.folded))
        return ModelInputData(input=kept, instructions=given.instructions)


def _paged(tool: Any, views: Views) -> Any:
    if not isinstance(tool, FunctionTool) or tool.name in VERBS:
        return tool

    async def invoke(context: ToolContext[Any], arguments: str) -> Any:
        result = await tool.on_invoke_tool(context, arguments)
        return await asyncio.to_thread(_told, result, views, tool.name, _arguments(arguments))

    return replace(tool, on_invoke_tool=invoke)


def _told(result: Any, views: Views, tool: str, arguments: dict[str, Any]) -> Any:
    """A result as an agent sees it: its text or value by a card where it is long, files as they are."""
    if isinstance(result, list) and any(_is_made(one) for one in result):
        return [_told(one, views, tool, arguments) if isinstance(one, ToolOutputText) else one for one in result]
    if isinstance(result, ToolOutputText):
        return ToolOutputText(text=views.shown(result.text, tool=tool, arguments=arguments))
    return result if _is_made(result) else views.shown(result, tool=tool, arguments=arguments)


def _is_made(value: object) -> bool:
    """Whether it is the library's own: a text, an image, a file."""
    return type(value).__module__.startswith("agents.")


def _schemas(agent: Agent[Any], offered: Sequence[Any]) -> list[object]:
    """What of tools, handoffs and the answer's form stands in a prompt."""
    tools = [[one.name, one.description, one.params_json_schema] for one in offered if isinstance(one, FunctionTool)]
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
        if kind == _CALL:
            yield item, names.made(identifier)
        elif kind == _ANSWER:
            yield item, names.answered(identifier)
        else:
            yield item, f"{_HOSTED} {item.get('id')}" if kind == _HOSTED else None


def _shown(named: Sequence[Named], window: Window) -> Iterator[Shown]:
    """The results, as far as they are text, of turns whose calls are all answered, and of hosted calls."""
    answers = {name: _said(item) for item, name in named if item.get("type") == _ANSWER}
    for turn in _turns(named):
        calls = [(item, name) for item, name in turn if name is not None]
        first, name = calls[0]
        if first.get("type") == _HOSTED:
            if isinstance(first.get("output"), str):
                yield Shown(name, name, first["output"], first["name"], _arguments(first["arguments"]), stays=True)
        elif all(one in answers for _, one in calls):
            cost = window.count(*(item for item, _ in turn)) // len(calls)
            stays = any(answers[one].rest for _, one in calls)
            for call, one in calls:
                if (text := answers[one].text) is not None:
                    yield Shown(one, name, text, call["name"], _arguments(call["arguments"]), cost, stays)


def _said(item: Item) -> Parted:
    return parted(item["output"], "input_text")


def _left(item: Item) -> list[Any]:
    """What of a call's item stays beside the text of its answer."""
    if item.get("type") == _ANSWER:
        return list(_said(item).rest)
    return [{**item, "output": ""} if item.get("type") == _HOSTED else item]


def _turns(named: Sequence[Named]) -> Iterator[list[Named]]:
    """Runs of neighbouring calls, with the reasoning right before them; a hosted call is one of its own."""
    turn: list[Named] = []
    for item, name in [*named, ({}, None)]:
        if item.get("type") == _HOSTED:
            yield [(item, name)]
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
        text = texts.get(name) if item.get("type") in (_ANSWER, _HOSTED) else None
        answer = text if text is None or item.get("type") == _HOSTED else _said(item).saying(text)
        yield item if answer is None else {**item, "output": answer}


def _arguments(written: str) -> dict[str, Any]:
    try:
        given = json.loads(written or "{}")
    except ValueError:
        return {"input": written}
    return given if isinstance(given, dict) else {"input": given}
