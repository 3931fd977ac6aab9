"""The serving model's say in the summaries of one compaction: asked under the ceiling, logged, asked once."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pager import Pager, PagerError
from summarizers import NotWritten, summarize_with

from .ceiling import Budget
from .errors import AgentError, CeilingExceeded, ContextExceeded
from .events import Event
from .generation import GenerationRequest, GuardedModel
from .ledger import Ledger
from .messages import Choice, Message
from .words import Words

PURPOSE = "summarizer"
_MOST = 4  # summaries of one compaction that the model is asked about: the newest
_LEAST_TOKENS = 40
_WORDS_TOKENS = 40  # that a summary may gain, where it is shorter than a summary may be
_LEAST_SAVED = 0.2  # of an answer, words included
_PROMPT_TOKENS = 1200
_FRAME_TOKENS = 80  # of the chat template around the prompt
Append = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Summarizing:
    """Changes summaries of a compaction event before it is written; what they then say stands in that event."""

    pager: Pager
    words: Words
    guarded: GuardedModel
    budget: Budget
    question: str

    def rewritten(self, event: Event, ledger: Ledger, append: Append) -> Event:
        """The event with the newest summaries as the model would have them, each little longer at most.

        Every generation goes to `append`, as an event, before the compaction does. What the model was asked before in
        the run, it is not asked again.
        """
        changes = [dict(change) for change in cast("Mapping[str, Any]", event)["changes"]]
        scribe = _Scribe(self.guarded, self.budget.ceiling, ledger, append)
        for change in [one for one in changes if one["to"] == "summary" and one["address"]][-_MOST:]:
            if not scribe.exhausted:
                change |= self._summary(change, scribe)
        return {**event, "changes": changes}

    def _summary(self, change: Mapping[str, Any], scribe: "_Scribe") -> Mapping[str, object]:
        """What of a change is different where the model has its say."""
        longest = min(self.budget.summary, int((1 - _LEAST_SAVED) * change["tokens_before"]))
        budget = max(change["tokens_after"], min(longest, change["tokens_after"] + _WORDS_TOKENS))
        if budget < _LEAST_TOKENS:
            return {}
        try:
            made = summarize_with(
                scribe,
                self.pager.node(change["address"]),
                budget_tokens=budget,
                focus=self.question,
                counter=self.words.counter,
                templates=self.words.templates,
                prompt_tokens=min(_PROMPT_TOKENS, self.budget.ceiling - self.budget.reserve - _FRAME_TOKENS),
            )
        except (PagerError, ValueError):
            return {}
        return {"content": made.text, "tokens_after": made.tokens, "by": made.by} if made.by == "model" else {}


@dataclass(slots=True)
class _Scribe:
    """The serving model as a writer; `exhausted` once it failed."""

    guarded: GuardedModel
    ceiling: int
    ledger: Ledger
    append: Append
    exhausted: bool = False
    _said: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's."""
        return self.guarded.model.name

    def write(self, prompt_text: str, max_new_tokens: int) -> str:
        """The reply, from the run's events where it stands there; raises NotWritten where it does not fit."""
        key = hashlib.blake2b(prompt_text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
        known = self._said.get(key, self.ledger.written.get(key))
        return self._generated(prompt_text, key, max_new_tokens) if known is None else known

    def _generated(self, prompt_text: str, key: str, max_new_tokens: int) -> str:
        asked = GenerationRequest(
            number=self.ledger.totals.generations + len(self._said) + 1,
            turn=self.ledger.turn,
            purpose=PURPOSE,
            choice=Choice(tools=(), text=True),
            bare=True,
            at_most=max_new_tokens,
            key=key,
        )
        try:
            event = self.guarded.generate([Message("user", prompt_text)], asked, ceiling=self.ceiling)
        except (CeilingExceeded, ContextExceeded) as error:
            raise NotWritten("its prompt does not fit the ceiling") from error
        except AgentError as error:  # no memory, no server: the run meets it again where it has a remedy
            self.exhausted = True
            self.append({"event": "error", "turn": asked.turn, "where": PURPOSE, "message": str(error)})
            raise NotWritten(str(error)) from error
        self._said[key] = str(event["reply"])
        self.append(event)
        return self._said[key]
