"""What shrinks when room is short: page → summary → stub → folded, oldest first, several at once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from .exchange import Answer, Entry, Exchange, Level, Remark
from .ledger import Ledger
from .messages import ToolCall

Shorten = Callable[[ToolCall, Answer, Level], str | None]
"""What an answer says at a lower level; None where it has no such level."""

Lost = Callable[[Level, int, int], float]
"""What it risks to leave a level: its name, its tokens, and how many exchanges are newer."""

_LEVELS: tuple[Level, ...] = ("page", "summary", "stub")
_LEAST_SAVED = 0.2  # of an answer; a level that saves less is left out


@dataclass(frozen=True, slots=True)
class Change:
    """One answer's way down, with its tokens before and after; `content` is what it says from now on."""

    generation: int
    call: int
    address: str | None
    status: str
    before: Level
    after: Level | Literal["folded"]
    tokens_before: int
    tokens_after: int
    content: str

    @property
    def shows_a_page(self) -> bool:
        """Whether details of a result leave the prompt with this change."""
        return self.before == "page" and self.address is not None and self.status in ("new", "view", "repeat")

    def fields(self) -> dict[str, object]:
        """The change as an event tells it."""
        return {
            "generation": self.generation,
            "call": self.call,
            "address": self.address,
            "from": self.before,
            "to": self.after,
            "tokens_before": self.tokens_before,
            "tokens_after": self.tokens_after,
            "content": self.content,
        }


@dataclass(frozen=True, slots=True)
class State:
    """A place on the way down: tokens freed so far, tokens before the first change, what the changes risk."""

    saved: int
    kept: int
    lost: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What one compaction does, and the state it leads to."""

    changes: tuple[Change, ...]
    folded: tuple[int, ...]
    dropped: tuple[int, ...]
    state: State

    @property
    def saved(self) -> int:
        """Its estimate of the tokens freed."""
        return self.state.saved


@dataclass(frozen=True, slots=True)
class Keep:
    """What a batch leaves alone: the newest calls and what is pinned, as long as they have few enough tokens."""

    recent: int
    recent_tokens: int
    turn: int

    def kept(self, exchanges: Iterable[Exchange], weigh: Callable[[str], int]) -> set[int]:
        """The numbers of the exchanges that stay; the newest is always one of them."""
        kept: set[int] = set()
        tokens = 0
        counted = [exchange for exchange in exchanges if exchange.purpose != "reminder"]
        for place, exchange in enumerate(sorted(counted, key=lambda exchange: -exchange.number)):
            weight = weigh(exchange.text)
            wanted = place < self.recent or exchange.pinned_until > self.turn
            if place == 0 or (wanted and tokens + weight <= self.recent_tokens):
                kept.add(exchange.number)
                tokens += weight
        return kept


class Ladder:
    """Works out one batch; decides only, changes nothing outside itself.

    `lost` says what a step risks: from which level, of how many tokens, of an exchange with how many newer ones.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        keep: Keep,
        weigh: Callable[[str], int],
        shorten: Shorten,
        lost: Lost,
    ) -> None:
        self._original = {exchange.number: exchange for exchange in ledger.exchanges}
        self._now = dict(self._original)
        self._dropped = tuple(_outlived(ledger.entries, ledger.turn))
        self._weigh = weigh
        self._shorten = shorten
        self._lost = lost
        self._kept = keep.kept(self._now.values(), weigh)
        self._ages = {number: age for age, number in enumerate(sorted(self._original, reverse=True))}
        weights = [weigh(entry.text) for entry in ledger.entries]
        starts = list(accumulate(weights, initial=0))
        self._starts = {
            entry.number: start
            for entry, start in zip(ledger.entries, starts, strict=False)
            if isinstance(entry, Exchange)
        }
        first = min((starts[place] for place in self._dropped), default=starts[-1])
        gone = [place for place in self._dropped if not _is_notice(ledger.entries[place])]  # a notice is written anew
        self._state = State(sum(weights[place] for place in gone), first, 0.0)

    def batch(self, *, needed: int, rate: Callable[[State], float], within: float = 0.0) -> Batch:
        """The mildest state of what is old whose `rate` is within that fraction of the least; then what is `needed`.

        Of what is recent, no more goes than frees `needed` tokens.
        """
        way = [(dict(self._now), self._state)]
        way += [(dict(self._now), self._state) for step in self._steps(recent=False) if step()]
        rates = [rate(state) for _, state in way]
        chosen = next(place for place, found in enumerate(rates) if found <= (1 + within) * min(rates))
        self._now, self._state = next(
            one for one in (*way[chosen:], way[-1]) if one[1].saved >= needed or one is way[-1]
        )
        for step in self._steps(recent=True):
            if self._state.saved >= needed:
                break
            step()
        gone = [number for number in self._original if number not in self._now]
        return Batch(tuple(self._changes()), tuple(gone), self._dropped, self._state)

    def _steps(self, *, recent: bool) -> Iterator[Callable[[], bool]]:
        """One step after the other, the mildest of the oldest first; the newest exchange goes last of all.

        A call that waits for its answer stays.
        """
        answered = [number for number, exchange in self._original.items() if exchange.waiting is None]
        numbers = sorted(number for number in answered if (number in self._kept) == recent)
        groups = [numbers[:-1], numbers[-1:]] if recent else [numbers]
        for group in groups:
            yield from (self._folding(number) for number in group if _is_note(self._original[number]))
            for level in ("summary", "stub"):
                yield from (self._lowering(number, level) for number in group)
            yield from (self._folding(number) for number in group)

    def _lowering(self, number: int, level: Literal["summary", "stub"]) -> Callable[[], bool]:
        def lower() -> bool:
            if number not in self._now:
                return False
            lowered = [self._lower(number, index, level) for index in range(len(self._now[number].answers))]
            return any(lowered)

        return lower

    def _lower(self, number: int, index: int, level: Level) -> bool:
        exchange = self._now[number]
        answer = exchange.answers[index]
        if answer.level == "stub" or answer.level == level:
            return False
        content = self._shorten(exchange.calls[index], answer, level)
        before = self._weigh(answer.content)
        saved = before - self._weigh(content) if content is not None else 0
        if content is None or saved < max(1, _LEAST_SAVED * before):
            return False
        self._now[number] = exchange.with_answer(index, replace(answer, content=content, level=level))
        self._free(number, saved, self._risk(number, answer, level))
        return True

    def _risk(self, number: int, answer: Answer, after: Level | None) -> float:
        """What it risks that an answer goes down to a level, or leaves; the levels passed over included."""
        if answer.address is None:
            return 0.0
        passed = _LEVELS[_LEVELS.index(answer.level) : len(_LEVELS) if after is None else _LEVELS.index(after)]
        tokens = self._weigh(answer.content)
        return sum(self._lost(level, tokens, self._ages[number]) for level in passed)

    def _folding(self, number: int) -> Callable[[], bool]:
        def fold() -> bool:
            exchange = self._now.pop(number, None)
            if exchange is None:
                return False
            risk = sum(self._risk(number, answer, None) for answer in exchange.answers)
            self._free(number, self._weigh(exchange.text), risk)
            return True

        return fold

    def _free(self, number: int, saved: int, lost: float) -> None:
        state = self._state
        self._state = State(state.saved + saved, min(state.kept, self._starts[number]), state.lost + lost)

    def _changes(self) -> Iterator[Change]:
        for number, exchange in self._original.items():
            now = self._now.get(number)
            for index, answer in enumerate(exchange.answers):
                after = now.answers[index] if now else None
                if after is None or after.level != answer.level:
                    yield self._change(exchange, index, after)

    def _change(self, exchange: Exchange, index: int, after: Answer | None) -> Change:
        answer = exchange.answers[index]
        return Change(
            generation=exchange.number,
            call=index,
            address=answer.address,
            status=answer.status,
            before=answer.level,
            after=after.level if after else "folded",
            tokens_before=self._weigh(answer.content),
            tokens_after=self._weigh(after.content) if after else 0,
            content=after.content if after else "",
        )


def _is_notice(entry: Entry) -> bool:
    return isinstance(entry, Remark) and entry.kind == "notice"


def _is_note(exchange: Exchange) -> bool:
    """Only receipts and errors answered it: nothing of it is worth a place once it is old."""
    return all(answer.status in ("note", "failed") for answer in exchange.answers)


def _outlived(entries: tuple[Entry, ...], turn: int) -> Iterator[int]:
    """The places of remarks that have had their say; what a person asked last has not."""
    remarks = [(place, entry) for place, entry in enumerate(entries) if isinstance(entry, Remark)]
    asked = [place for place, entry in remarks if entry.kind == "person"][-1:]
    for place, entry in remarks:
        if place not in asked and (entry.turn < turn or entry.kind in ("reminder", "notice")):
            yield place
