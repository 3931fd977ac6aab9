"""Schedules on a workload: what each would have prefilled, token by token, without a model.

A prompt is a row of segments; what two prompts share from their start on is in the cache, where there is one.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from agent.ceiling import Budget, share_out
from agent.exchange import Entry, Remark
from agent.ladder import Batch
from agent.ledger import Ledger
from agent.schedule import USUAL, Costs, Pressure, Schedule
from agent.settings import Settings

from .workload import RESERVE, Step, Workload

SUMMARY, STUB, CARD, REMINDER, RECEIPT, NOTICE = 150, 25, 260, 100, 10, 60
Segments = tuple[tuple[str, int], ...]
_AS_IT_CAME = ("reply", "page")
Policy = Callable[[Workload], Iterator[Segments]]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a schedule costs: tokens prefilled, the largest prompt, prompts above the ceiling, agent/schedule.py's cost.

    `came` are head, replies and results as they entered prompts, each once.
    """

    computed: int
    came: int
    peak: int
    over: int
    prompts: int
    cost: float


def spent(workload: Workload, prompts: Iterator[Segments], *, reuse: bool, costs: Costs = USUAL) -> Spent:
    """Add up a schedule's prompts; `cost` is agent/schedule.py's, of the prompts made (nothing for risks)."""
    held: Segments = ()
    seen: dict[str, int] = {}
    computed = peak = over = count = 0
    cost = 0.0
    for prompt in prompts:
        total = sum(tokens for _, tokens in prompt)
        new = total - (_shared(held, prompt) if reuse else 0)
        computed, peak, count = computed + new, max(peak, total), count + 1
        seen |= {key: tokens for key, tokens in prompt if key.endswith(_AS_IT_CAME)}
        over += total + RESERVE > workload.ceiling
        cost += new * (1 + costs.attention * (total - new / 2)) + costs.carry * total
        held = prompt
    return Spent(computed, workload.head + sum(seen.values()), peak, over, count, cost)


def _shared(held: Segments, prompt: Segments) -> int:
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(held, prompt, strict=False))
    return sum(one[1] for one, _ in same)


def whole(workload: Workload) -> Iterator[Segments]:
    """Nothing is ever shortened."""
    for turn in range(len(workload.steps)):
        yield _prompt(workload, turn)


def keep_last(workload: Workload, *, keep: int = 2, trigger: int = 0, left: int = SUMMARY) -> Iterator[Segments]:
    """All results but the newest `keep` are shortened anew for each prompt, once all together exceed `trigger`."""
    for turn in range(len(workload.steps)):
        full = _prompt(workload, turn)
        above = sum(tokens for _, tokens in full) > trigger
        yield _prompt(workload, turn, range(turn - keep), left=left) if above else full


def clear_tool_uses(workload: Workload) -> Iterator[Segments]:
    """LangChain 1.5's ClearToolUsesEdit: above its trigger all results but 3 are cleared, decided anew each call."""
    yield from keep_last(workload, keep=3, trigger=workload.ceiling - RESERVE, left=5)


def batched(workload: Workload, *, down_to: float | None) -> Iterator[Segments]:
    """At the ceiling the oldest are shortened, down to a fraction of it; None: only what does not fit."""
    most = workload.ceiling - RESERVE
    goal = most if down_to is None else down_to * workload.ceiling
    old = 0
    for turn in range(len(workload.steps)):
        if _total(workload, turn, old) > most:
            enough = (now for now in range(old, turn) if _total(workload, turn, now) <= goal)
            old = next(enough, max(old, turn - 1))
        yield _prompt(workload, turn, range(old))


def _prompt(workload: Workload, turn: int, old: range = range(0), *, left: int = SUMMARY) -> Segments:
    rows = [("head", workload.head)]
    for at, step in enumerate(workload.steps[:turn]):
        short = at in old and step.result > left
        result = (f"{at} short", left) if short else (f"{at} page", step.result)
        rows += [(f"{at} reply", step.reply), result]
    return tuple(rows)


def _total(workload: Workload, turn: int, old: int) -> int:
    return sum(tokens for _, tokens in _prompt(workload, turn, range(old)))


def ours(workload: Workload, *, settings: Settings | None = None, costs: Costs = USUAL) -> Iterator[Segments]:
    """The product's own schedule: its ledger, its ladder, its cost model; texts are as long as they have tokens."""
    settings = replace(settings or Settings(), ceiling=workload.ceiling, max_new_tokens=RESERVE)
    budget = share_out(settings, {"head": workload.head})
    run = _Run(workload, budget, Schedule(budget, settings, len, costs))
    for step in workload.steps:
        yield from run.turn(step)


class _Run:
    """One simulated run; does what agent/loop.py and agent/compaction.py do, of sizes alone."""

    def __init__(self, workload: Workload, budget: Budget, schedule: Schedule) -> None:
        self._head = ("head", workload.head)
        self._budget = budget
        self._schedule = schedule
        self._ledger = Ledger()
        self._number = 0

    def turn(self, step: Step) -> Iterator[Segments]:
        """The prompts of one turn: of a reminder where one is due, and of the turn."""
        pressure = self._pressure()
        fits = self._total() + REMINDER + self._budget.reserve <= self._budget.ceiling
        if fits and self._is_due(pressure, soon=2 * step.reply):
            self._ledger = self._ledger.after({"event": "reminder", "about": [], "content": _text("remind", REMINDER)})
            yield self._prompt()
            self._speak("reminder", 50)
            self._land(RECEIPT, "note")
            pressure = self._pressure()
        if pressure.needed:
            self._shorten(self._batch(pressure), pressure)
        yield self._prompt()
        self._speak("turn", step.reply)
        pressure = self._pressure()
        if self._ledger.reminder is not None or self._is_due(pressure):
            self._shorten(self._batch(pressure), pressure)
        room = self._budget.ceiling - self._budget.reserve - self._total()
        self._land(step.result if step.result <= room - NOTICE else min(step.result, CARD, room), "new")

    def _is_due(self, pressure: Pressure, soon: int = 0) -> bool:
        schedule = self._schedule
        if not schedule.may_be_due(self._ledger, pressure.load, soon=soon):
            return False
        batch = self._batch(pressure)
        return schedule.is_due(pressure.load, batch, soon=soon) and schedule.is_worth_it(self._ledger, batch, pressure)

    def _batch(self, pressure: Pressure) -> Batch:
        return self._schedule.batch(self._ledger, pressure, _shorter)

    def _pressure(self) -> Pressure:
        return self._schedule.pressure(self._ledger, self._total())

    def _prompt(self) -> Segments:
        return (self._head, *(segment for entry in self._ledger.entries for segment in _segments(entry)))

    def _total(self) -> int:
        return sum(tokens for _, tokens in self._prompt())

    def _speak(self, purpose: str, tokens: int) -> None:
        self._number += 1
        numbers = {"input_tokens": 0, "new_tokens": tokens, "reused_tokens": 0, "seconds": 0.0, "max_new_tokens": 0}
        call = {"name": "look", "arguments": {}}
        content = _text(f"{{{self._number}", tokens)
        kind = {"event": "generation", "purpose": purpose, "problem": None, "calls": [call], "withheld": []}
        self._ledger = self._ledger.after({**kind, **numbers, "content": content})

    def _land(self, tokens: int, status: str) -> None:
        address = f"r{self._number}" if status == "new" else None
        content = _text(f"r{self._number}", tokens)
        self._ledger = self._ledger.after(
            {"event": "result", "status": status, "address": address, "content": content, "pinned_until": 0}
        )

    def _shorten(self, batch: Batch, pressure: Pressure) -> None:
        budget, shown = self._budget, len(self._ledger.made)
        notebook = _text("found", min(budget.notebook, 40 * shown))
        index = _text("index", min(budget.index, 20 * len(batch.folded)))
        self._ledger = self._ledger.after(
            {
                "event": "compaction",
                "changes": [change.fields() for change in batch.changes],
                "folded": list(batch.folded),
                "dropped": list(batch.dropped),
                "notebook": notebook,
                "index": index,
                "notice": _text(f"notice {self._number}", NOTICE) + notebook + index,
            }
        )


def _segments(entry: Entry) -> Segments:
    if isinstance(entry, Remark):
        return ((entry.content, len(entry.content)),)
    answers = ((f"{entry.number} {answer.level}", len(answer.content)) for answer in entry.answers)
    return ((f"{entry.number} reply", len(entry.content)), *answers)


def _text(key: str, tokens: int) -> str:
    return key.ljust(tokens, ".")[:tokens]


def _shorter(call: object, answer: object, level: str) -> str | None:
    """Summaries and stubs of the usual size."""
    tokens = {"summary": SUMMARY, "stub": STUB}[level]
    address = getattr(answer, "address", None)
    return _text(f"{address} {level}", tokens) if address else None


def clairvoyant(workload: Workload, *, digest: int = SUMMARY) -> int | None:
    """The fewest tokens any schedule computes that knows all sizes and shortens oldest first; None where none fits.

    Dynamic programming over (turn, results shortened so far): a batch before the answer of `turn` shortens up to some
    result, and costs the digests and what stands behind them.
    """
    sizes = [step.reply + step.result for step in workload.steps]
    short = [step.reply + min(digest, step.result) for step in workload.steps]
    best: dict[int, float] = {0: 0.0}
    for turn in range(len(sizes)):
        after: dict[int, float] = {}
        for old, cost in best.items():
            for now in range(old, turn + 1):
                context = workload.head + sum(short[:now]) + sum(sizes[now:turn])
                if context + RESERVE > workload.ceiling:
                    continue
                again = 0 if now == old else sum(short[old:now]) + sum(sizes[now:turn])
                after[now] = min(after.get(now, math.inf), cost + again)
        best = after
    return workload.least + int(min(best.values())) if best else None


def searched(workload: Workload) -> dict[str, object]:
    """The watermarks of a grid that compute the fewest tokens, and those that cost least by the model."""
    found = [(spent(workload, ours(workload, settings=one), reuse=True), one) for one in grid()]
    fewest = min(found, key=lambda pair: pair[0].computed)
    cheapest = min(found, key=lambda pair: pair[0].cost)
    return {"fewest": _told(*fewest), "cheapest": _told(*cheapest)}


def grid() -> list[Settings]:
    """Watermarks and numbers of newest calls kept, as a user could set them."""
    waters = itertools.product((0.5, 0.6, 0.7, 0.8, 0.9, 1.0), (0.05, 0.1, 0.2, 0.3, 0.4, 0.5), (0, 1, 2))
    return [Settings(high_water=high, low_water=low, keep_recent=keep) for high, low, keep in waters if low < high]


def _told(one: Spent, settings: Settings) -> dict[str, object]:
    waters = {"high_water": settings.high_water, "low_water": settings.low_water, "keep_recent": settings.keep_recent}
    return {**waters, "computed": one.computed, "cost": round(one.cost)}


POLICIES: dict[str, tuple[Policy, bool]] = {
    "nothing shortened, no cache": (whole, False),
    "keep the last 2, no cache (the original)": (keep_last, False),
    "keep the last 2, edited every turn": (keep_last, True),
    "ClearToolUsesEdit, keep 3 (LangChain 1.5)": (clear_tool_uses, True),
    "ToolOutputTrimmer (openai-agents 0.24), which counts user turns": (whole, True),
    "only just enough at the ceiling": (partial(batched, down_to=None), True),
    **{
        f"down to {share:.0%} at the ceiling": (partial(batched, down_to=share), True)
        for share in (0.2, 0.35, 0.5, 0.7)
    },
    "toolpager": (ours, True),
}
