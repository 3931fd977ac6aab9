"""The pager as a middleware of LangChain's agents (`langchain` 1.x)."""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, ToolMessage
from langchain_core.tools import StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.types import Command

from ..views import VERBS, Views
from ..window import Shown, Window


class PagerMiddleware(AgentMiddleware[Any, Any, Any]):
    """Turns long tool results into cards, adds `open`, `find` and `query`, and keeps every prompt under a ceiling.

    With `ceiling_tokens` the results of earlier turns are shortened, several at once, before a model call would pass
    it (`Window`); the agent's state keeps what the tools said, only what is sent changes. Failed calls, images and
    artifacts are left alone. Tools named in `untouched` are never turned into cards. Raises CeilingExceeded before a
    model call that can't be made to fit.
    """

    def __init__(
        self,
        views: Views,
        *,
        ceiling_tokens: int | None = None,
        reserve_tokens: int = 1024,
        untouched: Sequence[str] = (),
    ) -> None:
        super().__init__()
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
        return self._told(await handler(request), request)

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Call the model with a prompt that keeps under the ceiling."""
        return self._reported(handler(self._fitted(request)))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Call the model with a prompt that keeps under the ceiling."""
        return self._reported(await handler(self._fitted(request)))

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
        content = message.content
        if isinstance(content, str):
            told: Any = self._views.shown(content, tool=name, arguments=arguments)
        else:
            told = [
                {**block, "text": self._views.shown(block["text"], tool=name, arguments=arguments)}
                if isinstance(block, dict) and block.get("type") == "text"
                else block
                for block in content
            ]
        return message.model_copy(update={"content": told})

    def _fitted(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        window = self._window
        if window is None:
            return request
        messages = list(request.messages)
        shown = list(_shown(messages, window))
        ids = {one.id for one in shown}
        others = [one for one in messages if not (isinstance(one, ToolMessage) and one.tool_call_id in ids)]
        schemas = [tool if isinstance(tool, dict) else convert_to_openai_tool(tool) for tool in request.tools]
        system = [request.system_message] if request.system_message else []
        other_tokens = window.count(*(_written(one) for one in (*system, *others)), *schemas)
        fitted = window.fit(shown, other_tokens=other_tokens)
        return request.override(messages=list(_replaced(messages, fitted.texts, fitted.folded)))

    def _reported(self, response: ModelResponse[Any]) -> ModelResponse[Any]:
        for message in response.result:
            usage = message.usage_metadata if isinstance(message, AIMessage) else None
            if self._window is not None and usage is not None:
                self._window.report(usage["input_tokens"])
        return response


def _shown(messages: Sequence[AnyMessage], window: Window) -> Iterator[Shown]:
    """The text results of turns whose calls are all answered."""
    answers = {one.tool_call_id: one for one in messages if isinstance(one, ToolMessage)}
    for message in messages:
        if not isinstance(message, AIMessage) or not message.tool_calls:
            continue
        ids = [str(call["id"]) for call in message.tool_calls]
        if any(not isinstance(answers[one].content if one in answers else None, str) for one in ids):
            continue
        cost = window.count(_written(message)) // len(ids)
        for one, call in zip(ids, message.tool_calls, strict=True):
            yield Shown(one, ids[0], str(answers[one].content), call["name"], call["args"], cost)


def _replaced(messages: Sequence[AnyMessage], texts: Any, folded: frozenset[str]) -> Iterator[AnyMessage]:
    gone: set[str] = set()
    for message in messages:
        if isinstance(message, AIMessage) and message.tool_calls and str(message.tool_calls[0]["id"]) in folded:
            gone |= {str(call["id"]) for call in message.tool_calls}
        elif isinstance(message, ToolMessage):
            if message.tool_call_id not in gone:
                text = texts.get(message.tool_call_id)
                yield message if text is None else message.model_copy(update={"content": text})
        else:
            yield message


def _written(message: BaseMessage) -> str:
    """What of a message a model reads, as text."""
    content = message.content if isinstance(message.content, str) else json.dumps(message.content, default=str)
    calls = json.dumps(message.tool_calls, default=str) if isinstance(message, AIMessage) and message.tool_calls else ""
    return content + calls
