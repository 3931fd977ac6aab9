"""LangChain's agents with the pager: forty calls under a ceiling, on the real package."""

import asyncio
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from conversation import CALLS, CEILING, QUERY, RESERVE, TASK, rows, tokens
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool

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
