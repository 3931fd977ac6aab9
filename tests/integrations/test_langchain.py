"""LangChain's agents with the pager: forty calls under a ceiling, on the real package."""

import asyncio
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from conversation import CALLS, CEILING, QUERY, RESERVE, TASK, longest_pause, rows, slow, tokens
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from pydantic import BaseModel

from pager import Pager
from summarizers import CeilingExceeded, Views
from summarizers.integrations.langchain import PagerMiddleware


@tool
def fetch(batch: int) -> list[dict[str, Any]]:
    """Fetch a batch of requests."""
    return rows(batch)


@tool
def broken(batch: int) -> str:
    """Fail."""
    raise ValueError("no such batch")


class Scripted(BaseChatModel):
    """Calls `fetch` for each batch, then opens an early one, then answers; keeps every prompt."""

    seen: list[list[BaseMessage]]
    offered: list[Any]
    calls: int = CALLS
    same_id: bool = False

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> "Scripted":
        self.offered[:] = [one.name for one in tools]
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        self.seen.append(list(messages))
        turn = len(self.seen) - 1
        calls = [{"name": "fetch", "args": {"batch": turn}, "id": self._id(turn), "type": "tool_call"}]
        if turn == self.calls:
            calls = [
                {
                    "name": "query",
                    "args": QUERY,
                    "id": "q",
                    "type": "tool_call",
                }
            ]
        if turn > self.calls:
            calls = []
        message = AIMessage(content="" if calls else "done", tool_calls=calls)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _id(self, turn: int) -> str:
        return "call_0" if self.same_id else f"c{turn}"


def _sent(messages: Sequence[BaseMessage]) -> int:
    return sum(tokens(str(one.content) + str(getattr(one, "tool_calls", None) or "")) for one in messages)


def _run(model: Scripted, *, later: bool) -> dict[str, Any]:
    with Pager() as pager:
        middleware = PagerMiddleware(Views(pager), ceiling_tokens=CEILING, reserve_tokens=RESERVE)
        agent = create_agent(model, [fetch], middleware=[middleware])
        asked = {"messages": [HumanMessage(TASK)]}
        limits: Any = {"recursion_limit": 200}
        return asyncio.run(agent.ainvoke(asked, limits)) if later else agent.invoke(asked, limits)


@pytest.mark.parametrize("later", [False, True], ids=["sync", "async"])
def test_forty_calls_stay_under_the_ceiling(later: bool) -> None:
    """Every prompt fits, keeps the task, and pairs each call with its result; old results still answer queries."""
    model = Scripted(seen=[], offered=[])
    state = _run(model, later=later)
    assert len(model.seen) == CALLS + 2
    assert set(model.offered) == {"fetch", "open", "find", "query"}
    for prompt in model.seen:
        assert _sent(prompt) <= CEILING - RESERVE
        assert prompt[0].content == TASK
        asked = [call["id"] for one in prompt if isinstance(one, AIMessage) for call in one.tool_calls]
        assert asked == [one.tool_call_id for one in prompt if isinstance(one, ToolMessage)]
    assert "9002" in str(state["messages"][-2].content)
    assert state["messages"][-1].content == "done"


def test_calls_with_one_id_keep_their_own_results() -> None:
    """Servers that call every call call_0: each result is still shortened to what it says itself."""
    model = Scripted(seen=[], offered=[], same_id=True)
    _run(model, later=False)
    assert len(model.seen) == CALLS + 2
    for prompt in model.seen[:-1]:
        assert _sent(prompt) <= CEILING - RESERVE
        batches = [call["args"]["batch"] for one in prompt if isinstance(one, AIMessage) for call in one.tool_calls]
        texts = [str(one.content) for one in prompt if isinstance(one, ToolMessage)]
        assert len(batches) == len(texts)
        for batch, text in zip(batches[1:], texts[1:], strict=True):
            assert text.startswith(f"[r{batch + 1}") or f"[r{batch + 1}:" in text or f"[r{batch + 1}," in text


def test_text_blocks_are_text_and_images_stay() -> None:
    """What MCP adapters return is paged and shortened as text is; an image beside it is sent as it is."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 10_000}}

    @tool
    def look(batch: int) -> list[dict[str, Any]]:
        """Look at a batch."""
        blocks: list[dict[str, Any]] = [{"type": "text", "text": json.dumps(rows(batch))}]
        return [*blocks, image] if batch == 2 else blocks

    class Looking(Scripted):
        def _generate(self, messages: list[BaseMessage], *given: Any, **named: Any) -> ChatResult:
            made = super()._generate(messages, *given, **named)
            for call in made.generations[0].message.tool_calls:  # type: ignore[attr-defined]
                call["name"] = "look" if call["name"] == "fetch" else call["name"]
            return made

    model = Looking(seen=[], offered=[])
    with Pager() as pager:
        middleware = PagerMiddleware(Views(pager), ceiling_tokens=8_000, reserve_tokens=RESERVE)
        agent = create_agent(model, [look], middleware=[middleware])
        agent.invoke({"messages": [HumanMessage(TASK)]}, {"recursion_limit": 200})
    assert len(model.seen) == CALLS + 2
    assert all(str(prompt).count("iVBORw0KGgoiVBORw0KGgo") > 0 for prompt in model.seen[3:])
    assert any(len(prompt) < 2 * CALLS for prompt in model.seen[-2:])
    (pictured,) = [one for one in model.seen[-1] if isinstance(one, ToolMessage) and "iVBOR" in str(one.content)]
    assert isinstance(pictured.content, list)
    assert tokens(str(pictured.content[0])) < 200
    assert pictured.content[1] == image


def test_what_people_say_between_calls_stays_in_its_place() -> None:
    """Six rounds of one conversation, each of five calls: every question, in order, in every later prompt."""

    class Rounds(Scripted):
        def _generate(self, messages: list[BaseMessage], *given: Any, **named: Any) -> ChatResult:
            made = super()._generate(messages, *given, **named)
            if len(self.seen) % 6 == 0:
                return ChatResult(generations=[ChatGeneration(message=AIMessage("so far so good"))])
            return made

    model = Rounds(seen=[], offered=[])
    state: dict[str, Any] = {"messages": []}
    with Pager() as pager:
        middleware = PagerMiddleware(Views(pager), ceiling_tokens=CEILING, reserve_tokens=RESERVE)
        agent = create_agent(model, [fetch], middleware=[middleware])
        for number in range(6):
            state = agent.invoke({"messages": [*state["messages"], HumanMessage(f"{number}: {TASK}")]})
    assert len(model.seen) == 36
    for turn, prompt in enumerate(model.seen):
        assert _sent(prompt) <= CEILING - RESERVE
        people = [str(one.content)[0] for one in prompt if isinstance(one, HumanMessage)]
        assert people == [str(number) for number in range(turn // 6 + 1)]
        asked = [call["id"] for one in prompt if isinstance(one, AIMessage) for call in one.tool_calls]
        assert asked == [one.tool_call_id for one in prompt if isinstance(one, ToolMessage)]


class Verdict(BaseModel):
    """What was found."""

    region: str
    milliseconds: int


@pytest.mark.parametrize("form", [Verdict, ToolStrategy(Verdict), ProviderStrategy(Verdict)], ids=type)
def test_the_schema_of_a_structured_answer_is_counted(form: Any) -> None:
    """It stands in the prompt, so it takes of the room."""

    def room(**more: Any) -> int:
        model = Scripted(seen=[], offered=[])
        with Pager() as pager:
            middleware = PagerMiddleware(Views(pager), ceiling_tokens=CEILING, reserve_tokens=RESERVE)
            agent = create_agent(model, [fetch], middleware=[middleware], **more)
            with pytest.raises(CeilingExceeded) as caught:
                agent.invoke({"messages": [HumanMessage("word " * CEILING)]})
        return caught.value.input_tokens

    assert room(response_format=form) > room() + 20


def test_a_structured_answer_comes_after_many_calls() -> None:
    """Its own call is no result that could be shortened away."""

    class Deciding(Scripted):
        def _generate(self, messages: list[BaseMessage], *given: Any, **named: Any) -> ChatResult:
            made = super()._generate(messages, *given, **named)
            if len(self.seen) <= 20:
                return made
            call = {
                "name": "Verdict",
                "args": {"region": "zone-1", "milliseconds": 9_002},
                "id": "v",
                "type": "tool_call",
            }
            return ChatResult(generations=[ChatGeneration(message=AIMessage("", tool_calls=[call]))])

    model = Deciding(seen=[], offered=[])
    with Pager() as pager:
        middleware = PagerMiddleware(Views(pager), ceiling_tokens=CEILING, reserve_tokens=RESERVE)
        agent = create_agent(model, [fetch], middleware=[middleware], response_format=ToolStrategy(Verdict))
        state = agent.invoke({"messages": [HumanMessage(TASK)]}, {"recursion_limit": 200})
    assert state["structured_response"] == Verdict(region="zone-1", milliseconds=9_002)
    assert all(_sent(prompt) <= CEILING - RESERVE for prompt in model.seen)


def test_other_conversations_go_on_while_a_result_is_put_away() -> None:
    """In an async agent the store works in a thread."""
    with Pager() as pager:
        views = slow(Views(pager))
        agent = create_agent(Scripted(seen=[], offered=[], calls=1), [fetch], middleware=[PagerMiddleware(views)])
        assert longest_pause(agent.ainvoke({"messages": [HumanMessage(TASK)]})) < 0.9


def test_between_compactions_the_sent_prefix_does_not_change() -> None:
    """Unlike ClearToolUsesEdit, which rewrites it on every call once it has begun."""
    model = Scripted(seen=[], offered=[])
    _run(model, later=False)
    texts = [[str(one.content) for one in prompt] for prompt in model.seen]
    changed = sum(new[: len(old)] != old for old, new in pairwise(texts))
    assert 0 < changed <= CALLS / 4


def test_without_a_ceiling_results_are_cards_and_the_rest_is_untouched() -> None:
    """Failures pass as they are, and nothing is shortened later."""
    model = Scripted(seen=[], offered=[], calls=3)
    with Pager() as pager:
        agent = create_agent(model, [fetch], middleware=[PagerMiddleware(Views(pager))])
        state = agent.invoke({"messages": [HumanMessage(TASK)]})
    cards = [one for one in state["messages"] if isinstance(one, ToolMessage) and one.name == "fetch"]
    assert len(cards) == 3
    assert all(str(one.content).startswith("[r") and tokens(str(one.content)) <= 260 for one in cards)
    assert "9001" in str(cards[1].content)


def test_a_prompt_that_cannot_fit_is_not_sent() -> None:
    """The task alone is too long: the error says so before any call."""
    model = Scripted(seen=[], offered=[])
    with Pager() as pager:
        middleware = PagerMiddleware(Views(pager), ceiling_tokens=CEILING, reserve_tokens=RESERVE)
        agent = create_agent(model, [fetch], middleware=[middleware])
        with pytest.raises(CeilingExceeded, match="raise ceiling_tokens"):
            agent.invoke({"messages": [HumanMessage("word " * CEILING)]})
    assert model.seen == []
