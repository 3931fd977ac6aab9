"""A shell as the tool of an agent without a framework: what a command prints is its result."""

import asyncio
import subprocess
import sys
from typing import Any

from .loop import converse, schema

_COMMAND = f'toolpager() {{ "{sys.executable}" -c "from agent.cli import main; main()" "$@"; }}'


def bare(url: str) -> None:
    """The script says what to run, the pipe to the pager included or not."""
    asyncio.run(converse(url, [schema("run", command="a shell command")], _answer))


paged = bare


async def _answer(_: str, arguments: dict[str, Any]) -> str:
    ran = subprocess.run(["sh", "-c", f"{_COMMAND}\n{arguments['command']}"], capture_output=True, check=False)
    return (ran.stdout + ran.stderr).decode("utf-8", "replace")
