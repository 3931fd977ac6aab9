"""The pager as a middleware of LangChain's agents (`langchain` 1.x)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, ToolMessage
from langchain_core.tools import StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.types import Command

from ..paged import shared_views
from ..views import VERBS, Views
from ..window import Fitted, Shown, Window
from .blocks import parted
from .callnames import CallNames

Named = tuple[AnyMessage, list[str]]


class PagerMiddleware(AgentMiddleware[Any, Any, Any]):
    """Turns long tool results into cards, adds `open`, `find` and `query`, and keeps every prompt under a ceiling.

    With `ceiling_tokens` the results of earlier turns are shortened, several at once, before a model call would pass
    it (`Window`); the agent's state keeps what the tools said, only what is sent changes. Failed calls and artifacts
    are left alone; of a result with an image the text is shortened, and the image stays. Tools named in `untouched`
    are never turned into cards. Without `views` results are kept in `.toolpager` (`shared_views()`). Raises
    CeilingExceeded before a model call that can't be made to fit.
    """

    def __init__(
        self,
        views: Views | None = None,
        *,
        ceiling_tokens: int | None = None,
        reserve_tokens: int = 1024,
        untouched: Sequence[str] = (),
    ) -> None:
        super().__init__()
        views = views or shared_views()
        self.tools = [StructuredTool.from_function(verb, parse_docstring=True) for verb in views.verbs]
        self._views = views
        self._untouched = frozenset((*VERBS, *untouched))
        self._window = (
            None
            if ceiling_tokens is None
            else Window(views, ceiling_tokens=ceiling_tokens, reserve_tokens=reserve_tokens)
        )

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        """Run the tool; a long result comes back as its card."""
        return self._told(handler(request), request)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
    ) -> ToolMessage | Command[Any]:
        """Run the tool; a long result comes back as its card."""
        return await asyncio.to_thread(self._told, await handler(request), request)

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Call the model with a prompt that keeps under the ceiling."""
        request, fitted = self._fitted(request)
        return self._reported(handler(request), fitted)

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Call the model with a prompt that keeps under the ceiling."""
        request, fitted = await asyncio.to_thread(self._fitted, request)
        return self._reported(await handler(request), fitted)

    def _told(self, result: ToolMessage | Command[Any], request: ToolCallRequest) -> ToolMessage | Command[Any]:
        name, arguments = request.tool_call["name"], request.tool_call["args"]
        if name in self._untouched:
            return result
        if isinstance(result, ToolMessage):
            return self._card(result, name, arguments)
        update: Any = result.update
        if not isinstance(update, dict) or not update.get("messages"):
            return result
        told = [self._card(one, name, arguments) if isinstance(one, ToolMessage) else one for one in update["messages"]]
        return replace(result, update={**update, "messages": told})

    def _card(self, message: ToolMessage, name: str, arguments: dict[str, Any]) -> ToolMessage:
        if message.status == "error":
            return message
        said = parted(message.content)
        if said.text is None:
            return message
        told = self._views.shown(said.text, tool=name, arguments=arguments)
        return message.model_copy(update={"content": said.saying(told)})

    def _fitted(self, request: ModelRequest[Any]) -> tuple[ModelRequest[Any], Fitted | None]:
        window = self._window
        if window is None:
            return request, None
        named = list(_named(request.messages))
        shown = list(_shown(named, window))
        ids = {one.id for one in shown}
        others = [
            part
            for one, names in named
            for part in (parted(one.content).rest if names and names[0] in ids and _answers(one) else _said(one))
        ]
        system = list(_said(request.system_message)) if request.system_message else []
        other_tokens = window.count(*system, *others, *_schemas(request))
        fitted = window.fit(shown, other_tokens=other_tokens)
        return request.override(messages=list(_replaced(named, fitted.texts, fitted.folded))), fitted

    def _reported(self, response: ModelResponse[Any], fitted: Fitted | None) -> ModelResponse[Any]:
        for message in response.result:
            usage = message.usage_metadata if isinstance(message, AIMessage) else None
            if self._window is not None and fitted is not None and usage is not None:
                self._window.report(usage["input_tokens"], fitted)
        return response


def _named(messages: Sequence[AnyMessage]) -> Iterator[Named]:
    """Each message with the names of the calls it makes, or of the one it answers."""
    names = CallNames()
    for message in messages:
        if isinstance(message, AIMessage):
            yield message, [names.made(str(call["id"])) for call in message.tool_calls]
        elif isinstance(message, ToolMessage):
            yield message, [names.answered(message.tool_call_id)]
        else:
            yield message, []


def _shown(named: Sequence[Named], window: Window) -> Iterator[Shown]:
    """The results, as far as they are text, of turns whose calls are all answered."""
    answers = {names[0]: parted(one.content) for one, names in named if _answers(one)}
    for message, names in named:
        if not isinstance(message, AIMessage) or not names or any(one not in answers for one in names):
            continue
        cost = window.count(*_said(message)) // len(names)
        stays = any(answers[one].rest for one in names)
        for one, call in zip(names, message.tool_calls, strict=True):
            if (text := answers[one].text) is not None:
                yield Shown(one, names[0], text, call["name"], call["args"], cost, stays)


def _replaced(named: Sequence[Named], texts: Any, folded: frozenset[str]) -> Iterator[AnyMessage]:
    gone: set[str] = set()
    for message, names in named:
        if isinstance(message, AIMessage) and names and names[0] in folded:
            gone |= set(names)
        elif isinstance(message, ToolMessage):
            if names[0] not in gone:
                text = texts.get(names[0])
                told = message.content if text is None else parted(message.content).saying(text)
                yield message if text is None else message.model_copy(update={"content": told})
        else:
            yield message


def _answers(message: AnyMessage) -> bool:
    return isinstance(message, ToolMessage)


def _schemas(request: ModelRequest[Any]) -> Iterator[object]:
    """What of tools and the answer's form stands in a prompt."""
    yield from (tool if isinstance(tool, dict) else convert_to_openai_tool(tool) for tool in request.tools)
    form: Any = request.response_format
    if form is not None and not isinstance(form, ToolStrategy | ProviderStrategy):
        form = ToolStrategy(getattr(form, "schema", form))
    if form is not None:
        specs = form.schema_specs if isinstance(form, ToolStrategy) else [form.schema_spec]
        yield from ([one.name, one.description, one.json_schema] for one in specs)


def _said(message: BaseMessage) -> Iterator[object]:
    """What of a message a model reads."""
    if isinstance(message, AIMessage) and message.tool_calls:
        yield [message.content, message.tool_calls]
    else:
        yield message.content
