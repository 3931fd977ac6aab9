"""Pydantic AI's agents with the pager: forty calls under a ceiling, on the real package."""

import asyncio
from typing import Any

from conversation import CALLS, CEILING, QUERY, RESERVE, TASK, rows, tokens
from pydantic_ai import Agent, ModelRetry
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import UsageLimits

from pager import Pager
from summarizers import Views
from summarizers.integrations.pydantic_ai import PagerCapability


def _text(message: ModelMessage) -> str:
    return " ".join(str(getattr(part, "content", "")) + str(getattr(part, "args", "")) for part in message.parts)


def test_forty_calls_stay_under_the_ceiling() -> None:
    """Every request fits, keeps the task, and pairs each call with its result; old results still answer queries."""
    seen: list[list[ModelMessage]] = []
    offered: set[str] = set()

    def scripted(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        offered.update(one.name for one in info.function_tools)
        seen.append(list(messages))
        turn = len(seen) - 1
        if turn < CALLS:
            return ModelResponse([ToolCallPart("fetch", {"batch": turn}, f"c{turn}")])
        if turn == CALLS:
            return ModelResponse([ToolCallPart("query", QUERY, "q")])
        return ModelResponse([TextPart("done")])

    with Pager() as pager:
        capability = PagerCapability(Views(pager), ceiling_tokens=CEILING, reserve_tokens=RESERVE)
        agent = Agent(FunctionModel(scripted), capabilities=[capability])

        @agent.tool_plain
        def fetch(batch: int) -> list[dict[str, Any]]:
            """Fetch a batch of requests."""
            return rows(batch)

        answer = asyncio.run(agent.run(TASK, usage_limits=UsageLimits(request_limit=100)))
    assert answer.output == "done"
    assert offered == {"fetch", "open", "find", "query"}
    for request in seen:
        assert sum(tokens(_text(message)) for message in request) <= CEILING - RESERVE
        parts = [part for message in request for part in message.parts]
        assert any(isinstance(part, UserPromptPart) and part.content == TASK for part in parts)
        asked = [part.tool_call_id for part in parts if isinstance(part, ToolCallPart)]
        assert asked == [part.tool_call_id for part in parts if isinstance(part, ToolReturnPart)]
    history = [part for message in answer.all_messages() for part in message.parts]
    assert len([part for part in history if isinstance(part, ToolReturnPart)]) == CALLS + 1
    assert "9002" in str(history[-2].content)


def test_turns_with_a_failed_call_are_shortened_too() -> None:
    """Two calls a turn under ids that come again, one of them failing: pairs stay pairs, under the ceiling."""
    seen: list[list[ModelMessage]] = []

    def scripted(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        seen.append(list(messages))
        turn = len(seen) - 1
        if turn == 25:
            return ModelResponse([TextPart("done")])
        return ModelResponse([ToolCallPart("fetch", {"batch": turn}, "call_0"), ToolCallPart("fail", {}, "call_1")])

    with Pager() as pager:
        capability = PagerCapability(Views(pager), ceiling_tokens=CEILING, reserve_tokens=RESERVE)
        agent = Agent(FunctionModel(scripted), capabilities=[capability])

        @agent.tool_plain
        def fetch(batch: int) -> list[dict[str, Any]]:
            """Fetch a batch of requests."""
            return rows(batch)

        @agent.tool_plain(retries=100)
        def fail() -> str:
            """Fail at length."""
            raise ModelRetry("no such batch " * 40)

        asyncio.run(agent.run(TASK, usage_limits=UsageLimits(request_limit=100)))
    assert len(seen) == 26
    for request in seen:
        assert sum(tokens(_text(message)) for message in request) <= CEILING - RESERVE
        parts = [part for message in request for part in message.parts]
        asked = [part.tool_name for part in parts if isinstance(part, ToolCallPart)]
        assert asked == [part.tool_name for part in parts if isinstance(part, ToolReturnPart | RetryPromptPart)]
    assert len(seen[-1]) < len(seen) * 2
