"""The pager as a capability of Pydantic AI's agents (`pydantic-ai` 2.x)."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryPromptPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models import ModelRequestContext
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, FunctionToolset
from typing_extensions import TypeIs  # the package itself requires it

from ..paged import shared_views
from ..views import VERBS, Views
from ..window import Fitted, Shown, Window
from .callnames import CallNames

_AWAITED = 256  # requests whose usage is waited for


@dataclass
class PagerCapability(AbstractCapability[Any]):
    """Turns long tool results into cards, adds `open`, `find` and `query`, and keeps every request under a ceiling.

    With `ceiling_tokens` the results of earlier turns are shortened, several at once, before a request would pass it
    (`Window`); the history keeps what the tools said, only what is sent changes. Files in results are left alone, as
    are tools named in `untouched`. Without `views` results are kept in `.toolpager` (`shared_views()`). Raises
    CeilingExceeded before a request that can't be made to fit.
    """

    views: Views = field(default_factory=shared_views)
    ceiling_tokens: int | None = None
    reserve_tokens: int = 1024
    untouched: Sequence[str] = ()
    _window: Window | None = field(init=False, default=None, repr=False)
    _sent: OrderedDict[str | None, Fitted] = field(init=False, default_factory=OrderedDict, repr=False)

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
        if call.tool_name in (*VERBS, *self.untouched):
            return result
        return await asyncio.to_thread(self._told, result, call.tool_name, args)

    async def prepare_model_request(
        self, ctx: RunContext[Any], request_context: ModelRequestContext
    ) -> ModelRequestContext:
        """The request, under the ceiling."""
        return await asyncio.to_thread(self._fitted, ctx.run_id, request_context)

    async def after_model_request(
        self, ctx: RunContext[Any], *, request_context: ModelRequestContext, response: ModelResponse
    ) -> ModelResponse:
        """Take in how many tokens the model says there were."""
        fitted = self._sent.pop(ctx.run_id, None)
        if self._window is not None and fitted is not None:
            self._window.report(response.usage.input_tokens, fitted)
        return response

    def _told(self, result: Any, tool: str, arguments: dict[str, Any]) -> Any:
        """A result as its card where it is long; of a list with files, what is none."""
        if isinstance(result, list) and not all(map(_is_data, result)):
            return [self._told(one, tool, arguments) for one in result]
        return self.views.shown(result, tool=tool, arguments=arguments) if _is_data(result) else result

    def _fitted(self, run_id: str | None, request_context: ModelRequestContext) -> ModelRequestContext:
        window = self._window
        if window is None:
            return request_context
        messages = list(request_context.messages)
        names = _names(messages)
        shown = list(_shown(messages, names, window))
        ids = {one.id for one in shown}
        others = [said for message in messages for said in _said(message, names, without=ids)]
        fitted = window.fit(shown, other_tokens=window.count(*_fixed(request_context), *others))
        self._sent[run_id] = fitted
        if len(self._sent) > _AWAITED:
            self._sent.popitem(last=False)
        return replace(request_context, messages=list(_replaced(messages, names, fitted)))


def _fixed(request_context: ModelRequestContext) -> list[object]:
    """What stands in every prompt: instructions, tools, and the answer's form."""
    parameters = request_context.model_request_parameters
    form = parameters.output_object
    return [
        *(part.content for part in parameters.instruction_parts or []),
        *(
            [tool.name, tool.description, tool.parameters_json_schema]
            for tool in (*parameters.function_tools, *parameters.output_tools)
        ),
        *([] if form is None else [[form.name, form.description, form.json_schema]]),
    ]


def _is_data(result: object) -> bool:
    """Whether a result is no message of the framework and holds no file, which a card could not carry."""
    return not type(result).__module__.startswith("pydantic_ai.")


def _names(messages: Sequence[ModelMessage]) -> dict[int, str]:
    """For each part that is a call or an answer to one, by its identity, the name of the call."""
    names, found = CallNames(), {}
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                found[id(part)] = names.made(part.tool_call_id)
            elif _is_answer(part):
                found[id(part)] = names.answered(part.tool_call_id)
    return found


def _is_answer(part: Any) -> TypeIs[ToolReturnPart | RetryPromptPart]:
    return isinstance(part, ToolReturnPart) or (isinstance(part, RetryPromptPart) and part.tool_name is not None)


def _shown(messages: Sequence[ModelMessage], names: Mapping[int, str], window: Window) -> Iterator[Shown]:
    """The results, failures among them, as far as they are text, of turns whose calls are all answered."""
    answers = {names[id(part)]: part for message in messages for part in message.parts if _is_answer(part)}
    for message in messages:
        calls = _calls(message)
        called = [names[id(call)] for call in calls]
        if calls and all(one in answers for one in called):
            cost = window.count(*_said(message, names)) // len(calls)
            stays = any(_files(answers[one]) for one in called)
            for name, call in zip(called, calls, strict=True):
                if (text := _answer(answers[name])) or not _files(answers[name]):
                    yield Shown(name, called[0], text, call.tool_name, call.args_as_dict(), cost, stays)


def _files(part: ToolReturnPart | RetryPromptPart) -> list[Any]:
    return list(part.files) if isinstance(part, ToolReturnPart) else []


def _answer(part: ToolReturnPart | RetryPromptPart) -> str:
    return part.model_response_str() if isinstance(part, ToolReturnPart) else part.model_response()


def _calls(message: ModelMessage) -> list[ToolCallPart]:
    return [part for part in message.parts if isinstance(part, ToolCallPart)] if message.kind == "response" else []


def _said(message: ModelMessage, names: Mapping[int, str], *, without: Collection[str] = ()) -> Iterator[object]:
    """What of a message a model reads, part by part, less the results `without` names by their calls."""
    for part in message.parts:
        if isinstance(part, ToolCallPart):
            yield f"{part.tool_name} {part.args_as_json_str()}"
        elif _is_answer(part):
            if names[id(part)] not in without:
                yield [_answer(part), *_files(part)]
            elif files := _files(part):
                yield files
        else:
            yield getattr(part, "content", None) or ""


def _replaced(messages: Sequence[ModelMessage], names: Mapping[int, str], fitted: Fitted) -> Iterator[ModelMessage]:
    gone: set[str] = set()
    for message in messages:
        calls = [names[id(call)] for call in _calls(message)]
        if calls and calls[0] in fitted.folded:
            gone |= set(calls)
        elif isinstance(message, ModelRequest):
            parts = [_told(part, fitted.texts.get(names.get(id(part), ""))) for part in message.parts]
            left = [part for part, old in zip(parts, message.parts, strict=True) if names.get(id(old)) not in gone]
            if left:
                yield replace(message, parts=left)
        else:
            yield message


def _told(part: Any, text: str | None) -> Any:
    if text is None:
        return part
    return replace(part, content=[text, *files] if (files := _files(part)) else text)
