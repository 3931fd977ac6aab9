"""smolagents with the pager: forty steps under a ceiling, on the real package."""

from typing import Any

import pytest
from conversation import CALLS, CEILING, QUERY, RESERVE, TASK, rows, tokens
from PIL import Image
from smolagents import ActionStep, CodeAgent, LogLevel, Model, Tool, ToolCallingAgent
from smolagents.models import ChatMessage, ChatMessageToolCall, ChatMessageToolCallFunction, MessageRole

from pager import Pager
from summarizers import Views
from summarizers.integrations.smolagents import StepCallback, paged_tools, verb_tools


class Fetch(Tool):  # type: ignore[misc]
    """Fetches a batch."""

    name = "fetch"
    description = "Fetch a batch of requests."
    inputs = {"batch": {"type": "integer", "description": "which one"}}  # noqa: RUF012
    output_type = "object"

    def forward(self, batch: int) -> Any:
        """The rows."""
        return rows(batch)


class Scripted(Model):  # type: ignore[misc]
    """Fetches each batch, then queries an early one, then answers; keeps every prompt."""

    def __init__(self, *, in_code: bool) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._in_code = in_code

    def generate(self, messages: list[ChatMessage], **_: Any) -> ChatMessage:
        self.seen.append("\n".join(str(part.get("text")) for one in messages for part in _parts(one)))
        turn = len(self.seen) - 1
        name, arguments = "fetch", dict[str, Any](batch=turn)
        if turn == CALLS:
            name, arguments = ("find", {"address": "r3", "pattern": "9002"}) if self._in_code else ("query", QUERY)
        elif turn > CALLS:
            name, arguments = "final_answer", {"answer": "done"}
        if self._in_code:
            given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
            call = f"{name}({given})" if name == "final_answer" else f"print({name}({given}))"
            return ChatMessage(role=MessageRole.ASSISTANT, content=f"<code>\n{call}\n</code>")
        function = ChatMessageToolCallFunction(name=name, arguments=arguments)
        call = ChatMessageToolCall(id=f"c{turn}", type="function", function=function)
        return ChatMessage(role=MessageRole.ASSISTANT, content="", tool_calls=[call])


def _parts(message: ChatMessage) -> list[dict[str, Any]]:
    content = message.content
    return [{"text": content}] if isinstance(content, str) else list(content or [])


@pytest.mark.parametrize("in_code", [False, True], ids=["calls", "code"])
def test_forty_steps_stay_under_the_ceiling(in_code: bool) -> None:
    """Every prompt fits and keeps the task; old results still answer queries; code works on values, not on cards."""
    model = Scripted(in_code=in_code)
    kind: Any = CodeAgent if in_code else ToolCallingAgent
    ceiling = CEILING + (4_000 if in_code else 0)  # the library's own instructions for code take more than 3,000
    with Pager() as pager:
        views = Views(pager)
        agent = kind(
            tools=[Fetch(), *verb_tools(views)] if in_code else paged_tools([Fetch()], views),
            model=model,
            step_callbacks=[StepCallback(views, ceiling_tokens=ceiling, reserve_tokens=RESERVE)],
            max_steps=60,
            verbosity_level=LogLevel.OFF,
        )
        answer = agent.run(TASK)
        assert answer == "done"
        assert len(model.seen) == CALLS + 2
        for prompt in model.seen:
            assert tokens(prompt) <= ceiling - RESERVE
            assert TASK in prompt
        assert "9002" in model.seen[-1]


@pytest.mark.parametrize("reset", [True, False], ids=["fresh", "on"])
def test_a_second_task_of_an_agent_is_told_its_own_results(reset: bool) -> None:
    """Step numbers begin anew with each task; what left earlier is listed once."""
    with Pager() as pager:
        views = Views(pager)
        callback = StepCallback(views, ceiling_tokens=CEILING, reserve_tokens=RESERVE)
        model = Scripted(in_code=False)
        tools = paged_tools([Fetch()], views)
        agent: Any = ToolCallingAgent(
            tools, model, step_callbacks=[callback], max_steps=60, verbosity_level=LogLevel.OFF
        )
        agent.run(TASK)
        first = len(model.seen)
        seen, model.seen = model.seen, []
        agent.run("Once more. " + TASK, reset=reset)
        assert len(model.seen) == first
        for prompt in (*seen, *model.seen):
            assert tokens(prompt) <= CEILING - RESERVE
            assert prompt.count("Results no longer shown") <= 1
        assert "Results no longer shown" in model.seen[-1]
        assert "[r1: fetch" in model.seen[1]


def test_a_step_with_an_image_keeps_it_and_it_is_counted() -> None:
    """Its text is shortened, the step never emptied; three images take the room of 4,800 tokens."""
    images = [Image.new("RGB", (8, 8)) for _ in range(3)]

    def draw(step: ActionStep, agent: Any) -> None:
        if step.step_number == 2:
            step.observations_images = images

    ceiling = CEILING + 3 * 1_600 + 1_000
    with Pager() as pager:
        views = Views(pager)
        model = Scripted(in_code=False)
        limits = StepCallback(views, ceiling_tokens=ceiling, reserve_tokens=RESERVE)
        agent: Any = ToolCallingAgent(
            paged_tools([Fetch()], views),
            model,
            step_callbacks=[draw, limits],
            max_steps=60,
            verbosity_level=LogLevel.OFF,
        )
        agent.run(TASK)
    steps = [one for one in agent.memory.steps if isinstance(one, ActionStep)]
    (pictured,) = [one for one in steps if one.observations_images]
    assert pictured.observations_images == images
    assert pictured.tool_calls is not None
    assert 0 < tokens(pictured.observations) < 200
    assert any(one.observations is None for one in steps)
    assert all(tokens(prompt) <= ceiling - RESERVE - 3 * 1_600 for prompt in model.seen[2:])
