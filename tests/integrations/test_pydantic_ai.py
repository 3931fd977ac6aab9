"""Pydantic AI's agents with the pager: forty calls under a ceiling, on the real package."""

import asyncio
from typing import Any

import pytest
from conversation import CALLS, CEILING, QUERY, RESERVE, TASK, longest_pause, rows, slow, tokens
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, ModelRetry, NativeOutput, ToolOutput
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
from summarizers import CeilingExceeded, Views
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


def test_an_image_stays_beside_its_shortened_text_and_people_keep_their_place() -> None:
    """Six rounds of five calls; the third result has an image: it is sent to the end, under the ceiling."""
    seen: list[list[ModelMessage]] = []
    image = BinaryContent(b"\x89PNG" * 2_000, media_type="image/png")

    def scripted(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        seen.append(list(messages))
        turn = len(seen) - 1
        if turn % 6 == 5:
            return ModelResponse([TextPart("so far so good")])
        return ModelResponse([ToolCallPart("fetch", {"batch": turn}, f"c{turn}")])

    with Pager() as pager:
        capability = PagerCapability(Views(pager), ceiling_tokens=CEILING + 2_000, reserve_tokens=RESERVE)
        agent = Agent(FunctionModel(scripted), capabilities=[capability])

        @agent.tool_plain
        def fetch(batch: int) -> Any:
            """Fetch a batch of requests."""
            return [str(rows(batch)), image] if batch == 2 else rows(batch)

        history: list[ModelMessage] = []
        for number in range(6):
            history = asyncio.run(agent.run(f"{number}: {TASK}", message_history=history)).all_messages()
    for turn, request in enumerate(seen):
        parts = [part for message in request for part in message.parts]
        people = [str(part.content)[0] for part in parts if isinstance(part, UserPromptPart)]
        assert people == [str(number) for number in range(turn // 6 + 1)]
        asked = [part.tool_call_id for part in parts if isinstance(part, ToolCallPart)]
        assert asked == [part.tool_call_id for part in parts if isinstance(part, ToolReturnPart)]
    (pictured,) = [
        part for message in seen[-1] for part in message.parts if isinstance(part, ToolReturnPart) and part.files
    ]
    assert pictured.files == [image]
    assert "[r3" in pictured.model_response_str()
    assert tokens(pictured.model_response_str()) < 200
    assert len(seen[-1]) < len(history)


class Verdict(BaseModel):
    """What was found."""

    region: str
    milliseconds: int


@pytest.mark.parametrize("form", [Verdict, ToolOutput(Verdict), NativeOutput(Verdict)], ids=type)
def test_the_schema_of_a_structured_answer_is_counted(form: Any) -> None:
    """As a tool or in the service's own way, it stands in the prompt."""

    def room(**more: Any) -> int:
        with Pager() as pager:
            capability = PagerCapability(Views(pager), ceiling_tokens=CEILING, reserve_tokens=RESERVE)
            answering = FunctionModel(
                lambda *_: ModelResponse([TextPart("no")]), profile={"supports_json_schema_output": True}
            )
            agent: Agent[None, Any] = Agent(answering, capabilities=[capability], **more)
            with pytest.raises(CeilingExceeded) as caught:
                asyncio.run(agent.run("word " * CEILING))
        return caught.value.input_tokens

    assert room(output_type=form) > room() + 20


def test_other_conversations_go_on_while_a_result_is_put_away() -> None:
    """The store works in a thread."""

    def scripted(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        called = len(messages) > 1
        return ModelResponse([TextPart("done")] if called else [ToolCallPart("fetch", {"batch": 1}, "c")])

    with Pager() as pager:
        agent = Agent(FunctionModel(scripted), capabilities=[PagerCapability(slow(Views(pager)))])

        @agent.tool_plain
        def fetch(batch: int) -> list[dict[str, Any]]:
            """Fetch a batch of requests."""
            return rows(batch)

        assert longest_pause(agent.run(TASK)) < 0.9
