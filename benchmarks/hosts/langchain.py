"""LangChain's agent."""

import json
from collections.abc import Sequence
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import ClearToolUsesEdit, ContextEditingMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, convert_to_openai_messages
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool

from ..conversing import TASK
from ..examples import run_example
from .reading import CEILING, MOST_TURNS, read


class Served(BaseChatModel):
    """A model behind a URL, by the `openai` client."""

    url: str
    offered: Sequence[Any] = ()

    @property
    def _llm_type(self) -> str:
        return "served"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> "Served":
        """The same with tools."""
        return Served(url=self.url, offered=[convert_to_openai_tool(one) for one in tools])

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        from openai import OpenAI

        asked: Any = convert_to_openai_messages(messages)
        with OpenAI(base_url=self.url, api_key="none") as client:
            said = client.chat.completions.create(model="scripted", messages=asked, tools=self.offered)
        message, usage = said.choices[0].message, said.usage
        assert usage is not None
        calls = [
            {"name": call.function.name, "args": json.loads(call.function.arguments), "id": call.id}
            for call in message.tool_calls or []
            if call.type == "function"
        ]
        spent = {"input_tokens": usage.prompt_tokens, "output_tokens": usage.completion_tokens}
        total = {"total_tokens": usage.total_tokens}
        made = AIMessage(content=message.content or "", tool_calls=calls, usage_metadata={**spent, **total})
        return ChatResult(generations=[ChatGeneration(message=made)])


def bare(url: str) -> None:
    """As it comes."""
    _run(create_agent(Served(url=url), [tool(read)]))


def paged(url: str) -> None:
    """As in the README."""
    _run(run_example("# LangChain", model=Served(url=url), tools=[tool(read)])["agent"])


def own(url: str) -> None:
    """With its own context editing, from the same ceiling on."""
    edits = ContextEditingMiddleware(edits=[ClearToolUsesEdit(trigger=CEILING)])
    _run(create_agent(Served(url=url), [tool(read)], middleware=[edits]))


def _run(agent: Any) -> None:
    agent.invoke({"messages": [("user", TASK)]}, {"recursion_limit": 4 * MOST_TURNS})
