"""What the prompt holds and what has happened: a pure fold over a run's events."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from pager import root_of

from .conclusion import Conclusion
from .errors import RunFailed
from .events import Event
from .exchange import Answer, Entry, Exchange, Remark
from .messages import ToolCall
from .notebook import Observation
from .totals import Totals

Fields = Mapping[str, Any]  # of an event, as json reads them


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call that was answered, in the order of the run; `address` is what it showed."""

    turn: int
    call: ToolCall
    status: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """The results the model was told are about to shrink; `asked`: it has had its turn to save."""

    about: tuple[str, ...]
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """The state of an investigation after some events; `Ledger.of(events)` is all there is to resuming."""

    parts: Mapping[str, int] | None = None
    page_tokens: int | None = None
    ceiling: int | None = None  # what memory turned out to allow, where that is less than was set
    notebook: str = ""
    index: str = ""
    entries: tuple[Entry, ...] = ()
    folded: tuple[Exchange, ...] = ()
    made: tuple[CallRecord, ...] = ()
    observations: tuple[Observation, ...] = ()
    saved: tuple[str, ...] = ()
    reminder: Reminder | None = None
    turn: int = 0
    begun: int = 0  # the turn at which the question now open was asked
    asked: str | None = None  # what a person asked last, where it is not the run's question
    slips: int = 0
    finishing: bool = False
    offered: tuple[int, ...] = ()  # the findings that the answer can be rested on, once it was asked for
    conclusion: Conclusion | None = None
    typing: int = 0  # how often the answer was asked for as JSON since it was given in words
    typed: str | None = None  # the answer as JSON, where a schema was given
    ended: bool = False
    reason: str = ""
    totals: Totals = field(default_factory=Totals)
    written: Mapping[str, str] = field(default_factory=dict)  # what the model wrote for summaries, by key

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Ledger":
        """Fold a run's events."""
        ledger = cls()
        for event in events:
            ledger = ledger.after(event)
        return ledger

    def after(self, event: Event) -> "Ledger":
        """The ledger one event later; one it does not know changes nothing. Raises `RunFailed` for a damaged one."""
        step = _STEPS.get(str(event["event"]))
        try:
            return step(self, cast("Fields", event)) if step else self
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise RunFailed(
                f'an event "{event["event"]}" of turn {self.turn} is damaged ({type(error).__name__}: {error}); '
                "restore its line in events.jsonl or start a new run"
            ) from error

    @property
    def answer(self) -> str | None:
        """What a person reads, once the question is answered."""
        return self.conclusion.answer if self.conclusion else None

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The model's replies that still stand in the prompt."""
        return tuple(entry for entry in self.entries if isinstance(entry, Exchange))

    @property
    def last(self) -> Exchange | None:
        """The newest reply that still stands in the prompt."""
        return next(reversed(self.exchanges), None)

    @property
    def waiting(self) -> ToolCall | None:
        """A call that has no answer yet."""
        return self.last.waiting if self.last else None

    @property
    def recorded(self) -> int:
        """How many findings the model has recorded itself."""
        return sum(observation.author == "model" for observation in self.observations)

    @property
    def uncorrected(self) -> str | None:
        """What was wrong with the newest reply, where the model has not been told yet."""
        newest = self.entries[-1] if self.entries else None
        return newest.problem if isinstance(newest, Exchange) and newest.purpose == "turn" else None

    @property
    def mistyped(self) -> bool:
        """Whether the newest reply was to be the answer as JSON and is not."""
        newest = self.entries[-1] if self.entries else None
        return isinstance(newest, Exchange) and newest.purpose == "typed" and newest.problem is not None

    @property
    def unreceipted(self) -> Observation | None:
        """The finding that was written down just before a run was killed: its call still waits for the receipt."""
        own = [one for one in self.observations if one.author == "model"]
        receipts = sum(made.call.name == "record_observation" and made.status == "note" for made in self.made)
        return own[-1] if len(own) > receipts else None

    def with_exchange(self, changed: Exchange) -> "Ledger":
        """The ledger with one exchange put in place of that of the same number."""
        return replace(self, entries=_with(self.entries, changed))

    def cites(self, address: str) -> bool:
        """Whether a finding names that part of a result, what holds it or what it holds, or the result in words."""
        named = re.compile(rf"\b{re.escape(root_of(address))}\b")
        return any(
            any(_holds(place, address) or _holds(address, place) for place in one.evidence)
            or named.search(one.finding) is not None
            for one in self.observations
        )


def _holds(whole: str, part: str) -> bool:
    return part.startswith(whole) and part[len(whole) :][:1] in ("", "/", "[", "#")


def _start(ledger: Ledger, event: Fields) -> Ledger:
    return replace(ledger, parts=event["parts"], page_tokens=event["budget"]["page"])


def _generation(ledger: Ledger, event: Fields) -> Ledger:
    purpose, problem = event["purpose"], event["problem"]
    if purpose == "summarizer":  # aside: it stands in no prompt
        return replace(
            ledger, totals=ledger.totals.after(event), written={**ledger.written, event["key"]: event["reply"]}
        )
    turn = ledger.turn + (purpose == "turn")
    calls = tuple(ToolCall(name=call["name"], arguments=call["arguments"]) for call in event["calls"])
    exchange = Exchange(
        number=ledger.totals.generations + 1,
        turn=turn,
        purpose=purpose,
        content=event["content"],
        calls=calls,
        withheld=tuple(event["withheld"]),
        problem=problem,
    )
    answers = purpose == "answer" or (purpose == "turn" and not calls and problem is None)
    return replace(
        ledger,
        entries=(*ledger.entries, exchange),
        turn=turn,
        slips=ledger.slips if purpose != "turn" else ledger.slips + 1 if problem else 0,
        reminder=replace(ledger.reminder, asked=True) if purpose == "reminder" and ledger.reminder else ledger.reminder,
        conclusion=Conclusion.of(event) if answers else ledger.conclusion,
        typed=event["content"] if purpose == "typed" and problem is None else ledger.typed,
        totals=ledger.totals.after(event),
    )


def _result(ledger: Ledger, event: Fields) -> Ledger:
    exchange = ledger.last
    if exchange is None or exchange.waiting is None:
        return ledger
    answer = Answer(content=event["content"], status=event["status"], address=event["address"])
    done = replace(exchange.answered(answer), pinned_until=max(exchange.pinned_until, event["pinned_until"]))
    made = CallRecord(exchange.turn, exchange.waiting, answer.status, answer.address)
    return replace(ledger.with_exchange(done), made=(*ledger.made, made))


def _remark(kind: str) -> Callable[[Ledger, Fields], Ledger]:
    def remark(ledger: Ledger, event: Fields) -> Ledger:
        return replace(ledger, entries=(*ledger.entries, Remark(ledger.turn, kind, event["content"])))

    return remark


def _error(ledger: Ledger, event: Fields) -> Ledger:
    return _remark("correction")(ledger, event) if event["where"] == "reply" else ledger


def _reminder(ledger: Ledger, event: Fields) -> Ledger:
    reminded = _remark("reminder")(ledger, event)
    return replace(reminded, reminder=Reminder(about=tuple(event["about"])))


def _finish(ledger: Ledger, event: Fields) -> Ledger:
    offered = tuple(event.get("findings", ()))
    return replace(_remark("finish")(ledger, event), finishing=True, offered=offered)


def _typed(ledger: Ledger, event: Fields) -> Ledger:
    return replace(_remark("typed")(ledger, event), typing=ledger.typing + 1)


def _person(ledger: Ledger, event: Fields) -> Ledger:
    """A person's message opens the run again: it wants an answer, and has all the turns."""
    return replace(
        _remark("person")(ledger, event),
        asked=event["content"],
        begun=ledger.turn,
        slips=0,
        finishing=False,
        conclusion=None,
        typing=0,
        typed=None,
        ended=False,
        reason="",
    )


def _memory(ledger: Ledger, event: Fields) -> Ledger:
    """Less fits from now on; a request for the answer in words is made anew, for it was measured for more."""
    if ledger.conclusion is not None:
        return replace(ledger, ceiling=event["lowered_to"])
    entries = tuple(entry for entry in ledger.entries if not (isinstance(entry, Remark) and entry.kind == "finish"))
    return replace(ledger, ceiling=event["lowered_to"], entries=entries, finishing=False)


def _observation(ledger: Ledger, event: Fields) -> Ledger:
    observed = Observation(
        number=event["number"],
        turn=event["turn"],
        author=event["by"],
        finding=event["finding"],
        evidence=tuple(event["evidence"]),
        salience=event["salience"],
        step=event.get("step"),
    )
    by_loop = tuple(map(root_of, observed.evidence[:1])) if observed.author == "loop" else ()
    return replace(ledger, observations=(*ledger.observations, observed), saved=(*ledger.saved, *by_loop))


def _compaction(ledger: Ledger, event: Fields) -> Ledger:
    by_number = {exchange.number: exchange for exchange in ledger.exchanges}
    for change in event["changes"]:
        if change["to"] == "folded":
            continue
        exchange = by_number[change["generation"]]
        answer = exchange.answers[change["call"]]
        shorter = replace(answer, content=change["content"], level=change["to"])
        by_number[exchange.number] = exchange.with_answer(change["call"], shorter)
    gone, dropped = set(event["folded"]), set(event["dropped"])
    kept = [
        by_number[entry.number] if isinstance(entry, Exchange) else entry
        for index, entry in enumerate(ledger.entries)
        if not (index in dropped or (isinstance(entry, Exchange) and entry.number in gone))
    ]
    told = event["notice"] and not ledger.finishing and not ledger.typing  # a request for the answer is the last word
    notice = [Remark(ledger.turn, "notice", event["notice"])] if told else []
    return replace(
        ledger,
        entries=(*kept, *notice),
        folded=(*ledger.folded, *(by_number[number] for number in event["folded"])),
        notebook=event["notebook"],
        index=event["index"],
        saved=(),
        reminder=None,
    )


def _end(ledger: Ledger, event: Fields) -> Ledger:
    return replace(ledger, ended=True, reason=event["reason"])


def _with(entries: tuple[Entry, ...], changed: Exchange) -> tuple[Entry, ...]:
    return tuple(
        changed if isinstance(entry, Exchange) and entry.number == changed.number else entry for entry in entries
    )


_STEPS: Mapping[str, Callable[[Ledger, Fields], Ledger]] = {
    "start": _start,
    "generation": _generation,
    "result": _result,
    "error": _error,
    "reminder": _reminder,
    "finish": _finish,
    "typed": _typed,
    "person": _person,
    "memory": _memory,
    "observation": _observation,
    "compaction": _compaction,
    "end": _end,
}
