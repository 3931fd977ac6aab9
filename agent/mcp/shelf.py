"""The pager as MCP sees it: results put on it, verbs over them, and each of them a resource."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from pager import Call, Pager, PagerError, Result, TokenCounter
from summarizers import Look, Looking, Templates, card, unframed

from ..errors import AgentError, BadInput
from ..tools import Tool, tool
from ..words import Words
from .result import ToolResult

SCHEME = "toolpager"
CARD_TOKENS = 260
PAGE_TOKENS = 1_000
_ANSWER_TOKENS = 2_000
_LISTED = 20  # results that are listed as resources, the newest
_TOKEN = "mcp-resource-token"
_HINTS = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
_T = TypeVar("_T")


class Shelf:
    """A store with its verbs; everything that reads or writes it happens in one thread of its own.

    The address of a result as a resource holds a random token that is kept in the store: no result can name another.
    `files` is the folder whose files `page` may put on the shelf; None: there is no such tool.
    """

    def __init__(
        self,
        store: str | Path,
        *,
        counter: TokenCounter | None = None,
        templates: Templates | None = None,
        files: Path | None = None,
    ) -> None:
        self._pager = Pager(store, counter=counter)
        self._pager.remember(_TOKEN, secrets.token_hex(8))
        self._token = str(self._pager.recalled(_TOKEN))
        self._words = Words(templates or Templates(), self._pager.counter)
        self._files = None if files is None else files.resolve()
        self._looking = Looking(
            pager=self._pager,
            templates=self._words.templates,
            page_tokens=PAGE_TOKENS,
            card_tokens=CARD_TOKENS,
            allowance=_ANSWER_TOKENS,
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="shelf")
        verbs = [tool(self._looking.open), tool(self._looking.find), tool(self._looking.query)]
        self._tools = {one.name: one for one in [*verbs, *([] if files is None else [tool(self.page)])]}

    def close(self) -> None:
        """Finish what is being written, then release the store."""
        self._thread.shutdown()
        self._pager.close()

    def instructions(self, limit_tokens: int, names: dict[str, str]) -> str:
        """What a client may tell its model about cards."""
        return self._words.templates.render("mcp_instructions", limit=limit_tokens, **names)

    @property
    def verbs(self) -> Sequence[str]:
        """The names of the tools, before any prefix."""
        return tuple(self._tools)

    def listed(self, names: dict[str, str]) -> list[dict[str, Any]]:
        """The tools as tools/list has them, under the names they go by."""
        return [
            {
                "name": names[one.name],
                "description": one.spec.description,
                "inputSchema": dict(one.spec.parameters),
                "annotations": _HINTS,
            }
            for one in self._tools.values()
        ]

    async def call(self, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """A tool's result; what went wrong is a result, too."""
        return await self._run(partial(self._called, self._tools[verb], arguments))

    async def shortened(self, result: dict[str, Any], *, call: Call, limit_tokens: int | None) -> dict[str, Any] | None:
        """The result with a card in place of its text where that has more than `limit_tokens`; None: it passes."""
        if limit_tokens is None:
            return None
        whole = ToolResult(result)
        if not whole.texts and whole.structured is None:
            return None
        if limit_tokens and whole.characters() <= limit_tokens:
            return _harmless(result)
        return await self._run(partial(self._shortened, whole, call, limit_tokens))

    async def resources(self) -> list[dict[str, Any]]:
        """The newest results as resources."""
        return await self._run(lambda: [self._link(one) for one in reversed(self._pager.results(last=_LISTED))])

    async def read(self, uri: str) -> list[dict[str, Any]] | None:
        """A page of what a resource of ours holds, and where the next is; None where it is none of ours."""
        address = self._address(uri)
        return None if address is None else await self._run(partial(self._read, uri, address))

    def template(self) -> dict[str, Any]:
        """How any part of a result is addressed as a resource."""
        return {
            "uriTemplate": f"{self._root}{{+address}}",
            "name": "part of a stored result",
            "description": "A page of what stands at an address such as r3, r3/layers[17] or r3#2.",
            "mimeType": "text/plain",
        }

    def page(self, path: str) -> str:
        """Put a file among the results and show its card.

        Args:
            path: below the served folder
        """
        assert self._files is not None
        file = (self._files / path).resolve()
        if not file.is_relative_to(self._files):
            raise BadInput(f"{path} lies outside the served folder")
        return self._card(self._pager.put_file(file, name=path))

    async def _run(self, step: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, step)

    def _called(self, verb: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            said = verb.run(arguments)
        except (PagerError, AgentError, ValueError, OSError) as error:
            return {"content": [_text(self._words.failed(verb.name, error))], "isError": True}
        return {"content": [_text(said.text if isinstance(said, Look) else str(said))], "isError": False}

    def _shortened(self, whole: ToolResult, call: Call, limit_tokens: int) -> dict[str, Any] | None:
        if limit_tokens and all(self._within(text, limit_tokens) for text in whole.readings()):
            return _harmless(dict(whole.fields))
        try:
            result = self._pager.put(whole.value(), name=call.tool, call=call)
            return whole.with_card(self._card(result), self._link(result))
        except PagerError as error:  # the tool has done its work: what cannot be kept is told as it came
            print(f"{SCHEME}: {call.tool}: {error}", file=sys.stderr)
            return _harmless(dict(whole.fields))

    def _within(self, text: str, limit_tokens: int) -> bool:
        """Whether a text has so few tokens; of a very long one only the beginning is counted."""
        beginning = text[: 64 * limit_tokens + 1]
        fits = self._pager.counter.count(beginning) <= limit_tokens
        return fits and (len(beginning) == len(text) or self._pager.counter.count(text) <= limit_tokens)

    def _card(self, result: Result) -> str:
        made = card(
            self._pager.node(result.id),
            limit_tokens=CARD_TOKENS,
            counter=self._pager.counter,
            templates=self._words.templates,
        )
        return made.text

    def _read(self, uri: str, address: str) -> list[dict[str, Any]]:
        page = self._pager.open(address, limit_tokens=PAGE_TOKENS)
        held = [{"uri": uri, "mimeType": "text/plain", "text": page.text.encode("utf-8", "replace").decode()}]
        if page.next is not None:
            following = f"page {page.page} of {page.pages}; the next is {page.next}"
            held.append({"uri": self._uri(page.next), "mimeType": "text/plain", "text": f"[{following}]"})
        return held

    def _link(self, result: Result) -> dict[str, Any]:
        named = self._words.clip(result.name or result.kind, 20)
        return {
            "type": "resource_link",
            "uri": self._uri(result.id),
            "name": f"{result.id}: {named}",
            "description": f"{result.kind}, {result.size_bytes} bytes",
            "mimeType": "text/plain",
        }

    @property
    def _root(self) -> str:
        return f"{SCHEME}://{self._token}/"

    def _uri(self, address: str) -> str:
        return self._root + quote(address, safe="/:")

    def _address(self, uri: str) -> str | None:
        return unquote(uri.removeprefix(self._root)) if uri.startswith(self._root) else None


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text.encode("utf-8", "replace").decode()}


def _harmless(result: dict[str, Any]) -> dict[str, Any] | None:
    """The result with every line that forges the frame of a card made plain; None where there is no such line."""
    blocks = ToolResult(result).blocks
    plain = [_unframed(block) for block in blocks]
    return None if plain == blocks else {**result, "content": plain}


def _unframed(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "text": unframed(block["text"])} if isinstance(block.get("text"), str) else block
