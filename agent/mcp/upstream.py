"""A server behind the pager: requests to it and their answers, and what it said it can do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from .channel import Channel
from .config import ServerSpec
from .message import CONNECTION_CLOSED, Fields, Message, failure, request

_MOST_PAGES = 1_000


class Upstream:
    """One server. `told` receives what it says of itself: notifications, and requests to the client."""

    def __init__(
        self, spec: ServerSpec, channel: Channel, told: Callable[[Upstream, Message], Awaitable[None]]
    ) -> None:
        self.spec = spec
        self.initialized: Fields = {}
        self._channel = channel
        self._told = told
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._asked = 0
        self._ended = False

    @property
    def name(self) -> str:
        """What it is called in the configuration."""
        return self.spec.name

    def can(self, capability: str) -> bool:
        """Whether it said so when it was initialized."""
        return capability in self.initialized.get("capabilities", {})

    def is_asked(self, key: str) -> bool:
        """Whether a request with this id waits for its answer."""
        return key in self._waiting

    async def send(self, message: Message) -> None:
        """Hand over what needs no answer."""
        await self._channel.send(message)

    async def ask(self, asked: Message) -> Message:
        """The answer to a request, an error where the server has ended."""
        if self._ended:
            return self._gone(asked)
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[asked.key] = future
        try:
            await self._channel.send(asked)
            return await future
        finally:
            self._waiting.pop(asked.key, None)

    async def everything(self, method: str, field: str) -> list[Fields]:
        """All pages of a list."""
        found: list[Fields] = []
        params: Fields = {}
        for _ in range(_MOST_PAGES):
            self._asked += 1
            result = (await self.ask(request(f"toolpager-{self._asked}", method, params))).result
            listed: Any = result.get(field) or []
            found += [one for one in listed if isinstance(one, dict)]
            if not (cursor := result.get("nextCursor")):
                break
            params = {"cursor": cursor}
        return found

    async def listen(self) -> None:
        """Sort what the server says until it ends; then everything asked of it is answered with an error."""
        while (message := await self._channel.receive()) is not None:
            if message.method is not None:
                await self._told(self, message)
            elif (future := self._waiting.get(message.key)) is not None and not future.done():
                future.set_result(message)
        self._ended = True
        for key, future in list(self._waiting.items()):
            if not future.done():
                future.set_result(self._gone(Message(b"", {"id": json.loads(key)})))

    def _gone(self, asked: Message) -> Message:
        return failure(asked, CONNECTION_CLOSED, f"the server {self.name} has ended; its log is on standard error")
