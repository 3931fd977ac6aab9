"""Asking the model: render, check the ceiling, keep the prompt, generate, and say what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from .ceiling import check_ceiling
from .conclusion import says_nothing
from .events import Event
from .messages import Choice, Message, Model, Reply, ToolCall, ToolSpec
from .run import RunFolder
from .settings import Settings
from .typed import misfit
from .words import Words

MOST_CALLS = 4  # of one reply; the others are not made
_SLIP_TOKENS = 60  # of an unusable reply that stay in the prompt


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What a generation is for: its number in the run, its turn, what may come back and which tools were withheld.

    A `bare` prompt holds no tool schemas; `at_most` new tokens are reserved where that is less than the setting; a
    reply with a `key` is found again by it.
    """

    number: int
    turn: int
    purpose: str
    choice: Choice
    withheld: tuple[str, ...] = ()
    bare: bool = False
    at_most: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class GuardedModel:
    """The one way to a generation, whatever its purpose."""

    model: Model
    tools: tuple[ToolSpec, ...]
    words: Words
    folder: RunFolder
    settings: Settings

    def measure(self, messages: Sequence[Message]) -> int:
        """The tokens of a prompt, chat template and tool schemas included."""
        return len(self.model.prompt(messages, self.tools).tokens)

    def generate(self, messages: Sequence[Message], asked: GenerationRequest, *, ceiling: int) -> Event:
        """Generate, and return the event of it.

        Raises `CeilingExceeded` before that, `OutOfMemory`, `ContextExceeded` and what else the back end raises.
        """
        prompt = self.model.prompt(messages, () if asked.bare else self.tools)
        reserve = min(self.settings.max_new_tokens, asked.at_most or self.settings.max_new_tokens)
        check_ceiling(prompt, max_new_tokens=reserve, ceiling=ceiling, purpose=asked.purpose)
        saved_as = self.folder.save_prompt(asked.number, prompt)
        seed = self.settings.seed + asked.number
        reply = self.model.generate(prompt, max_new_tokens=reserve, choice=asked.choice, seed=seed)
        problem = reply.problem or self._problem(reply, asked.choice)
        if problem is None and asked.choice.schema is not None:
            problem = misfit(reply.content, asked.choice.schema)
        calls = () if problem else reply.calls[:MOST_CALLS]
        return {
            "event": "generation",
            "turn": asked.turn,
            "purpose": asked.purpose,
            "input_tokens": len(prompt.tokens),
            "max_new_tokens": reserve,
            "ceiling": ceiling,
            "new_tokens": reply.new_tokens,
            "reused_tokens": reply.reused_tokens,
            "seconds": round(reply.seconds, 4),
            "predicted_bytes": reply.predicted_bytes,
            "measured_bytes": reply.measured_bytes,
            "prompt": saved_as,
            "reply": reply.content,
            "content": self._content(reply, calls, problem, asked.purpose),
            "calls": [{"name": call.name, "arguments": dict(call.arguments)} for call in calls],
            "not_made": len(reply.calls) - len(calls),
            "problem": problem,
            "withheld": list(asked.withheld),
            **({"key": asked.key} if asked.key else {}),
            **({} if reply.reported_tokens is None else {"reported_tokens": reply.reported_tokens}),
        }

    def _problem(self, reply: Reply, choice: Choice) -> str | None:
        """What keeps a reply from being used that the back end let through."""
        if reply.calls:
            return None if choice.tools else "no call is possible now"
        if not reply.content.strip():
            return "the reply was empty"
        if not choice.text:
            return "a call of a tool was expected, and there was none"
        if choice.tools and says_nothing(reply.content, ""):
            return "it says the same again and again"
        if choice.tools and not self.words.is_harmless(reply.content, ()):
            return "it repeats the frame of a result instead of answering in own words"
        return None

    def _content(self, reply: Reply, calls: tuple[ToolCall, ...], problem: str | None, purpose: str) -> str:
        """The reply's words as they will stand in the next prompt.

        Unchanged where nothing in them could be taken for a role, a result or a call they do not make: then the back
        end can take over the very tokens it generated.
        """
        words, content = self.words, reply.content
        if purpose == "typed":
            return words.neutral(content.strip())
        if problem:
            return words.neutral(words.clip(content, _SLIP_TOKENS))
        if calls == reply.calls and words.is_harmless(content, calls):
            return content
        return words.said(content) if calls else words.neutral(content.strip())
