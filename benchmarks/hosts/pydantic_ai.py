"""Pydantic AI's agent."""

from typing import Any

from pydantic_ai import Agent, UsageLimits
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from ..conversing import TASK
from ..examples import run_example
from .reading import MOST_TURNS, read


def bare(url: str) -> None:
    """As it comes."""
    _run(Agent(_model(url), tools=[read]))


def paged(url: str) -> None:
    """As in the README."""
    _run(run_example("# Pydantic AI", model=_model(url), tools=[read])["agent"])


def _model(url: str) -> OpenAIChatModel:
    return OpenAIChatModel("scripted", provider=OpenAIProvider(base_url=url, api_key="none"))


def _run(agent: Agent[Any, Any]) -> None:
    agent.run_sync(TASK, usage_limits=UsageLimits(request_limit=MOST_TURNS))
