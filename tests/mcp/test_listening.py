"""The pager over streamable HTTP: many clients, the official one among them, and nobody else."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from clients import Client, node_server, proxied, toy
from mcp import Client as AnyVersion
from mcp import ClientSession, MCPError
from mcp.client.streamable_http import streamable_http_client

from agent.errors import BadInput
from agent.mcp import read_place
from pager import Pager

LONG = "".join(f"line {number} of a long text\n" for number in range(2000))
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@contextmanager
def listening(folder: Path, *options: str, place: str = "127.0.0.1:0") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The URL of a pager that listens, and its process; ended by an interrupt."""
    command = proxied(folder / "store", "--listen", place, *options)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            found = re.search(r"http://\S+", said)
            assert found, said
            yield found[0], process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)


@asynccontextmanager
async def over_http(url: str) -> AsyncIterator[Client]:
    """The official client of a URL."""
    async with streamable_http_client(url) as streams, ClientSession(streams[0], streams[1]) as session:
        await session.initialize()
        yield Client(session)


def posted(url: str, body: bytes, **headers: str) -> int:
    """The status that answers a request."""
    given = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, given), timeout=20) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def asked(method: str, params: dict[str, Any]) -> bytes:
    """A request as its body."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


def test_clients_share_results_and_have_servers_of_their_own(tmp_path: Path) -> None:
    """What one client's call stored another opens; a server that ends ends one session alone."""
    said = {"long": {"content": [{"type": "text", "text": LONG}]}, "die": {"content": []}}

    async def check(url: str) -> None:
        async with over_http(url) as one, over_http(url) as other:
            assert (await one.text("long")).startswith("[r1: long, ")
            assert "line 1999" in await other.text("find", address="r1", pattern="line 1999")
            await one.raw("die")
            with pytest.raises(MCPError):
                await one.raw("long")
            assert (await other.text("long")).startswith("[r1: long, ")

    with listening(tmp_path, "--", *toy(tmp_path, **said)) as (url, _):
        asyncio.run(check(url))


def test_a_client_of_any_protocol_version_is_served(tmp_path: Path) -> None:
    """Newer clients ask for a session without a handshake first, and fall back to one."""

    async def check(url: str) -> None:
        async with AnyVersion(url) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} >= {"short", "open", "find", "query"}
            block: Any = (await client.call_tool("short", {})).content[0]
            assert block.text == "hi"

    with listening(tmp_path, "--", *toy(tmp_path, short={"content": [{"type": "text", "text": "hi"}]})) as (url, _):
        asyncio.run(check(url))


def test_progress_comes_back_and_a_cancelled_call_ends(tmp_path: Path) -> None:
    """everything: as over standard input and output."""
    seen: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append(done)

    async def check(url: str) -> None:
        async with over_http(url) as client:
            slow = "trigger-long-running-operation"
            await client.session.call_tool(slow, {"duration": 0.4, "steps": 4}, progress_callback=progress)
            with pytest.raises(MCPError):
                await client.session.call_tool(slow, {"duration": 30, "steps": 3}, read_timeout_seconds=0.5)
            assert await client.text("echo", message="still here") == "Echo: still here"

    with listening(tmp_path, "--", node_server("mcp-server-everything"), "stdio") as (url, _):
        asyncio.run(check(url))
    assert seen[-1] == 4


def test_the_shelf_alone_serves_what_was_stored(tmp_path: Path) -> None:
    """Results of the store and files below the folder, to its end on an interrupt."""
    with Pager(tmp_path / "store") as pager:
        pager.put(LONG, name="long")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text(LONG + "and more")

    async def check(url: str) -> None:
        async with over_http(url) as client:
            assert "line 77 of" in await client.text("open", address="r1[77]")
            assert (await client.text("page", path="a.txt")).startswith("[r2: a.txt")
            assert "outside" in await client.text("page", path="../store/results.db")

    with listening(tmp_path, "--files", str(tmp_path / "files")) as (url, process):
        asyncio.run(check(url))
    assert process.returncode == 130


def test_others_are_refused_before_a_server_is_started(tmp_path: Path) -> None:
    """A page in a browser under another name, a body without an end, what is no MCP; then a client as ever."""
    started = tmp_path / "started"
    code = f"open({str(started)!r}, 'a').write('x'); import runpy, sys; sys.argv = sys.argv[1:]; " + (
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = (sys.executable, "-c", code, *toy(tmp_path, short={"content": []})[1:])
    hello = asked("initialize", HELLO)
    with listening(tmp_path, "--", *command) as (url, _):
        assert posted(url, hello, Host="evil.example") == 421
        assert posted(url, hello, Origin="http://evil.example") == 403
        assert posted(url, b"x", **{"Content-Length": str(5 << 20)}) == 413
        assert posted(url, b"{") == 400
        assert posted(url, asked("tools/list", {})) == 400
        assert posted(url, hello, **{"Mcp-Session-Id": "0" * 32}) == 404
        assert posted(url.replace("/mcp", "/other"), hello) == 404
        assert not started.exists()
        assert posted(url, hello) == 200
        assert started.read_text() == "x"


def test_a_server_that_cannot_be_started_is_an_error_of_the_session(tmp_path: Path) -> None:
    """The client is told why, and does not wait."""

    async def check(url: str) -> None:
        async with streamable_http_client(url) as streams, ClientSession(streams[0], streams[1]) as session:
            with pytest.raises(MCPError, match="cannot be started"):
                await session.initialize()

    with listening(tmp_path, "--", "no-such-server") as (url, _):
        asyncio.run(asyncio.wait_for(check(url), 20))


def test_only_this_machine_is_served_unless_another_name_is_given(tmp_path: Path) -> None:
    """The refusal says what it would mean; with a name, that name alone is answered."""
    refused = subprocess.run(
        proxied(tmp_path / "store", "--listen", "0.0.0.0:0"), capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "nothing asks for a password" in refused.stderr
    with listening(tmp_path, "--allow-host", "box.example", place="0.0.0.0:0") as (url, _):
        assert posted(url, asked("initialize", HELLO)) == 421
        assert posted(url, asked("initialize", HELLO), Host="box.example") == 200


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("8001", "127.0.0.1", 8001),
        ("localhost", "localhost", 8765),
        ("127.0.0.2:0", "127.0.0.2", 0),
        ("[::1]:9", "::1", 9),
        ("[::1]", "::1", 8765),
    ],
)
def test_a_place_can_be_said_in_short(written: str, host: str, port: int) -> None:
    """A port, a host, or both."""
    place = read_place(written)
    assert (place.host, place.port) == (host, port)


@pytest.mark.parametrize("written", ["", ":80", "localhost:x", "localhost:99999", "::1", "0.0.0.0", "[::]:80", "box"])
def test_what_is_no_place_or_no_loopback_is_refused(written: str) -> None:
    """Each with a sentence that names it."""
    with pytest.raises(BadInput, match=re.escape(f"--listen {written}")):
        read_place(written)
