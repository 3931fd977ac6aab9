"""A plain agent loop under a policy: same model, tools, prompt, grammar, contract and ceiling as the project's own."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.ceiling import check_ceiling
from agent.conclusion import concluded, conclusion_schema
from agent.errors import AgentError, CeilingTooLow
from agent.messages import Choice, Message, Model, Reply, ToolCall
from agent.notebook import Notebook, Observation
from agent.settings import Settings
from agent.tools import Tool, Toolbox, tool
from agent.totals import Totals
from agent.verbs import LEAST_WORDS
from agent.words import Words
from pager import Lazy, PagerError
from summarizers import Templates

from .policies import LEAST_ROOM, Exchange, Policy, Room

_NOTES = ("record_observation", "query_memory")
_FRAME_TOKENS = 16  # of a chat template around one message
_LONGEST = 200_000  # characters that are counted: no ceiling compared here holds more
_NOTEBOOK_TOKENS = 400
_FAILED = (ValueError, TypeError, LookupError, RuntimeError, OSError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class LoopResult:
    """What a loop came to; `said` are the model's own last words, `findings` what it recorded itself."""

    answer: str
    said: str
    findings: tuple[str, ...]
    turns: int
    totals: Totals
    reason: str


@dataclass(slots=True)
class PlainLoop:
    """One investigation: calls are answered with the tools' whole results, and a policy says what stays."""

    model: Model
    tools: Toolbox
    policy: Policy
    settings: Settings
    question: str
    words: Words
    findings: list[str] = field(default_factory=list)
    taken: list[Exchange] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    turns: int = 0
    slips: int = 0

    def run(self) -> LoopResult:
        """Take turns until an answer, the turn limit, or a full prompt."""
        most = min(self.settings.max_turns, self.policy.most_turns or self.settings.max_turns)
        while self.turns < most and self.slips < self.settings.max_slips:
            shown = self._shown([])
            if shown is None:
                return self._finish("full")
            reply = self._generate(shown, self._choice())
            self.turns += 1
            if reply.calls:
                self._take(reply)
            elif reply.problem is None and reply.content.strip() and len(self.findings) >= self.settings.answer_after:
                return self._ended(reply.content, reply.content, "answered")
            else:
                self.slips += 1
                self._told(reply)
        return self._finish("max_turns" if self.turns >= most else "slips")

    def _choice(self) -> Choice:
        """A tool first; notes once there is something to note; words once a finding was recorded."""
        specs = [one.spec for one in self.tools if self.taken or one.name not in _NOTES]
        return Choice(tuple(specs), text=len(self.findings) >= self.settings.answer_after and bool(self.taken))

    def _finish(self, reason: str) -> LoopResult:
        """Ask for the answer under the findings, as the project's own loop does."""
        kept = [Observation(number, 0, "model", one) for number, one in enumerate(self.findings, 1)]
        last = Message("user", self.words.finish(self.question, kept, limit_tokens=_NOTEBOOK_TOKENS))
        shown = self._shown([last])
        if shown is None:
            raise CeilingTooLow("not even the question fits", ceiling=self.settings.ceiling, needed=0, parts={})
        numbers = [one.number for one in self.words.listed(kept, limit_tokens=_NOTEBOOK_TOKENS)]
        reply = self._generate(shown, Choice((), text=True, schema=conclusion_schema(numbers)))
        made = concluded(reply.content, kept, findings=numbers, question=self.question, words=self.words)
        return self._ended(made.answer, made.said, reason)

    def _shown(self, last: list[Message]) -> list[Message] | None:
        """The next prompt's messages, within the ceiling; None where the policy has nothing more to give up."""
        head = self.words.head(self.question)
        most = self.settings.ceiling - self.settings.max_new_tokens
        tokens, free = most - self._measure([*head, *last]), 0 if last else LEAST_ROOM
        while (chosen := self.policy.shown(self.taken, Room(tokens, free, self._weigh, self._cut))) is not None:
            messages = [*head, *(message for one in chosen for message in one.messages()), *last]
            if (over := self._measure(messages) - most) <= 0:
                return messages
            tokens -= over
        return None

    def _measure(self, messages: Sequence[Message]) -> int:
        return len(self.model.prompt(messages, self.tools.specs).tokens)

    def _generate(self, messages: Sequence[Message], choice: Choice) -> Reply:
        prompt = self.model.prompt(messages, self.tools.specs)
        reserve = self.settings.max_new_tokens
        check_ceiling(prompt, max_new_tokens=reserve, ceiling=self.settings.ceiling, purpose=self.policy.name)
        seed = self.settings.seed + self.totals.generations + 1
        reply = self.model.generate(prompt, max_new_tokens=reserve, choice=choice, seed=seed)
        spent = {"input_tokens": len(prompt.tokens), "max_new_tokens": reserve, "new_tokens": reply.new_tokens}
        self.totals = self.totals.after({**spent, "reused_tokens": reply.reused_tokens, "seconds": reply.seconds})
        return reply

    def _take(self, reply: Reply) -> None:
        results = tuple(self.words.neutral(self._answer(call)) for call in reply.calls)
        self.taken.append(Exchange(reply.content, reply.calls, results))
        self.slips = 0

    def _told(self, reply: Reply) -> None:
        said = self.words.correction(reply.problem or "an answer needs a recorded finding first")
        self.taken.append(Exchange(self.words.neutral(self.words.clip(reply.content, 60)), correction=said))

    def _answer(self, call: ToolCall) -> str:
        try:
            return as_json(self.tools[call.name].run(call.arguments))
        except (AgentError, PagerError, *_FAILED) as error:
            return self.words.failed(call.name, error)

    def _weigh(self, one: Exchange) -> int:
        counter = self.words.counter
        return sum(_FRAME_TOKENS + counter.count(message.content[:_LONGEST]) for message in one.messages())

    def _cut(self, text: str, tokens: int) -> str:
        whole = len(text)
        return self.words.clip(text, max(0, tokens - 12)) + f" [cut: {whole:,} characters in all]"

    def _ended(self, answer: str, said: str, reason: str) -> LoopResult:
        return LoopResult(answer.strip(), said, tuple(self.findings), self.turns, self.totals, reason)


def investigated(
    question: str, *, model: Model, tools: Iterable[Tool], policy: Policy, settings: Settings, templates: Path
) -> LoopResult:
    """Investigate in a plain loop; `templates` is the folder with the system prompt that fits it."""
    findings: list[str] = []
    notes = _notes(findings)
    words = Words(Templates(templates), model.counter)
    return PlainLoop(model, Toolbox([*tools, *notes]), policy, settings, question, words, findings).run()


def _notes(findings: list[str]) -> list[Tool]:
    """The original's notebook: a list, and a full-text search over it."""

    @tool
    def record_observation(finding: str) -> str:
        """Save one finding: a value and its place."""
        if len(finding.split()) < LEAST_WORDS:
            raise ValueError(f"{finding.strip()[:40]!r} states nothing; say what was found, its value and its place")
        findings.append(finding.strip())
        return f"Recorded as finding {len(findings)}."

    @tool
    def query_memory(query: str) -> list[str]:
        """Search saved findings by words."""
        with Notebook() as notebook:
            notebook.sync(Observation(number, 0, "model", one) for number, one in enumerate(findings, 1))
            return [one.finding for one in notebook.recall(query).observations]

    return [record_observation, query_memory]


def as_json(value: object) -> str:
    """A tool's whole answer as JSON text; a lazy one's parts are computed as far as any prompt could hold them."""
    return value if isinstance(value, str) else json.dumps(_plain(value), ensure_ascii=False, default=str)


def _plain(value: object) -> object:
    if not isinstance(value, Lazy):
        return value
    parts: dict[str, object] = dict(value.about)
    size = 0
    for key in value.keys:
        if size > _LONGEST:
            break
        parts[key] = _plain(value.child(key))
        size += len(json.dumps(parts[key], default=str))
    return parts
