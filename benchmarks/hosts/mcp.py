"""The MCP filesystem server behind the official client, as the tools of an agent without a framework."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from ..examples import example
from ..integrations import SERVER
from .loop import converse

_COMMAND = ("-c", "from agent.cli import main; main()")


def bare(url: str) -> None:
    """The server alone."""
    asyncio.run(_session(url, os.environ[SERVER], str(Path.cwd())))


def paged(url: str) -> None:
    """The same behind what the README's configuration starts."""
    arguments = json.loads(example("{", "json"))["mcpServers"]["files"]["args"]
    before = arguments[: arguments.index("--") + 1]
    asyncio.run(_session(url, sys.executable, *_COMMAND, *before, os.environ[SERVER], str(Path.cwd())))


async def _session(url: str, command: str, *arguments: str) -> None:
    parameters = StdioServerParameters(command=command, args=list(arguments), env=dict(os.environ))
    with Path(os.devnull).open("w") as log:
        async with (
            stdio_client(parameters, errlog=log) as (reading, writing),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            listed = (await session.list_tools()).tools
            tools = [
                {"name": one.name, "description": one.description, "parameters": one.input_schema} for one in listed
            ]

            async def answer(name: str, arguments: dict[str, Any]) -> str:
                blocks = (await session.call_tool(name, arguments)).content
                return "\n".join(getattr(one, "text", None) or one.model_dump_json(exclude_none=True) for one in blocks)

            await converse(url, tools, answer)
