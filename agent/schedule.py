"""When old results are shortened, and how many at once: a small cost model, and what follows from it.

The unit is the work of prefilling one token. The prompt is a fixed head, then `used` tokens of calls and results, at
most `bound`; each turn adds `growth`. A batch that leaves `left` of them, the first `kept` unchanged, costs once

    price = (left − kept) · (1 + attention · context) + lost

for the KV cache of what stands before a change is kept, and everything behind it is computed again; `lost` is what
shortening risks: a result that has `age` newer ones is opened again with a probability of about `again / age`, and that
costs its tokens and a `turn`. Carrying a token costs `carry` on every later turn: each new token, read or generated,
attends to it. Until the next batch, D more tokens come in D / growth turns, so that a turn costs on average

    rate(D) = price · growth / D + carry · (left + D / 2)

as of any stock that is used up and ordered anew (the economic order quantity). Two rules follow.

*How many:* of all states on the way down, the one with the least rate at its best D, which is √(2 · price · growth /
carry), or bound − left where memory ends the cycle before that.

*When:* at the bound, where the next answer would have no place; before that, once the tokens that could be gone have
cost as much in carrying as the batch costs: carry · saved² / (2 · growth) ≥ price. That is the same D, reached without
knowing the future, and never more than twice the cost of knowing it.

The constants were worked out for a 3B model in fp16 on a T4: attention is 4 · layers · hidden over 2 · parameters,
5e-5, doubled for kernels that do not reach the speed of a matrix product; a decoded token reads 36,864 bytes of cache a
token at 320 GB/s, 5e-4 of a prefilled one, times 40 tokens a turn, plus attention · growth: carry 0.05; decoding those
40 tokens, each at the cost of reading the weights once, about 25 prefilled ones: turn 1,000. The optimum is flat:
`toolpager bench schedule` shows what other constants change.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from .ceiling import NOTICE_TOKENS, Budget
from .exchange import Exchange, Level
from .ladder import Batch, Keep, Ladder, Shorten, State
from .ledger import Ledger
from .settings import Settings

_FLAT = 0.1  # above the least rate: there the mildest batch is taken
Weigh = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Costs:
    """The constants of the model, in prefilled tokens; `again` is a probability."""

    attention: float = 1e-4
    """More work for a prefilled token, for each token before it."""
    carry: float = 0.05
    """One token of context, for one turn."""
    turn: float = 2_000.0
    """One more turn, to open a result again."""
    again: float = 0.5
    """How likely the newest aged result is opened again; the n-th newest: an n-th of it."""
    held: float = 0.75
    """How much of that a summary makes needless."""


USUAL = Costs()


@dataclass(frozen=True, slots=True)
class Load:
    """The tokens under the ceiling: before the room, in it, most that may be in it, and what a turn adds."""

    fixed: int
    used: int
    bound: int
    growth: int
    rewritten: int
    """Notebook, index and notice, which each batch writes anew at the end."""


@dataclass(frozen=True, slots=True)
class Pressure:
    """How full the prompt is: `needed` tokens must go before the next generation; `total` are the prompt's."""

    total: int
    needed: int
    load: Load


@dataclass(frozen=True, slots=True)
class Schedule:
    """Decides from sizes alone when a batch is due and which; what user set as watermarks goes before the model."""

    budget: Budget
    settings: Settings
    weigh: Weigh
    costs: Costs = USUAL

    def pressure(self, ledger: Ledger, total: int) -> Pressure:
        """What weighs on the next generation, given the tokens of the prompt as it stands."""
        budget = self.budget
        growth = self._growth(ledger)
        to_come = max(0, budget.notebook + budget.index - self.weigh(ledger.notebook) - self.weigh(ledger.index))
        load = Load(
            fixed=budget.fixed,
            used=total + to_come - budget.fixed,
            bound=budget.room - min(budget.room // 3, max(growth, budget.card + NOTICE_TOKENS)),
            growth=growth,
            rewritten=budget.notebook + budget.index + NOTICE_TOKENS,
        )
        over = total + budget.reserve > budget.ceiling
        needed = total + budget.reserve + to_come + NOTICE_TOKENS - budget.ceiling if over else 0
        return Pressure(total, needed, load)

    def is_due(self, load: Load, batch: Batch, *, soon: int = 0) -> bool:
        """Whether that batch should be made now, or once `soon` more tokens have come."""
        used = load.used + soon
        high = self.settings.high_water
        if used > load.bound or (high is not None and used > high * self.budget.room):
            return True
        saved = batch.state.saved + soon
        return (
            high is None
            and saved > 0
            and self.costs.carry * saved**2 / (2 * load.growth) >= self.price(load, batch.state)
        )

    def may_be_due(self, ledger: Ledger, load: Load, *, soon: int = 0) -> bool:
        """False where no batch can be due, however good: found without working one out."""
        used = load.used + soon
        high = self.settings.high_water
        if used > load.bound or (high is not None and used > high * self.budget.room):
            return True
        least = self.costs.again * self.costs.turn / max(1, len(ledger.exchanges))
        return high is None and self.costs.carry * used**2 / (2 * load.growth) >= least

    def batch(self, ledger: Ledger, pressure: Pressure, shorten: Shorten) -> Batch:
        """The batch with the least cost a turn; where a low water is set, the least that gets down to it."""
        limit, room = self.settings.keep_recent_tokens, self.budget.room
        keep = Keep(self.settings.keep_recent or 0, room // 2 if limit is None else limit, ledger.turn)
        ladder = Ladder(ledger, keep=keep, weigh=self.weigh, shorten=shorten, lost=self._lost)
        load, low = pressure.load, self.settings.low_water
        if low is None:
            return ladder.batch(needed=pressure.needed, rate=lambda state: self.rate(load, state), within=_FLAT)
        wanted = max(load.used - int(low * room), pressure.needed)
        return ladder.batch(needed=pressure.needed, rate=lambda state: _reaching(wanted, state.saved))

    def is_worth_it(self, ledger: Ledger, batch: Batch, pressure: Pressure) -> bool:
        """A changed prefix must free something: what is needed, or at least the stated minimum."""
        if pressure.needed:
            return batch.saved > 0 or bool(ledger.notebook or ledger.index)
        return batch.saved >= max(1, self.settings.min_shrink * self.budget.room)

    def rate(self, load: Load, state: State) -> float:
        """What a turn costs on average after that batch, until the next."""
        left, price = load.used - state.saved, self.price(load, state)
        best = math.sqrt(2 * price * load.growth / self.costs.carry) if self.costs.carry else math.inf
        more = max(1.0, min(best, load.bound - left))
        return price * load.growth / more + self.costs.carry * (left + more / 2)

    def price(self, load: Load, state: State) -> float:
        """What that batch costs once: the changed suffix computed again, and what it risks.

        Parts weighed apart may come to more tokens than the prompt has of them; then nothing is left behind them.
        """
        suffix = max(0, load.used - state.saved - state.kept) + load.rewritten
        context = load.fixed + state.kept + suffix / 2
        return suffix * (1 + self.costs.attention * context) + state.lost

    def _lost(self, level: Level, tokens: int, age: int) -> float:
        costs = self.costs
        share = {"page": 1 - costs.held, "summary": costs.held, "stub": 0.1}[level]
        return share * costs.again / max(1, age) * (tokens + costs.turn)

    def _growth(self, ledger: Ledger) -> int:
        """The tokens of a turn: the mean of those that stand as they came; before the first, room for a card."""
        whole = [self.weigh(one.text) for one in ledger.exchanges if _is_whole(one)]
        return max(1, round(sum(whole) / len(whole))) if whole else self.budget.landing


def _reaching(wanted: int, saved: int) -> float:
    """Orders what reaches the wanted before what doesn't, and by nearness to it."""
    return float(saved - wanted) if saved >= wanted else 1e12 - saved


def _is_whole(exchange: Exchange) -> bool:
    answers = exchange.answers
    return exchange.purpose == "turn" and bool(answers) and all(one.level == "page" for one in answers)
