"""A server behind a URL, over streamable HTTP; what it sends is bounded, and it sends us nowhere else."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from ..errors import MissingExtra, ServerFailed
from .channel import Channel
from .message import MOST_BYTES, Message, parsed

VERSION_HEADER = "mcp-protocol-version"


class Remote:
    """A server behind a URL, over streamable HTTP."""

    def __init__(self, name: str, reading: object, writing: object) -> None:
        self._name = name
        self._reading = reading
        self._writing = writing
        self._initializing: str | None = None
        self._version: str | None = None

    async def send(self, message: Message) -> None:
        """Post it, with the protocol version that was agreed on."""
        from mcp.shared.message import ClientMessageMetadata, SessionMessage
        from mcp_types import jsonrpc_message_adapter

        if message.method == "initialize":
            self._initializing = message.key
        headers = {VERSION_HEADER: self._version} if self._version else None
        told = SessionMessage(
            jsonrpc_message_adapter.validate_json(message.line), ClientMessageMetadata(headers=headers)
        )
        await self._writing.send(told)  # type: ignore[attr-defined]

    async def receive(self) -> Message | None:
        """The next message of any of its streams; what is none goes to standard error."""
        import anyio

        while True:
            try:
                got = await self._reading.receive()  # type: ignore[attr-defined]
            except (anyio.EndOfStream, anyio.ClosedResourceError):
                return None
            if isinstance(got, Exception):
                print(f"{self._name}: {got}", file=sys.stderr)
                continue
            message = parsed(got.message.model_dump_json(by_alias=True, exclude_unset=True).encode())
            if message is not None:
                if message.key == self._initializing:
                    self._version = message.result.get("protocolVersion")
                return message


@asynccontextmanager
async def remote(
    name: str, url: str, headers: Mapping[str, str], *, most_bytes: int = MOST_BYTES
) -> AsyncIterator[Channel]:
    """A server behind a URL. An answer of more than `most_bytes` is an error, as is a redirection to another host.

    Raises MissingExtra where the MCP client is not installed, ServerFailed.
    """
    try:
        from mcp.client.streamable_http import streamable_http_client
        from mcp.shared._httpx_utils import create_mcp_http_client
    except ImportError as error:
        raise MissingExtra("A server behind a URL needs the MCP client: pip install 'toolpager[mcp]'.") from error
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(create_mcp_http_client(headers=dict(headers)))
        client.event_hooks = {"response": [_Bound(most_bytes)]}
        try:
            streams = await stack.enter_async_context(
                streamable_http_client(url, http_client=client, max_sse_event_size=most_bytes)
            )
        except OSError as error:
            raise ServerFailed(f"{name} at {url} cannot be reached: {error}") from error
        yield Remote(name, streams[0], streams[1])


class _Bound:
    """Ends the body of a response that has too much; a stream of events has its own bound, for each."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes

    async def __call__(self, response: Any) -> None:
        from httpx2 import AsyncByteStream, StreamError

        if response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            return
        whole, most = response.stream, self._most

        class Bounded(AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                left = most
                async for piece in whole:
                    left -= len(piece)
                    if left < 0:
                        raise StreamError(f"the answer has more than {most:,} bytes")
                    yield piece

            async def aclose(self) -> None:
                await whole.aclose()

        response.stream = Bounded()
