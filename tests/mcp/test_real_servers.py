"""The proxy before real servers, by the official client."""

import asyncio
import http.server
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from clients import connected, node_server, old_python_server, proxied
from mcp import ClientSession, MCPError
from mcp.shared.exceptions import MCPDeprecationWarning

from pager import Pager

ROWS = [{"id": i, "city": "Oslo" if i % 3 else "Bergen", "ms": 9871 if i == 137 else 20 + i % 7} for i in range(400)]


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """A server of this environment."""
    return (sys.executable, "-m", name, *arguments)


def test_a_long_file_becomes_a_card_and_every_byte_of_it_stays_readable(tmp_path: Path) -> None:
    """filesystem: the card, the verbs, and the pages as resources, which joined are the file."""
    text = "".join(f"line {number}: é {'x' * (number % 50)}\n" for number in range(1500))
    (tmp_path / "long.txt").write_text(text)

    async def check() -> None:
        async with connected(
            *proxied(tmp_path / "store", "--", node_server("mcp-server-filesystem"), str(tmp_path))
        ) as client:
            result = await client.session.call_tool("read_text_file", {"path": str(tmp_path / "long.txt")})
            card, link = result.content
            assert isinstance(card, types.TextContent)
            assert card.text.startswith("[r1: read_text_file")
            assert len(card.text) < 1500
            assert isinstance(link, types.ResourceLink)
            assert "line 1499" in await client.text("find", address="r1", pattern="line 1499")
            assert "1500" in await client.text("query", address="r1", sql="select count(*) from t")
            assert await joined(client.session, link.uri) == text

    asyncio.run(check())


async def joined(session: ClientSession, uri: str) -> str:
    """All pages of a resource."""
    text = ""
    while uri:
        first, *rest = (await session.read_resource(uri)).contents
        assert isinstance(first, types.TextResourceContents)
        text += first.text
        uri = rest[0].uri if rest else ""
    return text


def test_what_is_short_passes_unchanged(tmp_path: Path) -> None:
    """everything: texts, images, links, annotations, structured content, errors: as without the proxy."""
    calls: list[tuple[str, dict[str, Any]]] = [
        ("echo", {"message": "hi"}),
        ("get-tiny-image", {}),
        ("get-annotated-message", {"messageType": "error", "includeImage": True}),
        ("get-structured-content", {"location": "Chicago"}),
        ("get-resource-links", {"count": 2}),
        ("get-sum", {"a": "no number"}),
        ("no-such-tool", {}),
    ]
    server = (node_server("mcp-server-everything"), "stdio")

    async def answers(*command: str) -> tuple[Any, ...]:
        async with connected(*command) as client:
            session = client.session
            tools = [
                one.model_dump(mode="json", exclude={"output_schema"}) for one in (await session.list_tools()).tools
            ]
            prompts = (await session.list_prompts()).model_dump(mode="json")
            prompt = (await session.get_prompt("args-prompt", {"city": "Oslo"})).model_dump(mode="json")
            resource = (await session.read_resource("demo://resource/static/document/architecture.md")).model_dump()
            return tools, prompts, prompt, resource, [await client.raw(name, **given) for name, given in calls]

    async def check() -> None:
        bare, through = await answers(*server), await answers(*proxied(tmp_path / "s", "--", *server))
        assert through[0][:-3] == bare[0]
        assert [tool["name"] for tool in through[0][-3:]] == ["open", "find", "query"]
        assert through[1:] == bare[1:]

    asyncio.run(check())


def test_progress_logging_and_what_the_server_asks_of_the_client_pass(tmp_path: Path) -> None:
    """everything: progress of a long call, log messages, roots, sampling and elicitation."""
    seen: list[Any] = []
    asked: list[str] = []

    async def sample(context: Any, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        asked.append("sampling")
        said = types.TextContent(type="text", text="sampled words")
        return types.CreateMessageResult(role="assistant", content=said, model="m", stop_reason="endTurn")

    async def elicit(context: Any, params: Any) -> types.ElicitResult:
        asked.append("elicitation")
        return types.ElicitResult(action="decline")

    async def roots(context: Any) -> types.ListRootsResult:
        asked.append("roots")
        return types.ListRootsResult(roots=[types.Root(uri=tmp_path.as_uri())])

    async def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append((done, total))

    async def check() -> None:
        command = proxied(tmp_path / "s", "--", node_server("mcp-server-everything"), "stdio")
        callbacks = {"sampling_callback": sample, "elicitation_callback": elicit, "list_roots_callback": roots}
        async with connected(*command, **callbacks) as client:
            tools = {tool.name for tool in (await client.session.list_tools()).tools}
            await client.session.call_tool(
                "trigger-long-running-operation", {"duration": 0.4, "steps": 4}, progress_callback=progress
            )
            for name, given in {
                "trigger-sampling-request": {"prompt": "say", "maxTokens": 9},
                "trigger-elicitation-request": {},
                "get-roots-list": {},
            }.items():
                if name in tools:
                    await client.session.call_tool(name, given)
            with pytest.warns(MCPDeprecationWarning):
                await client.session.set_logging_level("debug")

    asyncio.run(check())
    assert seen[-1] == (4, 4)
    assert set(asked) == {"sampling", "elicitation", "roots"}


def test_a_cancelled_call_ends_and_the_next_one_works(tmp_path: Path) -> None:
    """everything: the client gives up on a long call; the session goes on."""

    async def check() -> None:
        command = proxied(tmp_path / "s", "--", node_server("mcp-server-everything"), "stdio")
        async with connected(*command) as client:
            with pytest.raises(MCPError):
                await client.session.call_tool(
                    "trigger-long-running-operation", {"duration": 30, "steps": 3}, read_timeout_seconds=0.5
                )
            assert await client.text("echo", message="still here") == "Echo: still here"

    asyncio.run(check())


def test_a_log_of_commits_becomes_a_card(tmp_path: Path) -> None:
    """git: a long log is shortened, a short status passes."""
    repository = tmp_path / "repository"
    repository.mkdir()
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for number in range(30):
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", f"Change {number} of many"], check=True)

    async def check() -> None:
        command = proxied(tmp_path / "s", "--", *module("mcp_server_git", "--repository", str(repository)))
        async with connected(*command) as client:
            log = await client.text("git_log", repo_path=str(repository), max_count=30)
            assert log.startswith("[r1: git_log")
            assert "Change 17 of many" in await client.text("find", address="r1", pattern="Change 17")
            assert "nothing to commit" in await client.text("git_status", repo_path=str(repository))

    asyncio.run(check())


def test_rows_of_a_database_can_be_asked_again_in_sql(tmp_path: Path) -> None:
    """sqlite (of the first SDK): 400 rows become a card that names the odd one, and a table."""
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("create table requests(id, city, ms)")
        database.executemany("insert into requests values (:id, :city, :ms)", ROWS)
    database.close()
    server, env = old_python_server("mcp-server-sqlite", "mcp_server_sqlite")

    async def check() -> None:
        command = proxied(tmp_path / "s", "--", *server, "--db-path", str(tmp_path / "a.db"))
        async with connected(*command, env=env) as client:
            card = await client.text("read_query", query="select * from requests")
            assert "9871" in card
            assert "[137]" in card
            answer = await client.text("query", address="r1", sql="select count(*) from t where city = 'Oslo'")
            assert str(sum(row["city"] == "Oslo" for row in ROWS)) in answer

    asyncio.run(check())


def test_a_page_of_the_web_becomes_a_card(tmp_path: Path) -> None:
    """fetch: a local page, longer than the limit."""
    sections = "".join(f"<h2>Part {one}</h2><p>{'Some words on it. ' * 30}</p>" for one in range(20))
    (tmp_path / "index.html").write_text(f"<html><body><article><h1>Guide</h1>{sections}</article></body></html>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, directory=str(tmp_path), **options)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()

    async def check() -> None:
        server = module("mcp_server_fetch", "--ignore-robots-txt", "--allow-private-ips")
        command = proxied(tmp_path / "s", "--", *server)
        async with connected(*command) as client:
            url = f"http://127.0.0.1:{web.server_address[1]}/index.html"
            card = await client.text("fetch", url=url, max_length=50_000)
            assert card.startswith("[r1: fetch"), card[:500]
            assert "Part 19" in await client.text("find", address="r1", pattern="Part 19")

    try:
        asyncio.run(check())
    finally:
        web.shutdown()
        web.server_close()


def test_several_servers_stand_behind_one_proxy(tmp_path: Path) -> None:
    """A file as clients have it: tools of all, the shared names told apart, each server's policy its own."""
    (tmp_path / "a.txt").write_text("word " * 3000)
    filesystem = {"command": node_server("mcp-server-filesystem"), "args": [str(tmp_path)]}
    config = {
        "mcpServers": {
            "time": {"command": sys.executable, "args": ["-m", "mcp_server_time"]},
            "one": {**filesystem, "toolpager": {"tools": {"read_*": "never"}}},
            "two": {**filesystem, "type": "stdio"},
            "off": {"command": "no-such-command", "disabled": True},
        }
    }
    (tmp_path / "mcp.json").write_text(json.dumps(config))

    async def check() -> None:
        async with connected(*proxied(tmp_path / "s", "--config", str(tmp_path / "mcp.json"))) as client:
            names = [tool.name for tool in (await client.session.list_tools()).tools]
            assert len(names) == len(set(names))
            assert {"get_current_time", "one_read_text_file", "two_read_text_file", "open"} <= set(names)
            file = str(tmp_path / "a.txt")
            assert await client.text("one_read_text_file", path=file) == "word " * 3000
            assert (await client.text("two_read_text_file", path=file)).startswith("[r1: two_read_text_file")
            assert "Oslo" in await client.text("get_current_time", timezone="Europe/Oslo")
            with pytest.raises(MCPError, match="Unknown tool"):
                await client.session.call_tool("read_text_file", {"path": file})

    asyncio.run(check())


def test_a_server_behind_a_url_is_served_alike(tmp_path: Path) -> None:
    """everything over streamable HTTP, with `--url`: tools, progress, and a card by `--always`."""
    port = free_port()
    command = [node_server("mcp-server-everything"), "streamableHttp"]
    with subprocess.Popen(
        command, env={**os.environ, "PORT": str(port)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(port)
            asyncio.run(over_http(tmp_path, f"http://127.0.0.1:{port}/mcp"))
        finally:
            server.terminate()


async def over_http(folder: Path, url: str) -> None:
    """Call through the proxy."""
    seen: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append(done)

    async with connected(*proxied(folder / "s", "--url", url, "--always", "get-structured*")) as client:
        assert await client.text("echo", message="hi") == "Echo: hi"
        assert (await client.text("get-structured-content", location="Chicago")).startswith(
            "[r1: get-structured-content"
        )
        arguments = {"duration": 0.4, "steps": 2}
        await client.session.call_tool("trigger-long-running-operation", arguments, progress_callback=progress)
        assert seen[-1] == 2


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nobody listens on {port}")


def test_results_outlive_the_proxy(tmp_path: Path) -> None:
    """What one process stored the next one opens, by the same address and the same resource link."""
    (tmp_path / "a.txt").write_text("".join(f"line {number}\n" for number in range(3000)))
    command = proxied(tmp_path / "s", "--", node_server("mcp-server-filesystem"), str(tmp_path))

    async def first() -> str:
        async with connected(*command) as client:
            result = await client.session.call_tool("read_text_file", {"path": str(tmp_path / "a.txt")})
            link = result.content[1]
            assert isinstance(link, types.ResourceLink)
            return link.uri

    async def second(uri: str) -> None:
        async with connected(*command) as client:
            assert "line 2999" in await client.text("open", address="r1[2999]")
            assert uri in [one.uri for one in (await client.session.list_resources()).resources]
            assert (await joined(client.session, uri)).endswith("line 2999\n")

    asyncio.run(second(asyncio.run(first())))


def test_the_pager_alone_serves_files_and_what_a_pipe_stored(tmp_path: Path) -> None:
    """`toolpager mcp` without a server: a file below the folder, and a result of `toolpager page`."""
    (tmp_path / "rows.json").write_text(json.dumps(ROWS))
    with Pager(tmp_path / "s") as pager:
        pager.put("".join(f"line {number}\n" for number in range(3000)), name="piped")

    async def check() -> None:
        async with connected(*proxied(tmp_path / "s", "--files", str(tmp_path))) as client:
            assert "line 2999" in await client.text("open", address="r1[2999]")
            assert "9871" in await client.text("page", path="rows.json")
            assert "400" in await client.text("query", address="r2", sql="select count(*) from t")
            assert (await client.raw("page", path="../../etc/passwd"))["isError"]

    asyncio.run(check())
