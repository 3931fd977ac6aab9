"""A Python function as the tool of an agent without a framework."""

import asyncio
from collections.abc import Callable
from typing import Any

from ..examples import run_example
from .loop import converse, schema
from .reading import read

_READ = schema("read", path="where it is")


def bare(url: str) -> None:
    """Its text."""
    _converse(url, [_READ], {"read": read})


def paged(url: str) -> None:
    """Decorated, with the verbs beside it."""
    from summarizers.paged import shared_views

    decorated = run_example("# Python")["read"]
    find = schema("find", address="where to search, such as r3", pattern="a regular expression or words")
    _converse(url, [_READ, find], {"read": decorated, "find": shared_views().find})


def _converse(url: str, tools: list[dict[str, Any]], functions: dict[str, Callable[..., str]]) -> None:
    async def answer(name: str, arguments: dict[str, Any]) -> str:
        return functions[name](**arguments)

    asyncio.run(converse(url, tools, answer))
