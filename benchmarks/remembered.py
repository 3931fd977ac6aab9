"""A model that is not asked the same twice: greedy replies kept on disk, so that a run can be cut off anywhere."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from agent.messages import Choice, Message, Model, Prompt, Reply, ToolCall, ToolSpec
from pager import TokenCounter


class Remembered:
    """Replies of a greedy model by prompt, choice and reserve; one from disk has the numbers it had when it was made.

    Loops that feed the same prompt (the first turn is the same for all) thus cost one generation, not one each.
    """

    def __init__(self, model: Model, path: Path) -> None:
        self._model = model
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT)")

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    @property
    def context_tokens(self) -> int | None:
        """The model's."""
        return self._model.context_tokens

    @property
    def counter(self) -> TokenCounter:
        """The model's."""
        return self._model.counter

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Prompt:
        """The model's."""
        return self._model.prompt(messages, tools)

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """The reply on disk, or a new one, which then is."""
        key = _key(self._model.name, prompt, max_new_tokens, choice)
        with closing(sqlite3.connect(self._path)) as database, database:
            row = database.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
            if row is not None:
                return _read(json.loads(row[0]))
            reply = self._model.generate(prompt, max_new_tokens=max_new_tokens, choice=choice, seed=seed)
            database.execute("INSERT INTO replies VALUES (?, ?)", (key, json.dumps(asdict(reply))))
        return reply


def _key(name: str, prompt: Prompt, max_new_tokens: int, choice: Choice) -> str:
    offered = [spec.schema() for spec in choice.tools]
    asked = [name, prompt.text, max_new_tokens, choice.text, offered, *([choice.schema] if choice.schema else [])]
    return hashlib.blake2b(json.dumps(asked, sort_keys=True).encode("utf-8", "replace"), digest_size=20).hexdigest()


def _read(fields: dict[str, object]) -> Reply:
    reply = Reply(**fields)  # type: ignore[arg-type]  # its own fields, as JSON gave them back
    calls = tuple(ToolCall(call["name"], call["arguments"]) for call in reply.calls)  # type: ignore[index]
    return Reply(reply.content, calls, reply.problem, reply.new_tokens, reply.reused_tokens, reply.seconds)
