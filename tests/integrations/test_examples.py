"""The README's examples for frameworks make agents that run."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import test_langchain
import test_openai_agents
import test_smolagents
from conversation import TASK, rows
from langchain_core.messages import HumanMessage
from pydantic_ai.models.test import TestModel

from summarizers.paged import shared_views

README = Path(__file__).resolve().parents[2] / "README.md"


def _made(framework: str, names: dict[str, Any]) -> dict[str, Any]:
    """What the example of a framework defines, given a model and tools."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    example = next(block for block in blocks if block.startswith(f"# {framework}"))
    exec(compile(example, "README.md", "exec"), names)
    return names


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    shared_views().pager.close()
    shared_views.cache_clear()


def test_langchain_example_runs() -> None:
    """Results of the conversation are cards."""
    model = test_langchain.Scripted(seen=[], offered=[], calls=2)
    made = _made("LangChain", {"model": model, "tools": [test_langchain.fetch]})
    state = made["agent"].invoke({"messages": [HumanMessage(TASK)]})
    assert str(state["messages"][2].content).startswith("[r1")


def test_pydantic_ai_example_runs() -> None:
    """Its tools are called, the verbs among them."""

    def fetch(batch: int) -> list[dict[str, object]]:
        """Fetch a batch of requests."""
        return rows(batch)

    made = _made("Pydantic AI", {"model": TestModel(), "tools": [fetch]})
    answer = asyncio.run(made["agent"].run(TASK))
    assert "[r1" in str(answer.all_messages())


def test_openai_agents_example_runs() -> None:
    """The filter stands in the run's configuration."""
    from agents import Runner

    model = test_openai_agents.Scripted()
    made = _made("OpenAI Agents SDK", {"model": model, "tools": [test_openai_agents.fetch]})
    made["config"].tracing_disabled = True
    answer = asyncio.run(Runner.run(made["agent"], TASK, run_config=made["config"], max_turns=100))
    assert answer.final_output == "done"


def test_smolagents_example_runs() -> None:
    """The callback is one of the agent's."""
    model = test_smolagents.Scripted(in_code=False)
    made = _made("smolagents", {"model": model, "tools": [test_smolagents.Fetch()]})
    assert made["agent"].run(TASK, max_steps=60) == "done"
