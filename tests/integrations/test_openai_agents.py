"""The OpenAI Agents SDK with the pager: forty calls under a ceiling, on the real package."""

import asyncio
import json
from typing import Any

from agents import Agent, ModelResponse, RunConfig, Runner, Usage, function_tool
from agents.models.interface import Model
from conversation import CALLS, CEILING, QUERY, RESERVE, TASK, rows, tokens
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

from pager import Pager
from summarizers import Views
from summarizers.integrations.openai_agents import InputFilter, paged_tools


@function_tool
def fetch(batch: int) -> list[dict[str, Any]]:
    """Fetch a batch of requests."""
    return rows(batch)


class Scripted(Model):
    """Calls `fetch` for each batch, then queries an early one, then answers; keeps every input."""

    def __init__(self) -> None:
        self.seen: list[list[Any]] = []
        self.offered: set[str] = set()

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
        return ModelResponse(output=[output], usage=Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


def _call(call_id: str, name: str, arguments: str) -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(call_id=call_id, name=name, arguments=arguments, type="function_call")


def test_forty_calls_stay_under_the_ceiling() -> None:
    """An autonomous run, of one user turn, is bounded too: every input fits, keeps the task, and pairs its calls."""
    model = Scripted()
    with Pager() as pager:
        views = Views(pager)
        agent = Agent(name="investigator", model=model, tools=paged_tools(views, [fetch]))
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
