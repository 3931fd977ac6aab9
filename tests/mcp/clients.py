"""The official MCP client, started against a command, and servers it may be started against."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from agent.models.bundled import cache_folder

PROXY = (sys.executable, "-c", "from agent.cli import main; main()", "mcp")
NODE_SERVERS = (
    "@modelcontextprotocol/server-filesystem@2026.8.31",
    "@modelcontextprotocol/server-everything@2026.8.31",
)


@dataclass
class Client:
    """A session with what the server told it meanwhile."""

    session: ClientSession
    told: list[Any] = field(default_factory=list)

    async def text(self, tool: str, **arguments: object) -> str:
        """The text of a tool's first block."""
        block = (await self.session.call_tool(tool, arguments)).content[0]
        assert isinstance(block, types.TextContent), block
        return block.text

    async def raw(self, tool: str, **arguments: object) -> dict[str, Any]:
        """A tool's whole result as JSON."""
        return (await self.session.call_tool(tool, arguments)).model_dump(mode="json", by_alias=True, exclude_none=True)


@asynccontextmanager
async def connected(
    *command: str,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    errors: Path | None = None,
    **options: Any,
) -> AsyncIterator[Client]:
    """A client of the server that a command starts; its standard error goes to `errors`."""
    parameters = StdioServerParameters(command=command[0], args=list(command[1:]), env={**os.environ, **(env or {})})
    told: list[Any] = []

    async def hear(message: Any) -> None:
        told.append(message)

    with (errors or Path(os.devnull)).open("w") as errlog:
        async with (
            stdio_client(parameters, errlog=errlog) as (reading, writing),
            ClientSession(reading, writing, message_handler=hear, **options) as session,
        ):
            await session.initialize()
            yield Client(session, told)


def proxied(store: Path, *options: str) -> tuple[str, ...]:
    """The command of the proxy with a store of its own; a server's command may follow."""
    return (*PROXY, "--store", str(store), *options)


def toy(folder: Path, name: str = "toy", **results: object) -> tuple[str, ...]:
    """The command of a server whose tools give these results."""
    (folder / f"{name}.json").write_text(json.dumps(results))
    return (sys.executable, str(Path(__file__).with_name("toyserver.py")), name, str(folder / f"{name}.json"))


def node_server(name: str) -> str:
    """The path of an npm server's command, installed once into the cache; skips where npm cannot."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, and this server comes from npm")
    folder = cache_folder() / "mcp-servers"
    command = folder / "node_modules" / ".bin" / name
    if not command.exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), *NODE_SERVERS]
        done = subprocess.run(install, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            pytest.skip(f"npm cannot install {name}: {done.stderr.strip()[:200]}")
    return str(command)


def old_python_server(requirement: str, module: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Command and environment of a server that needs the first version of the SDK; skips where pip cannot."""
    folder = cache_folder() / "mcp-servers" / module
    if not (folder / module).is_dir():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), requirement, "mcp<2"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"pip cannot install {requirement}: {done.stderr.strip()[-200:]}")
    # the folder is put before everything in the server's own process alone
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); from {module} import main; main()"
    return (sys.executable, "-c", code), {}
