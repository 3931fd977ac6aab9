"""Serving clients over streamable HTTP: each session has a hub and servers of its own; all share the shelf."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..errors import AgentError, MissingExtra
from .channel import Channel
from .exchange import Exchange
from .place import Place

if TYPE_CHECKING:
    from mcp.server.streamable_http import StreamableHTTPServerTransport
    from mcp.server.transport_security import TransportSecuritySettings

PATH = "/mcp"
MOST_SESSIONS = 64  # each may have processes of its own
MOST_BODY_BYTES = 4 << 20
_IDLE_S = 30 * 60.0
_SHUTDOWN_S = 2
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
Serve = Callable[[Channel], Awaitable[None]]


async def listen(place: Place, serve: Serve) -> None:
    """Serve every client that comes, each by `serve`, until interrupted.

    Raises BadInput where it cannot listen there, MissingExtra where the MCP package is not installed.
    """
    try:
        import uvicorn
        from mcp.server.transport_security import RequestBodyLimitMiddleware, TransportSecuritySettings
    except ImportError as error:
        raise MissingExtra("Serving over HTTP needs the MCP package: pip install 'toolpager[mcp]'.") from error
    with place.bound() as bound:
        port = bound.getsockname()[1]
        hosts = place.hosts(port)
        security = TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[f"http://{one}" for one in hosts])
        app: Any = RequestBodyLimitMiddleware(Sessions(serve, security), MOST_BODY_BYTES)
        config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=_SHUTDOWN_S)
        print(f"toolpager: serving MCP at {place.url(port, PATH)}", file=sys.stderr, flush=True)
        await uvicorn.Server(config).serve(sockets=[bound])


class Sessions:
    """The sessions of all clients, as an ASGI application. Servers are started once a session has really begun."""

    def __init__(self, serve: Serve, security: TransportSecuritySettings) -> None:
        self._serve = serve
        self._security = security
        self._transports: dict[str, StreamableHTTPServerTransport] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: by its session, or by a new one."""
        if scope["type"] == "lifespan":
            await self._lived(receive, send)
            return
        identifier = _session_of(scope)
        if scope["path"].rstrip("/") != PATH:
            answer: Any = _refused(404, f"MCP is served at {PATH}")
        elif identifier in self._transports:
            answer = self._transports[identifier].handle_request
        elif identifier is not None:
            answer = _refused(404, "Session not found")
        elif len(self._transports) >= MOST_SESSIONS:
            answer = _refused(503, f"{MOST_SESSIONS} sessions are open; try again once one has ended")
        else:
            answer = self._begun
        await answer(scope, receive, send)

    async def _lived(self, receive: Receive, send: Send) -> None:
        """End every session before the process ends, so that no server of theirs outlives it."""
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _begun(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A new session, for its first request; where that is refused, none is left."""
        from mcp.server.streamable_http import StreamableHTTPServerTransport

        transport = StreamableHTTPServerTransport(uuid4().hex, security_settings=self._security, idle_timeout=_IDLE_S)
        ready, answered, status = asyncio.Event(), asyncio.Event(), 500
        task = asyncio.create_task(self._run(transport, ready, answered))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

        async def noted(message: Scope) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await ready.wait()
            await transport.handle_request(scope, receive, noted)
        finally:
            answered.set()
            if status >= 400:
                task.cancel()

    async def _run(
        self, transport: StreamableHTTPServerTransport, ready: asyncio.Event, answered: asyncio.Event
    ) -> None:
        """A session from its beginning to its end: the client's, the servers', or half an hour of nothing."""
        identifier = transport.mcp_session_id or ""
        self._transports[identifier] = transport
        try:
            async with transport.connect() as (reading, writing):
                ready.set()
                assert transport.idle_scope is not None
                with transport.idle_scope:
                    await self._served(Exchange(reading, writing), answered)
                await transport.terminate()
        finally:
            self._transports.pop(identifier, None)

    async def _served(self, exchange: Exchange, answered: asyncio.Event) -> None:
        if not await exchange.begun():
            return
        try:
            await self._serve(exchange)
        except AgentError as error:
            print(f"toolpager: {error}", file=sys.stderr)
            await exchange.fail(str(error))
            await answered.wait()


def _session_of(scope: Scope) -> str | None:
    from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
    from starlette.requests import Request

    return Request(scope).headers.get(MCP_SESSION_ID_HEADER)


def _refused(status: int, text: str) -> Any:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(text, status_code=status)
