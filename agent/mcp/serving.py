"""Opening what stands behind the hub, and serving a client."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib.metadata import version

from .channel import Channel, StandardStreams, child
from .config import Config, ServerSpec
from .hub import Hub
from .policy import Policy
from .remote import remote
from .shelf import Shelf
from .upstream import Upstream


async def serve(config: Config, shelf: Shelf, policy: Policy, client: Channel | None = None) -> None:
    """Serve one client, on standard input and output unless given, until it goes or the only server ends.

    Raises BadInput where a server cannot be started, ServerFailed, MissingExtra.
    """
    async with AsyncExitStack() as stack:
        channels = [(spec, await stack.enter_async_context(_opened(spec))) for spec in config.servers]
        hub = Hub(client or StandardStreams(), shelf, policy, version("toolpager"))
        servers = [Upstream(spec, channel, hub.hear) for spec, channel in channels]
        for server in servers:
            hub.add(server)
        serving = asyncio.create_task(hub.serve())
        listening = [asyncio.create_task(server.listen()) for server in servers]
        try:
            await _until_over(serving, listening)
        finally:
            for task in (serving, *listening):
                task.cancel()
            await asyncio.gather(serving, *listening, return_exceptions=True)


def _opened(spec: ServerSpec) -> AbstractAsyncContextManager[Channel]:
    if spec.url is not None:
        return remote(spec.name, spec.url, spec.headers)
    return child(spec.name, list(spec.command), spec.env, spec.cwd)


async def _until_over(serving: asyncio.Task[None], listening: list[asyncio.Task[None]]) -> None:
    """Wait until the client has gone, or every server there was has ended and what was asked is answered."""
    waiting: set[asyncio.Task[None]] = set(listening)
    while not serving.done() and (waiting or not listening):
        done, _ = await asyncio.wait({serving, *waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting -= done
    if not serving.done():
        await asyncio.sleep(0.05)  # for the answers that say so
