"""Servers behind a URL that mean no good, or are none: an error each, in bounded time and memory, and nothing leaks."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from clients import connected, proxied
from mcp import MCPError

from agent.mcp.channel import Child
from agent.mcp.message import Message, request
from agent.mcp.remote import remote

MOST = 1 << 20
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "x", "version": "1"}}
Say = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


@contextmanager
def served(say: Say) -> Iterator[tuple[str, list[str]]]:
    """The URL of a server that answers each request by `say`, and the authorizations it was shown."""
    shown: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            shown.append(self.headers.get("Authorization", ""))
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with suppress(ConnectionError):
                say(self, asked)

        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization", ""))
            self.send_error(405)

        def do_DELETE(self) -> None:
            self.send_error(405)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/mcp", shown
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def told(handler: BaseHTTPRequestHandler, kind: str, body: bytes = b"", status: int = 200, **headers: str) -> None:
    """Answer; without a length, so that the end of the body is the end of the connection."""
    handler.send_response(status)
    for name, value in {"Content-Type": kind, "Connection": "close", **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def endless(handler: BaseHTTPRequestHandler, kind: str, beginning: bytes) -> None:
    """Answer for ever."""
    told(handler, kind, beginning)
    while True:
        handler.wfile.write(b"x" * 65_536)


def answered(url: str) -> Message:
    """What comes of one request, within seconds."""

    async def ask() -> Message | None:
        async with remote("bad", url, {"Authorization": "Bearer secret"}, most_bytes=MOST) as channel:
            await channel.send(request(1, "tools/list", {}))
            return await channel.receive()

    message = asyncio.run(asyncio.wait_for(ask(), 20))
    assert message is not None
    return message


@pytest.mark.parametrize(
    "say",
    [
        lambda handler, asked: endless(handler, "application/json", b'{"jsonrpc": "2.0", "id": 1, "result": {"a": "'),
        lambda handler, asked: endless(handler, "text/event-stream", b"event: message\ndata: "),
        lambda handler, asked: endless(handler, "text/html", b"<html>"),
        lambda handler, asked: told(handler, "text/html", b"<html>hello</html>"),
        lambda handler, asked: told(handler, "application/json", b"no json"),
        lambda handler, asked: told(handler, "application/json", b"[" * 100_000),
        lambda handler, asked: told(handler, "application/json", b'{"jsonrpc": "2.0", "id": 1}'),
        lambda handler, asked: told(handler, "text/event-stream", b"data: no json\n\n"),
        lambda handler, asked: told(handler, "application/json", b"{}", status=500),
        lambda handler, asked: told(handler, "application/json", status=202),
        lambda handler, asked: told(handler, "text/plain", status=307, Location="file:///etc/passwd"),
        lambda handler, asked: told(handler, "text/plain", status=307, Location="gopher://127.0.0.1/"),
        lambda handler, asked: told(handler, "text/plain", status=307, Location="/mcp"),
    ],
    ids=[
        "endless JSON",
        "endless event",
        "endless page",
        "page",
        "no JSON",
        "deep JSON",
        "neither result nor error",
        "event without JSON",
        "fault",
        "no answer",
        "redirect to a file",
        "redirect to another scheme",
        "redirect in a circle",
    ],
)
def test_what_is_no_answer_is_an_error(say: Say) -> None:
    """The client is told, and nothing of a file is."""
    with served(say) as (url, _):
        message = answered(url)
    assert "error" in message.fields
    assert "root:" not in message.line.decode()


def test_another_host_is_never_shown_what_is_meant_for_this_one() -> None:
    """A redirection is not followed there: neither the message nor the key arrives."""
    with served(lambda handler, asked: told(handler, "application/json", b"{}")) as (other, shown):
        away = other.replace("127.0.0.1", "localhost")
        for status in (301, 302, 303, 307, 308):
            with served(
                lambda handler, asked, status=status: told(handler, "text/plain", status=status, Location=away)
            ) as (url, _):
                assert "error" in answered(url).fields
        assert shown == []


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_a_long_answer_is_a_card(tmp_path: Path, kind: str) -> None:
    """2 MB, which is more than the client of the SDK takes as one event of its own accord."""
    text = "".join(f"line {number} of many\n" for number in range(100_000))

    def say(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        results: dict[str, object] = {
            "initialize": HELLO,
            "tools/list": {"tools": [{"name": "long", "inputSchema": {"type": "object"}}]},
            "tools/call": {"content": [{"type": "text", "text": text}]},
        }
        if "id" not in asked:
            told(handler, "application/json", status=202)
            return
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": results[asked["method"]]}).encode()
        told(handler, kind, b"event: message\ndata: " + body + b"\n\n" if "event" in kind else body)

    async def check(url: str) -> None:
        async with connected(*proxied(tmp_path / "s", "--url", url)) as client:
            assert (await client.text("long")).startswith("[r1: long, ")
            assert "line 99999 of many" in await client.text("open", address="r1[99999]")

    with served(say) as (url, _):
        asyncio.run(check(url))


def test_a_server_that_is_none_is_said_to_the_client(tmp_path: Path) -> None:
    """Through the proxy: the handshake fails at once, with a reason."""

    async def check(url: str) -> None:
        with pytest.raises(BaseExceptionGroup) as caught:
            async with connected(*proxied(tmp_path / "s", "--url", url)):
                pass
        assert caught.group_contains(MCPError, match="content type|Unexpected")

    with served(lambda handler, asked: told(handler, "text/html", b"<html>hello</html>")) as (url, _):
        asyncio.run(asyncio.wait_for(check(url), 30))


def test_a_process_that_writes_without_end_is_not_heard() -> None:
    """A line beyond the bound ends the conversation; shorter ones before it are messages."""

    async def check() -> None:
        code = "import sys\nprint('{\"id\": 1}', flush=True)\nwhile True: sys.stdout.write('x' * 65536)"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        endless = Child("bad", process, most_bytes=MOST)
        try:
            first = await endless.receive()
            assert first is not None
            assert first.fields == {"id": 1}
            assert await endless.receive() is None
        finally:
            await endless.stop()
        assert process.stdout is not None
        while await process.stdout.read(1 << 20):  # what was on its way
            pass
        assert process.returncode is not None

    asyncio.run(asyncio.wait_for(check(), 20))
