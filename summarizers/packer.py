"""The one packer: chooses facts, and fills a token budget with them exactly."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pager import TokenCounter

from .fact import Fact
from .layout import lines_of, relative

_ALARM = 2.0  # facts from this salience on are tried before all others, however long
_DECAY = 0.94  # of a topic's worth with each fact of it that is already in
_LINE = 8  # tokens that any fact is counted to cost besides its words: the line, the address
_LENGTH_POWER = 0.55  # 0: longest and shortest facts weigh alike; 1: worth per token
_FOCUS_SHARE = 0.5  # of the room for facts that those which answer a focus may take before all others
_ANSWERS = 0.5  # of a focus that a fact must answer to be one of them
_ANSWER_POWER = 0.35  # as _LENGTH_POWER, for those
_SAME = 2  # of them on one topic
_TEXT_SHARE = 0.7  # of a fact's tokens that are left once it is rendered, white space and addresses shortened
_PATIENCE = 12  # facts that may fail to fit, one after the other, before the packer is content


@dataclass(frozen=True, slots=True)
class Packed:
    """A text within its budget, and which facts it holds."""

    text: str
    tokens: int
    facts: tuple[Fact, ...]
    left_out: int


def pack(
    facts: Sequence[Fact],
    frame: Callable[[list[str], int], str],
    *,
    root: str,
    budget_tokens: int,
    counter: TokenCounter,
    first: Sequence[Fact] = (),
) -> Packed | None:
    """The most telling facts that `frame(lines, left_out)` can hold in `budget_tokens`, the frame's own words included.

    `first` (some of `facts`) are in before all others; then those that answer a focus, within a share of the budget;
    then greedily by salience per length, each topic worth less with every fact of it. None where even the frame with
    `first` alone is too long. The count is made on the whole text, so it is exact for every counter; while the facts
    alone tell that a text is far from the budget, it is not rendered.
    """
    candidates = distinct(facts)
    filling = _Filling(candidates, frame, root, budget_tokens, counter)
    start = filling.counted(_in_order(candidates, first))
    if start.tokens > budget_tokens:
        return None
    return filling.filled(start, trusting=True) or filling.filled(start, trusting=False)


@dataclass(frozen=True, slots=True)
class _Filling:
    """Facts that are put into a frame one after the other."""

    candidates: Sequence[Fact]
    frame: Callable[[list[str], int], str]
    root: str
    budget_tokens: int
    counter: TokenCounter

    def counted(self, chosen: Sequence[Fact]) -> Packed:
        """The text of some facts, which may be too long."""
        left_out = len(self.candidates) - len(chosen)
        text = self.frame(lines_of(chosen, self.root), left_out)
        return Packed(text, self.counter.count(text), tuple(chosen), left_out)

    def filled(self, packed: Packed, *, trusting: bool) -> Packed | None:
        """As many facts as fit; `trusting`: not counted while the most that they can take fits.

        None where that trust was misplaced.
        """
        chosen: list[Fact] = list(packed.facts)
        left = [fact for fact in self.candidates if all(fact is not one for one in chosen)]
        queue = _Queue(left, self.root, self.counter)
        room = _FOCUS_SHARE * (self.budget_tokens - packed.tokens)
        failures, uncounted = 0, 0
        while failures < _PATIENCE and (fact := queue.asked(chosen, room) or queue.next(chosen)) is not None:
            grown = queue.most(fact)
            if uncounted and packed.tokens + uncounted + grown > self.budget_tokens:
                packed, uncounted = self.counted(chosen), 0
                if packed.tokens > self.budget_tokens:
                    return None
            if trusting and packed.tokens + uncounted + grown <= self.budget_tokens:
                chosen, uncounted = self._with(chosen, fact), uncounted + grown
                continue
            if trusting and packed.tokens + queue.least(fact, chosen) > self.budget_tokens:
                failures += 1
                continue
            trial = self.counted(self._with(chosen, fact))
            if trial.tokens > self.budget_tokens:
                failures += 1
            else:
                chosen, packed, failures = list(trial.facts), trial, 0
        packed = self.counted(chosen) if uncounted else packed
        return packed if packed.tokens <= self.budget_tokens else None

    def _with(self, chosen: Sequence[Fact], fact: Fact) -> list[Fact]:
        return _in_order(self.candidates, [*chosen, fact])


def _in_order(candidates: Sequence[Fact], chosen: Sequence[Fact]) -> list[Fact]:
    wanted = set(map(id, chosen))
    return [fact for fact in candidates if id(fact) in wanted]


def distinct(facts: Sequence[Fact]) -> list[Fact]:
    """Best first, each statement once: the same words at the same place, or anywhere below it, say nothing new."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for fact in sorted(facts, key=lambda fact: (-fact.standing, fact.address, fact.text, fact.topic)):
        keys = {(fact.text, fact.topic), (fact.text, fact.address)}
        if not keys & seen:
            kept.append(fact)
        seen |= keys
    return kept


class _Queue:
    """Facts not yet tried, in the order that what is already chosen makes them worth."""

    def __init__(self, candidates: Sequence[Fact], root: str, counter: TokenCounter) -> None:
        self._left = list(candidates)
        self._length = {id(fact): counter.count(f"{fact.text} {relative(fact, root)}") for fact in candidates}
        answers = [fact for fact in candidates if fact.relevance >= _ANSWERS]
        self._answers = sorted(answers, key=lambda fact: (-self._answer_worth(fact), -fact.salience))
        self._label = {group: counter.count(group) for group in {fact.group for fact in candidates}}

    def most(self, fact: Fact) -> int:
        """The most tokens that it may add to a text."""
        return self._length[id(fact)] + _LINE

    def least(self, fact: Fact, chosen: Sequence[Fact]) -> float:
        """The fewest that it may add; none where it would order the others anew, or leave nothing out."""
        if not self._left or any(one.topic == "shape" for one in (fact, *chosen)):
            return 0
        shared = self._label[fact.group] if any(fact.group == one.group for one in chosen) else 0
        return _TEXT_SHARE * self._length[id(fact)] - shared - _LINE / 2

    def asked(self, chosen: Sequence[Fact], room: float) -> Fact | None:
        """The fact that answers most of the focus and fits what is left of `room` tokens, taken off the queue.

        The better the best of them answers, the more of the room may be used; none where none is near an answer.
        """
        spent = sum(self._length.get(id(fact), 0) for fact in chosen if fact.relevance >= _ANSWERS)
        topics = Counter(fact.topic for fact in chosen if fact.relevance >= _ANSWERS)
        for fact in self._answers:
            fits = spent + self._length[id(fact)] <= room * min(1.0, fact.relevance)
            if fits and topics[fact.topic] < _SAME and any(fact is one for one in self._left):
                self._left.remove(fact)
                return fact
        return None

    def _answer_worth(self, fact: Fact) -> float:
        """Its relevance, less where it takes many words."""
        return fact.relevance / math.pow(self._length[id(fact)] + _LINE, _ANSWER_POWER)

    def next(self, chosen: Sequence[Fact]) -> Fact | None:
        """The fact worth most now, taken off the queue."""
        if not self._left:
            return None
        topics = Counter(fact.topic for fact in chosen)
        groups = {fact.group for fact in chosen if fact.group}
        best = max(self._left, key=lambda fact: self._rank(fact, topics, groups))
        self._left.remove(best)
        return best

    def _rank(self, fact: Fact, topics: Counter[str], groups: set[str]) -> tuple[bool, float]:
        return fact.salience >= _ALARM, self._worth(fact, topics, groups)

    def _worth(self, fact: Fact, topics: Counter[str], groups: set[str]) -> float:
        length: float = self._length[id(fact)] + _LINE
        if fact.group in groups:  # it continues a line: the first words are there already
            length = max(1.0, length - self._label[fact.group] - _LINE // 2)
        decay: float = _DECAY ** topics[fact.topic]
        return fact.salience * decay / math.pow(length, _LENGTH_POWER)
