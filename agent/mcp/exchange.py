"""A client that came over HTTP, as a channel: one session of the official SDK's transport."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from .message import CONNECTION_CLOSED, Message, failure, parsed

_CANCELLED = -32800  # what the transport's own wire ends a cancelled request with


class Exchange:
    """Gives messages to the HTTP request they belong to; what belongs to none, to the stream a client may hold open."""

    def __init__(self, reading: Any, writing: Any) -> None:
        self._reading = reading
        self._writing = writing
        self._held: Message | None = None
        self._waiting: dict[str, Message] = {}

    async def begun(self) -> bool:
        """Wait for the first message, which stays to be received; False where there is none."""
        self._held = await self.receive()
        return self._held is not None

    async def send(self, message: Message) -> None:
        """Hand it over; for whoever has gone it is dropped."""
        import anyio
        from mcp.shared.message import ServerMessageMetadata, SessionMessage
        from mcp_types import jsonrpc_message_adapter

        if message.method is None:
            self._waiting.pop(message.key, None)
        about = ServerMessageMetadata(related_request_id=self._told_of(message))
        told = SessionMessage(jsonrpc_message_adapter.validate_json(message.line), about)
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await self._writing.send(told)

    async def receive(self) -> Message | None:
        """The next message of any request; None at the end of the session."""
        import anyio

        if (held := self._held) is not None:
            self._held = None
            return held
        while True:
            try:
                got = await self._reading.receive()
            except (anyio.EndOfStream, anyio.ClosedResourceError):
                return None
            if isinstance(got, Exception):
                continue
            message = parsed(got.message.model_dump_json(by_alias=True, exclude_unset=True).encode())
            if message is not None:
                await self._note(message)
                return message

    async def fail(self, reason: str) -> None:
        """Answer everything that waits with an error."""
        for asked in list(self._waiting.values()):
            await self.send(failure(asked, CONNECTION_CLOSED, reason))

    async def _note(self, message: Message) -> None:
        """A request waits; one that is cancelled is over, and so is what it came in."""
        if message.is_request:
            self._waiting[message.key] = message
        elif message.method == "notifications/cancelled":
            asked = self._waiting.get(_key(message.params.get("requestId")))
            if asked is not None:
                await self.send(failure(asked, _CANCELLED, "Request cancelled"))

    def _told_of(self, message: Message) -> Any:
        """The request whose progress a notification tells of."""
        token = message.params.get("progressToken")
        if token is None:
            return None
        asked = (one for one in self._waiting.values() if (one.params.get("_meta") or {}).get("progressToken") == token)
        return next((one.fields["id"] for one in asked), None)


def _key(identifier: object) -> str:
    return Message(b"", {"id": identifier}).key
