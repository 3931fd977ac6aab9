"""A small OpenAI-compatible server on loopback: says what it is told, counts as it is told, refuses as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


@dataclass
class Refusal(Exception):
    """An HTTP status with a body."""

    status: int
    body: object


FUNCTION = {"name": "look_around", "arguments": '{"place": "layers[17]"}'}
CALL = {"content": None, "tool_calls": [{"id": "x", "type": "function", "function": FUNCTION}]}


def wordy(body: Body) -> int:
    """A tokenizer and chat template nobody knows: two tokens a word or mark of the messages, seven a message."""
    said = [str(one.get("content") or "") + json.dumps(one.get("tool_calls", "")) for one in body["messages"]]
    told = [json.dumps(one) for one in body.get("tools", [])]
    return sum(len(text) // 3 + 7 for text in (*said, *told))


@dataclass
class FakeServer:
    """`reply` makes the message of a completion, `count` the tokens it reports; `asked` holds all bodies."""

    reply: Callable[[Body], Body] = lambda body: {"content": "It is layer 17."}
    count: Callable[[Body], int | None] = wordy
    lends: str = ""  # "vllm": /tokenize takes conversations
    finish: str = "stop"
    obeys: bool = True  # a call that is required comes
    models: list[Body] = field(default_factory=lambda: [{"id": "m", "max_model_len": 32_000}])
    asked: list[Body] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, body: Body) -> object:
        """What stands at a path."""
        if path == "/v1/models":
            return {"data": self.models}
        if path == "/tokenize" and self.lends == "vllm":
            text = body.get("prompt", "")
            return {"tokens": [0] * (self.count(body) or 0 if "messages" in body else len(text) // 3)}
        if path != "/v1/chat/completions":
            raise Refusal(404, {"error": {"message": "no such thing"}})
        self.asked.append(body)
        message = CALL if body.get("tool_choice") == "required" and self.obeys else self.reply(body)
        count = self.count(body)
        usage = {} if count is None else {"usage": {"prompt_tokens": count, "completion_tokens": 5}}
        return {"choices": [{"message": message, "finish_reason": self.finish}], **usage}


@contextmanager
def serving(fake: FakeServer) -> Iterator[str]:
    """The address of the fake while it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._answer(json.loads(self.rfile.read(length) or b"{}"))

        def _answer(self, body: Body) -> None:
            fake.keys.append(self.headers.get("Authorization"))
            try:
                status, said = 200, fake.answer(self.path, body)
            except Refusal as refusal:
                status, said = refusal.status, refusal.body
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked may have gone
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
