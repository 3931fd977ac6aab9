"""What stands between the question and now: calls with what answered them, and the loop's own remarks."""

import json
from dataclasses import dataclass, replace
from typing import Literal

from pager import root_of

from .messages import ToolCall

Level = Literal["page", "summary", "stub"]
Status = Literal["new", "view", "note", "repeat", "failed"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What answered one call, as the prompt holds it now.

    `status`: "new" is a tool's result, "view" what a verb showed of one, "note" a word from the loop or the notebook,
    "repeat" a call made before, "failed" an error. `address` is what it shows, where it shows something; `whole`
    says that it shows all of it.
    """

    content: str
    status: Status
    address: str | None = None
    level: Level = "page"
    whole: bool = False

    @property
    def result(self) -> str | None:
        """The id of the result it shows."""
        return root_of(self.address) if self.address else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One reply of the model and the answers to its calls so far; a call never stands without its answer in a prompt.

    `number` is the generation's. `withheld` are the tools that were not offered; a call of one is refused.
    """

    number: int
    turn: int
    purpose: str
    content: str
    calls: tuple[ToolCall, ...]
    answers: tuple[Answer, ...] = ()
    withheld: tuple[str, ...] = ()
    pinned_until: int = 0
    problem: str | None = None

    @property
    def waiting(self) -> ToolCall | None:
        """The first call that has no answer yet."""
        return self.calls[len(self.answers)] if len(self.answers) < len(self.calls) else None

    def answered(self, answer: Answer) -> "Exchange":
        """The same with its next call answered."""
        return replace(self, answers=(*self.answers, answer))

    def with_answer(self, index: int, answer: Answer) -> "Exchange":
        """The same with one answer put in place of another."""
        answers = list(self.answers)
        answers[index] = answer
        return replace(self, answers=tuple(answers))

    @property
    def text(self) -> str:
        """All its words, for estimating what it weighs."""
        spelled_out = self.calls and "{" in self.content  # as back ends do that write the calls into the content
        called = (
            "" if spelled_out else "".join(f"{call.name} {json.dumps(dict(call.arguments))}" for call in self.calls)
        )
        return "\n".join([self.content, called, *(answer.content for answer in self.answers)])


@dataclass(frozen=True, slots=True)
class Remark:
    """A message from the loop: a notice, a correction, a reminder, the request for the answer."""

    turn: int
    kind: str
    content: str

    @property
    def text(self) -> str:
        """Its words."""
        return self.content


Entry = Exchange | Remark


def same_call(call: ToolCall) -> str:
    """A key that equal calls share, whatever the order of their arguments."""
    return f"{call.name} {json.dumps(dict(call.arguments), sort_keys=True)}"
