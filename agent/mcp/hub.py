"""Between one client and its servers: every message goes where it belongs, and long results go on the shelf."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pager import Call, PagerError

from .catalogue import Entry, catalogue, verb_names
from .channel import Channel
from .message import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, Fields, Message, answer, failure
from .policy import Policy
from .shelf import SCHEME, Shelf
from .upstream import Upstream

NEWEST = "2025-11-25"  # the newest protocol version with a handshake, which every client and server still speaks
_SEPARATOR = ":"
_GRACE_S = 5.0
_TASKS_KNOWN = 1024  # the newest; what an older one did is passed on as it comes
_LISTS = {
    "prompts/list": ("prompts", "prompts"),
    "resources/list": ("resources", "resources"),
    "resources/templates/list": ("resources", "resourceTemplates"),
}
Handler = Callable[[Message], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call of a server's tool."""

    entry: Entry
    call: Call


class Hub:
    """Serves one client until it goes; what it does not know it passes on as it came, byte for byte.

    With one server, requests keep their ids and names. With several, lists are joined, a request goes to the server
    whose tool, prompt or resource it names, and what servers ask of the client carries their name in its id.
    """

    def __init__(self, client: Channel, shelf: Shelf, policy: Policy, version: str) -> None:
        self._client = client
        self._shelf = shelf
        self._policy = policy
        self._version = version
        self._servers: list[Upstream] = []
        self._tools: dict[str, Entry] | None = None
        self._prompts: dict[str, Entry] | None = None
        self._owners: dict[str, Upstream] = {}
        self._made: dict[str, PendingCall] = {}
        self._verbs = {verb: verb for verb in shelf.verbs}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._handlers: Mapping[str, Handler] = {
            "initialize": self._initialize,
            "server/discover": self._undiscovered,
            "ping": self._pong,
            "tools/list": self._list_tools,
            "tools/call": self._call,
            "prompts/get": self._prompt,
            "resources/read": self._read,
            "resources/subscribe": self._about_resource,
            "resources/unsubscribe": self._about_resource,
            "completion/complete": self._complete,
            "logging/setLevel": self._everyone,
            **dict.fromkeys(_LISTS, self._list),
            **dict.fromkeys(("tasks/get", "tasks/result", "tasks/cancel"), self._about_task),
        }

    def add(self, server: Upstream) -> None:
        """Put a server behind the hub, before anything is served."""
        self._servers.append(server)

    async def serve(self) -> None:
        """Pass messages until the client has gone."""
        while (message := await self._client.receive()) is not None:
            if message.is_request:
                self._tasks[message.key] = asyncio.create_task(self._respond(message))
            elif message.method is not None:
                await self._notified(message)
            else:
                await self._answered(message)
        if self._tasks:  # what was asked before the end is still answered
            await asyncio.wait(self._tasks.values(), timeout=_GRACE_S)

    async def hear(self, server: Upstream, message: Message) -> None:
        """What a server says of itself: passed on; a changed list is asked for anew."""
        if message.method == "notifications/tools/list_changed":
            self._tools = None
        if message.method == "notifications/prompts/list_changed":
            self._prompts = None
        if len(self._servers) > 1:
            message = _marked(server, message)
        await self._client.send(message)

    async def _respond(self, asked: Message) -> None:
        """Answer a request; a fault of ours is an error the client sees, never silence."""
        handler = self._handlers.get(asked.method or "", self._first)
        try:
            response = await handler(asked)
        except Exception as error:  # noqa: BLE001 - the client waits for an answer, whatever failed
            print(f"toolpager: {asked.method}: {type(error).__name__}: {error}", file=sys.stderr)
            response = failure(asked, INTERNAL_ERROR, f"toolpager: {type(error).__name__}: {error}")
        finally:
            self._tasks.pop(asked.key, None)
        await self._client.send(response)

    async def _notified(self, message: Message) -> None:
        """A notification of the client: a cancellation goes where the request went, others to every server."""
        servers: Sequence[Upstream] = self._servers
        if message.method == "notifications/cancelled":
            key = json.dumps(message.params.get("requestId"))
            servers = [server for server in servers if server.is_asked(key)]
            task = self._tasks.pop(key, None)
            for server in servers:
                await server.send(message)
            if task is not None:
                task.cancel()
            return
        for server in servers:
            await server.send(message)

    async def _answered(self, message: Message) -> None:
        """The client's answer to what a server asked of it."""
        if len(self._servers) == 1:
            await self._servers[0].send(message)
            return
        name, _, key = str(message.fields.get("id")).partition(_SEPARATOR)
        for server in self._servers:
            if server.name == name:
                with suppress(ValueError):
                    await server.send(message.with_fields(id=json.loads(key)))

    async def _initialize(self, asked: Message) -> Message:
        """Every server's capabilities, joined with ours."""
        answers = await asyncio.gather(*(server.ask(asked) for server in self._servers))
        for server, said in zip(self._servers, answers, strict=True):
            if "error" in said.fields:
                return said
            server.initialized = said.result
        results = [said.result for said in answers]
        ours: Fields = {"capabilities": {"tools": {}, "resources": {}}}
        joined: Fields = {}
        for result in (*results, ours):
            joined = _joined(joined, result.get("capabilities", {}))
        offered = [str(result["protocolVersion"]) for result in results if "protocolVersion" in result]
        asked_for = str(asked.params.get("protocolVersion", NEWEST))
        alone = results[0] if len(results) == 1 else {"serverInfo": {"name": SCHEME, "version": self._version}}
        advice = [str(result["instructions"]) for result in results if result.get("instructions")]
        limit = self._policy.limit("")
        names = {verb: self._verbs[verb] for verb in ("open", "find", "query")}
        return answer(
            asked,
            {
                **alone,
                "protocolVersion": min(offered, default=min(asked_for, NEWEST)),
                "capabilities": joined,
                "instructions": "\n\n".join([*advice, self._shelf.instructions(limit or 0, names)]),
            },
        )

    async def _undiscovered(self, asked: Message) -> Message:
        """Sessions without a handshake are not spoken here; clients that try them fall back to one."""
        return failure(asked, METHOD_NOT_FOUND, "Method not found")

    async def _pong(self, asked: Message) -> Message:
        return answer(asked, {})

    async def _everyone(self, asked: Message) -> Message:
        """A request to all servers that can; the first error counts."""
        able = [server for server in self._servers if server.can((asked.method or "").partition("/")[0])]
        answers = await asyncio.gather(*(server.ask(asked) for server in able))
        return next((one for one in answers if "error" in one.fields), next(iter(answers), answer(asked, {})))

    async def _first(self, asked: Message) -> Message:
        """What we know nothing of: the only server's business, or the first's that has such a method."""
        response = failure(asked, METHOD_NOT_FOUND, "Method not found")
        for server in self._servers:
            response = await server.ask(asked)
            if response.fields.get("error", {}).get("code") != METHOD_NOT_FOUND:
                break
        return response

    async def _known_tools(self) -> dict[str, Entry]:
        """The servers' tools by the names they go by; asked for once, and again when one has changed."""
        if self._tools is None:
            self._tools = catalogue(await self._gathered("tools", "tools/list", "tools"))
            self._verbs = verb_names(self._shelf.verbs, self._tools)
        return self._tools

    async def _gathered(self, capability: str, method: str, field: str) -> list[tuple[Upstream, Fields]]:
        able = [server for server in self._servers if server.can(capability)]
        lists = await asyncio.gather(*(server.everything(method, field) for server in able))
        return [(server, one) for server, listed in zip(able, lists, strict=True) for one in listed]

    async def _list_tools(self, asked: Message) -> Message:
        """All tools and our verbs; no output schema stands where a card may come instead of the output."""
        self._tools = None
        tools = await self._known_tools()
        listed = [
            entry.fields
            if entry.owner.spec.policy.limit(entry.own) is None
            else {name: value for name, value in entry.fields.items() if name != "outputSchema"}
            for entry in tools.values()
        ]
        return answer(asked, {"tools": [*listed, *self._shelf.listed(self._verbs)]})

    async def _call(self, asked: Message) -> Message:
        """A tool's result: ours, or a server's with a card where it is too long."""
        tools = await self._known_tools()
        name, arguments = str(asked.params.get("name")), asked.params.get("arguments") or {}
        verb = next((verb for verb, called in self._verbs.items() if called == name), None)
        if verb is not None:
            return answer(asked, await self._shelf.call(verb, arguments))
        entry = tools.get(name)
        if entry is None:
            if len(self._servers) == 1:
                return await self._servers[0].ask(asked)
            return failure(asked, INVALID_PARAMS, f"Unknown tool: {name}")
        passed = asked if entry.own == name else asked.with_fields(params={**asked.params, "name": entry.own})
        response = await entry.owner.ask(passed)
        made = PendingCall(entry, Call(name, arguments if isinstance(arguments, dict) else {}))
        task = response.result.get("task")
        if isinstance(task, dict):  # the result comes later
            self._made[str(task.get("taskId"))] = made
            if len(self._made) > _TASKS_KNOWN:
                del self._made[next(iter(self._made))]
        return await self._shortened(response, made)

    async def _shortened(self, response: Message, made: PendingCall) -> Message:
        limit = made.entry.owner.spec.policy.limit(made.entry.own)
        result = await self._shelf.shortened(response.result, call=made.call, limit_tokens=limit)
        return response if result is None else response.with_fields(result=result)

    async def _about_task(self, asked: Message) -> Message:
        """What a tool does in the background: asked of the server that does it, and shortened as its result."""
        made = self._made.get(str(asked.params.get("taskId")))
        if made is None:
            return await self._first(asked)
        response = await made.entry.owner.ask(asked)
        return await self._shortened(response, made) if asked.method == "tasks/result" else response

    async def _list(self, asked: Message) -> Message:
        """A joined list of prompts, resources or templates; ours are at its end."""
        method = asked.method or ""
        capability, field = _LISTS[method]
        found = await self._gathered(capability, method, field)
        if method == "prompts/list":
            self._prompts = catalogue(found)
            return answer(asked, {field: [entry.fields for entry in self._prompts.values()]})
        self._owners |= {str(one["uri"]): server for server, one in found if "uri" in one}
        ours = [self._shelf.template()]
        if method == "resources/list":
            ours = [{k: v for k, v in one.items() if k != "type"} for one in await self._shelf.resources()]
        return answer(asked, {field: [*(one for _, one in found), *ours]})

    async def _prompt(self, asked: Message) -> Message:
        if self._prompts is None:
            self._prompts = catalogue(await self._gathered("prompts", "prompts/list", "prompts"))
        name = asked.params.get("name")
        entry = self._prompts.get(str(name))
        if entry is None:
            return await self._first(asked)
        return await entry.owner.ask(
            asked if entry.own == name else asked.with_fields(params={**asked.params, "name": entry.own})
        )

    async def _read(self, asked: Message) -> Message:
        """A resource: ours, or that of the server that listed it, or of the first that has it."""
        try:
            held = await self._shelf.read(str(asked.params.get("uri")))
        except PagerError as error:
            return failure(asked, INVALID_PARAMS, str(error))
        return await self._about_resource(asked) if held is None else answer(asked, {"contents": held})

    async def _about_resource(self, asked: Message) -> Message:
        uri = str(asked.params.get("uri"))
        if (owner := self._owners.get(uri)) is not None:
            return await owner.ask(asked)
        able = [server for server in self._servers if server.can("resources")]
        response = failure(asked, INVALID_PARAMS, f"Unknown resource: {uri}")
        for server in able:
            response = await server.ask(asked)
            if "error" not in response.fields:
                self._owners[uri] = server
                break
        return response

    async def _complete(self, asked: Message) -> Message:
        """A completion, from the server whose prompt it is about, else from the first that has one."""
        reference: Any = asked.params.get("ref") or {}
        entry = (self._prompts or {}).get(str(reference.get("name")))
        if entry is not None:
            reference = {**reference, "name": entry.own}
            return await entry.owner.ask(asked.with_fields(params={**asked.params, "ref": reference}))
        response = failure(asked, METHOD_NOT_FOUND, "Method not found")
        for server in self._servers:
            if server.can("completions"):
                response = await server.ask(asked)
                if "error" not in response.fields:
                    break
        return response


def _marked(server: Upstream, message: Message) -> Message:
    """A server's request under an id that says whose it is, and a cancellation of one likewise."""
    if message.is_request:
        return message.with_fields(id=f"{server.name}{_SEPARATOR}{message.key}")
    if message.method == "notifications/cancelled":
        named = f"{server.name}{_SEPARATOR}{json.dumps(message.params.get('requestId'))}"
        return message.with_fields(params={**message.params, "requestId": named})
    return message


def _joined(one: Fields, other: Fields) -> Fields:
    """Capabilities of both: what either has, and true where either says so."""
    joined = dict(one)
    for name, value in other.items():
        held = joined.get(name)
        both = isinstance(held, dict) and isinstance(value, dict)
        joined[name] = _joined(held, value) if both else held or value  # type: ignore[arg-type]
    return joined
