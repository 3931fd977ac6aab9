"""When room is short: remind the model, save what it did not save, and shorten the oldest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pager import Pager, PagerError, root_of, without_page
from summarizers import stub, summarize

from .ceiling import NOTICE_TOKENS, Budget
from .events import Event
from .excerpt import Excerpt, best_facts
from .exchange import Answer, Level
from .ladder import Batch
from .ledger import Ledger
from .messages import Message, ToolCall
from .schedule import Pressure, Schedule
from .settings import Settings
from .words import Words

Measure = Callable[[Sequence[Message]], int]


@dataclass(frozen=True, slots=True)
class Compaction:
    """Decides from the ledger what becomes shorter, and says so in events; changes nothing itself."""

    pager: Pager
    words: Words
    budget: Budget
    settings: Settings
    question: str
    measure: Measure
    _shortened: dict[tuple[str, Level], str | None] = field(default_factory=dict)
    _excerpts: dict[str, Excerpt] = field(default_factory=dict)

    def messages(self, ledger: Ledger) -> list[Message]:
        """Everything the prompt holds, in order."""
        head = self.words.head(self.question)
        return [*head, *(message for entry in ledger.entries for message in self.words.messages(entry))]

    def before_turn(self, ledger: Ledger) -> list[Event]:
        """What must happen before the next generation: nothing, a reminder, or a batch that it does not fit without.

        The reminder comes while all is still to be read; the batch, before the next answer takes its place.
        """
        pressure = self._pressure(ledger)
        last, reminder = ledger.last, ledger.reminder
        unheard = reminder is not None and (not reminder.asked or (last is not None and not last.calls))
        if pressure.needed or unheard:
            return self._reminding(ledger, pressure) or self._shortening(ledger, pressure)
        if ledger.finishing or ledger.typing or reminder is not None:
            return []
        return self._reminding(ledger, pressure, soon=self._reply_tokens(ledger))

    def before_answer(self, ledger: Ledger) -> list[Event]:
        """The batch that is due before a call is answered: so its answer is computed once, behind what changed."""
        last = ledger.last
        if last is None or last.purpose != "turn" or last.answers:
            return []
        return self._shortening(ledger, self._pressure(ledger))

    def closing(self, ledger: Ledger, reason: str) -> list[Event]:
        """The end of the looking: what no finding names is saved, and the answer is asked for under the findings."""
        shown = [(made.address, made.call) for made in ledger.made if made.address and made.status == "new"]
        unsaved = {root_of(address): (address, call) for address, call in shown if not self._is_saved(ledger, address)}
        findings = self._findings(ledger, unsaved)
        for finding in findings:
            ledger = ledger.after(finding)
        limit = min(self.budget.notebook, self.budget.room - 2 * NOTICE_TOKENS)
        asked = ledger.asked or self.question
        content = self.words.finish(asked, ledger.observations, limit_tokens=limit)
        listed = [one.number for one in self.words.listed(ledger.observations, limit_tokens=limit)]
        return [*findings, {"event": "finish", "reason": reason, "content": content, "findings": listed}]

    def fits(self, ledger: Ledger) -> bool:
        """Whether the prompt and its reserve are within the ceiling."""
        return self.measure(self.messages(ledger)) + self.budget.reserve <= self.budget.ceiling

    def _reminding(self, ledger: Ledger, pressure: Pressure, *, soon: int = 0) -> list[Event]:
        """The reminder, where a batch comes next that takes what no finding names."""
        if ledger.reminder is not None or not self._schedule.may_be_due(ledger, pressure.load, soon=soon):
            return []
        batch = self._schedule.batch(ledger, pressure, self._shorten)
        if not self._is_next(ledger, batch, pressure, soon=soon):
            return []
        unsaved = self._unsaved(ledger, batch)
        reminder = self._reminder(ledger, unsaved) if unsaved else None
        return [reminder] if reminder else []

    def _shortening(self, ledger: Ledger, pressure: Pressure) -> list[Event]:
        """The findings saved for the model, and the batch; none where none is due."""
        reminded = ledger.reminder is not None
        if not (reminded or self._schedule.may_be_due(ledger, pressure.load)):
            return []
        batch = self._schedule.batch(ledger, pressure, self._shorten)
        if not (reminded or self._is_next(ledger, batch, pressure)):
            return []
        findings = self._findings(ledger, self._unsaved(ledger, batch))
        for finding in findings:
            ledger = ledger.after(finding)
        return [*findings, self._compaction(ledger, batch, pressure)]

    def _is_next(self, ledger: Ledger, batch: Batch, pressure: Pressure, *, soon: int = 0) -> bool:
        due = pressure.needed > 0 or self._schedule.is_due(pressure.load, batch, soon=soon)
        return due and self._schedule.is_worth_it(ledger, batch, pressure)

    def _pressure(self, ledger: Ledger) -> Pressure:
        return self._schedule.pressure(ledger, self.measure(self.messages(ledger)))

    def _reply_tokens(self, ledger: Ledger) -> int:
        """What the next reply may add before it is answered: twice the mean so far."""
        totals = ledger.totals
        return min(self.budget.reserve, 2 * totals.new_tokens // max(1, totals.generations))

    @property
    def _schedule(self) -> Schedule:
        return Schedule(self.budget, self.settings, self.words.counter.count)

    def _unsaved(self, ledger: Ledger, batch: Batch) -> dict[str, tuple[str, ToolCall]]:
        """The results that leave their page and that no finding names: id → what was shown of it, and the call."""
        calls = {exchange.number: exchange.calls for exchange in ledger.exchanges}
        return {
            root_of(change.address): (change.address, calls[change.generation][change.call])
            for change in batch.changes
            if change.shows_a_page and change.address and not self._is_saved(ledger, change.address)
        }

    def _is_saved(self, ledger: Ledger, address: str) -> bool:
        """Whether a finding cites that result, and where in it the best of its facts stands."""
        if not ledger.cites(root_of(address)):
            return False
        return ledger.cites(self._excerpt(address).evidence[0])

    def _reminder(self, ledger: Ledger, unsaved: Mapping[str, tuple[str, ToolCall]]) -> Event | None:
        """The reminder, where it fits under the ceiling."""
        content = self.words.reminder({result: call for result, (_, call) in unsaved.items()})
        event: Event = {"event": "reminder", "turn": ledger.turn, "about": list(unsaved), "content": content}
        return event if self.fits(ledger.after(event)) else None

    def _findings(self, ledger: Ledger, unsaved: Mapping[str, tuple[str, ToolCall]]) -> list[Event]:
        """What the loop writes down itself: the best facts of each result that was not saved."""
        first = len(ledger.observations) + 1
        return [
            {"event": "observation", "number": number, "turn": ledger.turn, "by": "loop", **self._best(address)}
            for number, (address, _) in enumerate(unsaved.values(), start=first)
        ]

    def _best(self, address: str) -> dict[str, object]:
        best = self._excerpt(address)
        return {"finding": best.finding, "evidence": list(best.evidence), "salience": best.salience}

    def _excerpt(self, address: str) -> Excerpt:
        """The best facts there; the same for the whole run, so they are worked out once."""
        address = without_page(address)
        if address not in self._excerpts:
            self._excerpts[address] = best_facts(self.pager, address, question=self.question, words=self.words)
        return self._excerpts[address]

    def _compaction(self, ledger: Ledger, batch: Batch, pressure: Pressure) -> Event:
        """The event of a batch; where nothing was left to shorten, the notice gives up its findings and index."""
        named = list(dict.fromkeys(root_of(change.address) for change in batch.changes if change.address))
        event: dict[str, object] = {
            "event": "compaction",
            "turn": ledger.turn,
            "changes": [change.fields() for change in batch.changes],
            "folded": list(batch.folded),
            "dropped": list(batch.dropped),
            "saved_by_loop": list(ledger.saved),
            "tokens_before": pressure.total,
            "notebook": "",
            "index": "",
            "notice": "",
        }
        if batch.saved:
            folded = ledger.after(event).folded
            event["notebook"] = self.words.notebook(ledger.observations, limit_tokens=self.budget.notebook)
            event["index"] = self.words.index(folded, limit_tokens=self.budget.index)
        event["notice"] = self.words.notice(
            named, ledger.saved, notebook=str(event["notebook"]), index=str(event["index"])
        )
        after = self.measure(self.messages(ledger.after(event)))
        return {**event, "tokens_after": after}

    def _shorten(self, call: ToolCall, answer: Answer, level: Level) -> str | None:
        """What an answer says at a lower level; the same for the whole run, so it is worked out once."""
        key = (f"{answer.address} {answer.status} {self.words.call(call, limit_tokens=24)}", level)
        if key not in self._shortened:
            self._shortened[key] = self._shorter(call, answer, level)
        return self._shortened[key]

    def _shorter(self, call: ToolCall, answer: Answer, level: Level) -> str | None:
        shows_result = answer.address is not None and (answer.status == "new" or call.name == "open")
        if not shows_result or answer.address is None:
            return self.words.aged(call) if level == "stub" and answer.status != "note" else None
        words = self.words
        try:
            node = self.pager.node(answer.address)
            if level == "stub":
                return stub(node, counter=words.counter, templates=words.templates)
            budget = self.budget.summary
            made = summarize(
                node, budget_tokens=budget, focus=self.question, counter=words.counter, templates=words.templates
            )
        except (PagerError, ValueError):
            return words.aged(call) if level == "stub" else None
        return made.text
