"""The OpenAI Agents SDK with the pager: forty calls under a ceiling, on the real package."""

import asyncio
import json
from typing import Any

import pytest
from agents import Agent, ModelResponse, RunConfig, Runner, Usage, function_tool, handoff
from agents.models.interface import Model
from agents.run_config import CallModelData, ModelInputData
from conversation import CALLS, CEILING, QUERY, RESERVE, TASK, rows, tokens
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseReasoningItem,
)
from pydantic import BaseModel

from pager import Pager
from summarizers import CeilingExceeded, Views
from summarizers.integrations.openai_agents import InputFilter, paged_tools


@function_tool
def fetch(batch: int) -> list[dict[str, Any]]:
    """Fetch a batch of requests."""
    return rows(batch)


class Scripted(Model):
    """Calls `fetch` for each batch, then queries an early one, then answers; keeps every input."""

    def __init__(self, *, reasons: bool = False) -> None:
        self.seen: list[list[Any]] = []
        self.offered: set[str] = set()
        self._reasons = reasons

    async def get_response(
        self, system_instructions: Any, input: Any, model_settings: Any, tools: Any, *_: Any, **__: Any
    ) -> ModelResponse:
        self.seen.append(list(input) if isinstance(input, list) else [{"role": "user", "content": input}])
        self.offered |= {one.name for one in tools}
        turn = len(self.seen) - 1
        if turn < CALLS:
            output: Any = _call(f"c{turn}", "fetch", f'{{"batch": {turn}}}')
        elif turn == CALLS:
            output = _call("q", "query", json.dumps(QUERY))
        else:
            text = ResponseOutputText(text="done", type="output_text", annotations=[])
            output = ResponseOutputMessage(id="m", content=[text], role="assistant", status="completed", type="message")
        if self._reasons and turn < CALLS:
            thought = ResponseReasoningItem(
                id=f"rs_{turn}", summary=[], type="reasoning", encrypted_content="Z0FB" * 1_000
            )
            return ModelResponse(output=[thought, output], usage=Usage(), response_id=None)
        return ModelResponse(output=[output], usage=Usage(), response_id=None)

    async def stream_response(self, *given: Any, **named: Any) -> Any:
        """The same, as the one event that ends a stream."""
        made = await self.get_response(*given, **named)
        response = Response(
            id="r",
            created_at=0,
            model="scripted",
            object="response",
            output=made.output,
            parallel_tool_calls=False,
            tool_choice="auto",
            tools=[],
        )
        yield ResponseCompletedEvent(response=response, sequence_number=0, type="response.completed")


def _call(call_id: str, name: str, arguments: str) -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(call_id=call_id, name=name, arguments=arguments, type="function_call")


def test_forty_calls_stay_under_the_ceiling() -> None:
    """An autonomous run, of one user turn, is bounded too: every input fits, keeps the task, and pairs its calls."""
    model = Scripted()
    with Pager() as pager:
        views = Views(pager)
        agent = Agent(name="investigator", model=model, tools=paged_tools([fetch], views))
        config = RunConfig(
            call_model_input_filter=InputFilter(views, ceiling_tokens=CEILING, reserve_tokens=RESERVE),
            tracing_disabled=True,
        )
        answer = asyncio.run(Runner.run(agent, TASK, run_config=config, max_turns=100))
    assert answer.final_output == "done"
    assert model.offered == {"fetch", "open", "find", "query"}
    for items in model.seen:
        assert sum(tokens(str(one.get("content") or one.get("output") or one)) for one in items) <= CEILING - RESERVE
        assert items[0]["content"] == TASK
        asked = [one["call_id"] for one in items if one.get("type") == "function_call"]
        assert asked == [one["call_id"] for one in items if one.get("type") == "function_call_output"]
    outputs = [one["output"] for one in answer.to_input_list() if one.get("type") == "function_call_output"]
    assert len(outputs) == CALLS + 1
    assert "9002" in str(outputs[-1])


def test_reasoning_leaves_with_its_call_also_in_a_stream() -> None:
    """A call and the reasoning before it leave together; no output is another's."""
    model = Scripted(reasons=True)

    async def run(config: RunConfig, agent: Agent[Any]) -> str:
        streamed = Runner.run_streamed(agent, TASK, run_config=config, max_turns=100)
        async for _ in streamed.stream_events():
            pass
        return str(streamed.final_output)

    with Pager() as pager:
        views = Views(pager)
        agent = Agent(name="investigator", model=model, tools=paged_tools([fetch], views))
        limits = InputFilter(views, ceiling_tokens=20_000, reserve_tokens=RESERVE)
        config = RunConfig(call_model_input_filter=limits, tracing_disabled=True)
        assert asyncio.run(run(config, agent)) == "done"
    assert any(sum(one.get("type") == "reasoning" for one in items) < turn for turn, items in enumerate(model.seen))
    for items in model.seen[:-1]:
        kinds = [str(one.get("type")) for one in items if one.get("role") != "user"]
        thoughts = [one["id"] for one in items if one.get("type") == "reasoning"]
        calls = [json.loads(one["arguments"])["batch"] for one in items if one.get("type") == "function_call"]
        outputs = [one["output"] for one in items if one.get("type") == "function_call_output"]
        assert kinds == ["reasoning", "function_call", "function_call_output"] * len(calls)
        assert thoughts == [f"rs_{batch}" for batch in calls]
        for batch, output in zip(calls, outputs, strict=True):
            assert f"[r{batch + 1}:" in output or f"[r{batch + 1}," in output or f"[r{batch + 1} " in output


def test_what_handoffs_and_the_answer_s_schema_take_is_counted() -> None:
    """They stand in the prompt: an agent with forty of them has less room."""

    class Verdict(BaseModel):
        """What was found."""

        region: str
        cause: str

    def room(**more: Any) -> int:
        agent: Agent[Any] = Agent(name="one", **more)
        given = ModelInputData(input=[{"role": "user", "content": "word " * 20_000}], instructions="Look.")
        with Pager() as pager:
            limits = InputFilter(Views(pager), ceiling_tokens=10_000, reserve_tokens=RESERVE)
            with pytest.raises(CeilingExceeded) as caught:
                limits(CallModelData(given, agent, None))
        return caught.value.input_tokens

    others: list[Any] = [Agent(name=f"expert {n}", handoff_description="Knows region " * 20) for n in range(20)]
    assert room(handoffs=others) > room() + 20 * 40
    assert room(handoffs=[handoff(one) for one in others]) > room() + 20 * 40
    assert room(output_type=Verdict) > room() + 20
