"""An OpenAI-compatible server on loopback that plays a script, whichever framework asks it, and counts each prompt."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pager import TokenCounter

from .conversing import Step, texts
from .corpus import Check

Body = dict[str, Any]
Call = tuple[str, Mapping[str, object]]
_CARD = re.compile(r"^\[(r\d+):", re.MULTILINE)
_MESSAGE_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an agent calls things: reading a step's file, asking a stored result, and being done (None: by saying so)."""

    read: Callable[[Step], Call] = lambda step: ("read", {"path": step.file})
    find: Callable[[str, str], Call] = lambda address, question: ("find", {"address": address, "pattern": question})
    finish: Call | None = None


@dataclass(slots=True)
class Script:
    """Reads every result; where it is told by a card that does not hold the answer, asks the result for it, once.

    `prompts` counts the tokens of every prompt that came, tools included; `found` says which answers were seen.
    """

    steps: Sequence[Step]
    dialect: Dialect
    check: Check
    counter: TokenCounter
    prompts: list[int] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    _asked: bool = False
    _begun: bool = False

    def reply(self, body: Body) -> Body:
        """The message that answers a prompt."""
        self.last = list(texts(body["messages"]))
        self.prompts.append(self._tokens(body))
        if self._begun and (further := self._looked(self.last[-1])) is not None:
            return self._calling(further)
        self._begun = True
        if len(self.found) < len(self.steps):
            return self._calling(self.dialect.read(self.steps[len(self.found)]))
        return (
            {"role": "assistant", "content": "done"}
            if self.dialect.finish is None
            else self._calling(self.dialect.finish)
        )

    def _looked(self, text: str) -> Call | None:
        """Whether the answer stands in what came back; the call that asks for it, where it may be had."""
        step = self.steps[len(self.found)]
        seen, card = self.check.contained(step.fact.record, text), _CARD.search(text)
        if not seen and not self._asked and card is not None:
            self._asked = True
            return self.dialect.find(card[1], step.question)
        self._asked = False
        self.found.append(seen)
        return None

    def _calling(self, call: Call) -> Body:
        function = {"name": call[0], "arguments": json.dumps(call[1])}
        called = {"id": f"call_{len(self.prompts)}", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [called]}

    def _tokens(self, body: Body) -> int:
        calls = [json.dumps(call["function"]) for one in body["messages"] for call in one.get("tool_calls") or []]
        told = [*self.last, *calls, *(json.dumps(tool) for tool in body.get("tools") or [])]
        return sum(self.counter.count(text) + _MESSAGE_TOKENS for text in told)


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """The base URL of a server that plays a script."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            message = script.reply(body)
            finish = "tool_calls" if "tool_calls" in message else "stop"
            tokens = script.prompts[-1]
            usage = {"prompt_tokens": tokens, "completion_tokens": 20, "total_tokens": tokens + 20}
            choice = {"index": 0, "message": message, "finish_reason": finish}
            about = {"id": f"c{len(script.prompts)}", "object": "chat.completion", "created": 0, "model": "scripted"}
            content = json.dumps({**about, "choices": [choice], "usage": usage}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
