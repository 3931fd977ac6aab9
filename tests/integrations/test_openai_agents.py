"""The OpenAI Agents SDK with the pager: forty calls under a ceiling, on the real package."""

import asyncio
import json
import sys
from typing import Any

import pytest
from agents import (
    Agent,
    ModelResponse,
    RunConfig,
    Runner,
    ToolOutputImage,
    ToolOutputText,
    Usage,
    function_tool,
    handoff,
)
from agents.mcp import MCPServerStdio
from agents.models.interface import Model
from agents.run_config import CallModelData, ModelInputData
from conversation import CALLS, CEILING, QUERY, RESERVE, TASK, longest_pause, rows, slow, tokens
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

    def __init__(self, *, reasons: bool = False, calls: int = CALLS) -> None:
        self.seen: list[list[Any]] = []
        self.offered: set[str] = set()
        self._reasons = reasons
        self._calls = calls

    async def get_response(
        self, system_instructions: Any, input: Any, model_settings: Any, tools: Any, *_: Any, **__: Any
    ) -> ModelResponse:
        self.seen.append(list(input) if isinstance(input, list) else [{"role": "user", "content": input}])
        self.offered |= {one.name for one in tools}
        turn = len(self.seen) - 1
        if turn < self._calls:
            output: Any = _call(f"c{turn}", "fetch", f'{{"batch": {turn}}}')
        elif turn == self._calls:
            output = _call("q", "query", json.dumps(QUERY))
        else:
            text = ResponseOutputText(text="done", type="output_text", annotations=[])
            output = ResponseOutputMessage(id="m", content=[text], role="assistant", status="completed", type="message")
        if self._reasons and turn < self._calls:
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
                asyncio.run(limits(CallModelData(given, agent, None)))
        return caught.value.input_tokens

    others: list[Any] = [Agent(name=f"expert {n}", handoff_description="Knows region " * 20) for n in range(20)]
    assert room(handoffs=others) > room() + 20 * 40
    assert room(handoffs=[handoff(one) for one in others]) > room() + 20 * 40
    assert room(output_type=Verdict) > room() + 20


def _filtered(items: list[Any], views: Views, agent: Agent[Any] | None = None, ceiling: int = CEILING) -> list[Any]:
    limits = InputFilter(views, ceiling_tokens=ceiling, reserve_tokens=RESERVE)
    data = CallModelData(ModelInputData(input=items, instructions=None), agent or Agent(name="one"), None)
    return list(asyncio.run(limits(data)).input)


def test_what_a_service_s_own_tools_said_is_shortened_and_stays() -> None:
    """Calls of a hosted MCP server hold call and answer in one: the answer is shortened; a web search is as it was."""
    search = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "q"},
    }
    asked = {"role": "user", "content": TASK}
    hosted = [
        {
            "type": "mcp_call",
            "id": f"mcp_{batch}",
            "server_label": "rows",
            "name": "fetch",
            "arguments": f'{{"batch": {batch}}}',
            "output": json.dumps(rows(batch)),
        }
        for batch in range(6)
    ]
    with Pager() as pager:
        views = Views(pager)
        kept = _filtered([asked, search, *hosted], views)
        assert kept[:2] == [asked, search]
        assert [one["id"] for one in kept[2:]] == [one["id"] for one in hosted]
        assert sum(tokens(str(one)) for one in kept) <= CEILING - RESERVE
        assert "fetch" in kept[2]["output"]
        assert pager.node("r1").text()
        assert "9000" in views.find("r1", "9000")


def test_an_image_stays_beside_its_shortened_text() -> None:
    """The turn is not folded, however tight it gets."""
    image = {"type": "input_image", "image_url": "data:image/png;base64," + "iVBORw0KGgo" * 500}
    items: list[Any] = [{"role": "user", "content": TASK}]
    for batch in range(8):
        text = json.dumps(rows(batch))
        output: Any = [{"type": "input_text", "text": text}, image] if batch == 1 else text
        call = {"type": "function_call", "call_id": f"c{batch}", "name": "fetch", "arguments": f'{{"batch": {batch}}}'}
        items += [call, {"type": "function_call_output", "call_id": f"c{batch}", "output": output}]
    with Pager() as pager:
        kept = _filtered(items, Views(pager), ceiling=4_000)
    (pictured,) = [one for one in kept if isinstance(one.get("output"), list)]
    assert pictured["call_id"] == "c1"
    assert pictured["output"][1] == image
    assert tokens(pictured["output"][0]["text"]) < 200
    assert len(kept) < len(items)


def test_the_text_of_a_result_with_an_image_becomes_a_card() -> None:
    """As the tool gives it; the image passes."""
    image = ToolOutputImage(image_url="https://example.org/a.png")

    @function_tool
    def fetch(batch: int) -> Any:
        """Fetch a batch of requests, drawn."""
        return [ToolOutputText(text=json.dumps(rows(batch))), image]

    model = Scripted()
    with Pager() as pager:
        views = Views(pager)
        agent = Agent(name="one", model=model, tools=paged_tools([fetch], views))
        asyncio.run(Runner.run(agent, TASK, run_config=RunConfig(tracing_disabled=True), max_turns=100))
    (first, *_) = [one["output"] for one in model.seen[-1] if one.get("type") == "function_call_output"]
    assert first[0]["text"].startswith("[r1: fetch")
    assert first[1]["image_url"] == "https://example.org/a.png"


def test_the_tools_of_mcp_servers_are_counted() -> None:
    """A real server's two tools stand in the prompt."""

    async def room(*servers: MCPServerStdio) -> int:
        given = ModelInputData(input=[{"role": "user", "content": "word " * 20_000}], instructions="Look.")
        with Pager() as pager:
            limits = InputFilter(Views(pager), ceiling_tokens=10_000, reserve_tokens=RESERVE)
            with pytest.raises(CeilingExceeded) as caught:
                await limits(CallModelData(given, Agent(name="one", mcp_servers=list(servers)), None))
        return caught.value.input_tokens

    async def both() -> tuple[int, int]:
        async with MCPServerStdio({"command": sys.executable, "args": ["-m", "mcp_server_time"]}) as clock:
            return await room(), await room(clock)

    without, with_tools = asyncio.run(both())
    assert with_tools > without + 100


def test_what_people_say_between_calls_stays_in_its_place() -> None:
    """Rounds of one conversation: every question, in order."""
    items: list[Any] = []
    for number in range(5):
        items.append({"role": "user", "content": f"{number}: {TASK}"})
        for batch in range(4):
            name = f"c{number}{batch}"
            items.append({"type": "function_call", "call_id": name, "name": "fetch", "arguments": "{}"})
            items.append({"type": "function_call_output", "call_id": name, "output": json.dumps(rows(batch))})
        items.append({"role": "assistant", "content": "so far so good"})
    with Pager() as pager:
        kept = _filtered(items, Views(pager))
    said = [one for one in items if "role" in one]
    assert [one for one in kept if "role" in one] == said
    assert sum(tokens(str(one)) for one in kept) <= CEILING - RESERVE


def test_other_conversations_go_on_while_a_result_is_put_away() -> None:
    """The store works in a thread."""
    with Pager() as pager:
        agent = Agent(name="one", model=Scripted(calls=1), tools=paged_tools([fetch], slow(Views(pager))))
        run = Runner.run(agent, TASK, run_config=RunConfig(tracing_disabled=True), max_turns=100)
        assert longest_pause(run) < 0.9
