"""The tool-calling agent of smolagents."""

from typing import Any

from smolagents import LogLevel, OpenAIModel, ToolCallingAgent, tool

from ..conversing import TASK
from ..examples import run_example
from .reading import MOST_TURNS, read


def bare(url: str) -> None:
    """As it comes."""
    _run(ToolCallingAgent([tool(read)], _model(url), verbosity_level=LogLevel.OFF))


def paged(url: str) -> None:
    """As in the README."""
    _run(run_example("# smolagents", model=_model(url), tools=[tool(read)])["agent"])


def _model(url: str) -> Any:
    return OpenAIModel("scripted", api_base=url, api_key="none")


def _run(agent: Any) -> None:
    agent.logger.level = LogLevel.OFF
    agent.run(TASK, max_steps=MOST_TURNS)
