"""The agent of the OpenAI Agents SDK."""

import asyncio
from typing import Any

from agents import Agent, OpenAIChatCompletionsModel, RunConfig, Runner, function_tool
from agents.extensions.tool_output_trimmer import ToolOutputTrimmer
from openai import AsyncOpenAI

from ..conversing import TASK
from ..examples import run_example
from .reading import MOST_TURNS, read


def bare(url: str) -> None:
    """As it comes."""
    asyncio.run(_run(_agent(url), RunConfig()))


def paged(url: str) -> None:
    """As in the README."""
    made = run_example("# OpenAI Agents SDK", model=_model(url), tools=[function_tool(read)])
    asyncio.run(_run(made["agent"], made["config"]))


def own(url: str) -> None:
    """With its own trimmer."""
    asyncio.run(_run(_agent(url), RunConfig(call_model_input_filter=ToolOutputTrimmer())))


def _model(url: str) -> OpenAIChatCompletionsModel:
    return OpenAIChatCompletionsModel("scripted", AsyncOpenAI(base_url=url, api_key="none"))


def _agent(url: str) -> Agent[Any]:
    return Agent("reader", model=_model(url), tools=[function_tool(read)])


async def _run(agent: Agent[Any], config: RunConfig) -> None:
    config.tracing_disabled = True
    await Runner.run(agent, TASK, run_config=config, max_turns=MOST_TURNS)
