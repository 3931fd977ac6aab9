"""JSON-RPC messages as they travel: the bytes, and what they say where somebody has to know."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
CONNECTION_CLOSED = -32000
MOST_BYTES = 256 << 20
"""The most that one message may have; a tool's result is whole in memory before it is put on the shelf."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `line` is what goes over the wire, unchanged where nobody changed the message."""

    line: bytes
    fields: Fields

    @property
    def method(self) -> str | None:
        """What a request or notification is about; None for an answer."""
        method = self.fields.get("method")
        return method if isinstance(method, str) else None

    @property
    def is_request(self) -> bool:
        """Whether it waits for an answer."""
        return self.method is not None and self.fields.get("id") is not None

    @property
    def key(self) -> str:
        """Its id, such that 1 and "1" differ."""
        return json.dumps(self.fields.get("id"))

    @property
    def params(self) -> Fields:
        """The parameters; empty where there are none."""
        return _mapping(self.fields.get("params"))

    @property
    def result(self) -> Fields:
        """What an answer brings; empty for an error."""
        return _mapping(self.fields.get("result"))

    def with_fields(self, **changed: object) -> Message:
        """The same with fields put in place of others."""
        return written({**self.fields, **changed})


def parsed(line: bytes) -> Message | None:
    """The message of a line; None for a line that is none, such as a server's stray print."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return Message(line, fields) if isinstance(fields, dict) else None


def written(fields: Fields) -> Message:
    """A message of ours; lone surrogates stay escaped."""
    text = json.dumps(fields, ensure_ascii=True, separators=(",", ":"))
    return Message(text.encode(), fields)


def request(identifier: object, method: str, params: Fields) -> Message:
    """A request."""
    return written({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params})


def answer(asked: Message, result: Fields) -> Message:
    """The answer to a request."""
    return written({"jsonrpc": "2.0", "id": asked.fields["id"], "result": result})


def failure(asked: Message, code: int, text: str) -> Message:
    """The error that answers a request."""
    return written({"jsonrpc": "2.0", "id": asked.fields["id"], "error": {"code": code, "message": text}})


def _mapping(value: object) -> Fields:
    return value if isinstance(value, dict) else {}
