"""The pager as a capability of Pydantic AI's agents (`pydantic-ai` 2.x)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, ToolCallPart, ToolReturnPart
from pydantic_ai.models import ModelRequestContext
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, FunctionToolset

from ..views import VERBS, Views
from ..window import Shown, Window


@dataclass
class PagerCapability(AbstractCapability[Any]):
    """Turns long tool results into cards, adds `open`, `find` and `query`, and keeps every request under a ceiling.

    With `ceiling_tokens` the results of earlier turns are shortened, several at once, before a request would pass it
    (`Window`); the history keeps what the tools said, only what is sent changes. Failures, and results with files, are
    left alone, as are tools named in `untouched`. Raises CeilingExceeded before a request that can't be made to fit.
    """

    views: Views
    ceiling_tokens: int | None = None
    reserve_tokens: int = 1024
    untouched: Sequence[str] = ()
    _window: Window | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        if self.ceiling_tokens is not None:
            self._window = Window(self.views, ceiling_tokens=self.ceiling_tokens, reserve_tokens=self.reserve_tokens)

    def get_toolset(self) -> AbstractToolset[Any]:
        """The three verbs."""
        return FunctionToolset(list(self.views.verbs))

    async def after_tool_execute(
        self, ctx: RunContext[Any], *, call: ToolCallPart, tool_def: ToolDefinition, args: dict[str, Any], result: Any
    ) -> Any:
        """A long result comes back as its card."""
        if call.tool_name in (*VERBS, *self.untouched) or not _is_data(result):
            return result
        return self.views.shown(result, tool=call.tool_name, arguments=args)

    async def prepare_model_request(
        self, ctx: RunContext[Any], request_context: ModelRequestContext
    ) -> ModelRequestContext:
        """The request, under the ceiling."""
        window = self._window
        if window is None:
            return request_context
        messages = list(request_context.messages)
        shown = list(_shown(messages, window))
        parameters = request_context.model_request_parameters
        tools = [
            [tool.name, tool.description, tool.parameters_json_schema]
            for tool in (*parameters.function_tools, *parameters.output_tools)
        ]
        instructions = [part.content for part in parameters.instruction_parts or []]
        ids = {one.id for one in shown}
        others = [said for message in messages for said in _said(message, without=ids)]
        other_tokens = window.count(*instructions, *tools, *others)
        fitted = window.fit(shown, other_tokens=other_tokens)
        return replace(request_context, messages=list(_replaced(messages, fitted.texts, fitted.folded)))

    async def after_model_request(
        self, ctx: RunContext[Any], *, request_context: ModelRequestContext, response: ModelResponse
    ) -> ModelResponse:
        """Take in how many tokens the model says there were."""
        if self._window is not None:
            self._window.report(response.usage.input_tokens)
        return response


def _is_data(result: object) -> bool:
    """Whether a result is no message of the framework and holds no file, which a card could not carry."""
    return not type(result).__module__.startswith("pydantic_ai.")


def _shown(messages: Sequence[ModelMessage], window: Window) -> Iterator[Shown]:
    """The text results of turns whose calls are all answered."""
    answers = {
        part.tool_call_id: part
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, ToolReturnPart) and part.outcome == "success" and not part.files
    }
    for message in messages:
        calls = _calls(message)
        if calls and all(call.tool_call_id in answers for call in calls):
            cost = window.count(*_said(message)) // len(calls)
            for call in calls:
                text = answers[call.tool_call_id].model_response_str()
                yield Shown(call.tool_call_id, calls[0].tool_call_id, text, call.tool_name, call.args_as_dict(), cost)


def _calls(message: ModelMessage) -> list[ToolCallPart]:
    return [part for part in message.parts if isinstance(part, ToolCallPart)] if message.kind == "response" else []


def _said(message: ModelMessage, *, without: Collection[str] = ()) -> Iterator[object]:
    """What of a message a model reads, part by part, less the results `without` names by their calls."""
    for part in message.parts:
        if isinstance(part, ToolCallPart):
            yield f"{part.tool_name} {part.args_as_json_str()}"
        elif isinstance(part, ToolReturnPart):
            if part.tool_call_id not in without:
                yield part.model_response_str()
        else:
            yield getattr(part, "content", None) or ""


def _replaced(messages: Sequence[ModelMessage], texts: Any, folded: frozenset[str]) -> Iterator[ModelMessage]:
    gone: set[str] = set()
    for message in messages:
        calls = _calls(message)
        if calls and calls[0].tool_call_id in folded:
            gone |= {call.tool_call_id for call in calls}
        elif isinstance(message, ModelRequest):
            parts = [
                replace(part, content=texts[part.tool_call_id])
                if isinstance(part, ToolReturnPart) and part.tool_call_id in texts
                else part
                for part in message.parts
                if not (isinstance(part, ToolReturnPart) and part.tool_call_id in gone)
            ]
            if parts:
                yield replace(message, parts=parts)
        else:
            yield message
