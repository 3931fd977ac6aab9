"""Tools that work in the background."""

import asyncio
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

pytest.importorskip("mcp")

from agent.mcp.catalogue import Entry
from agent.mcp.hub import Hub
from agent.mcp.message import Message, answer
from agent.mcp.policy import Policy
from agent.mcp.shelf import Shelf


@dataclass
class Server:
    """Begins a task for every call."""

    policy: Policy = field(default_factory=Policy)
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def spec(self) -> "Server":
        """Its own."""
        return self

    async def ask(self, asked: Message) -> Message:
        """A task, its result later."""
        if asked.method == "tasks/result":
            return answer(asked, {"content": [{"type": "text", "text": "word " * 3000}]})
        return answer(asked, {"task": {"taskId": f"t{next(self.numbers)}"}})


def _asked(method: str, **params: object) -> Message:
    return Message(b"", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def test_the_newest_tasks_are_known_and_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their results come as cards; a hub that serves for months holds no more of them."""
    monkeypatch.setattr("agent.mcp.hub._TASKS_KNOWN", 3)

    async def served() -> tuple[int, Message]:
        shelf = Shelf(tmp_path)
        hub = Hub(cast("Any", None), shelf, Policy(), "1")
        hub._tools = {"slow": Entry("slow", "slow", cast("Any", Server()), {})}
        for _ in range(9):
            await hub._call(_asked("tools/call", name="slow", arguments={}))
        return len(hub._made), await hub._about_task(_asked("tasks/result", taskId="t9"))

    known, result = asyncio.run(served())
    assert known == 3
    assert "[r1: " in str(result.result)
