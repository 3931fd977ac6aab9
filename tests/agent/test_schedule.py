"""The cost model of compaction: when a batch is due, which one it is, and that what the user set goes first."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.ceiling import share_out
from agent.exchange import Answer, Exchange, Remark
from agent.ladder import Batch, State
from agent.ledger import Ledger
from agent.messages import ToolCall
from agent.schedule import Costs, Load, Schedule
from agent.settings import Settings

BUDGET = share_out(Settings(), {"head": 800})
LOAD = Load(fixed=1_400, used=5_000, bound=6_000, growth=500, rewritten=600)


def _schedule(costs: Costs | None = None, **chosen: float) -> Schedule:
    return Schedule(BUDGET, replace(Settings(), **chosen), len, costs or Costs())  # type: ignore[arg-type]


def _ledger(sizes: list[int], *, waiting: bool = False) -> Ledger:
    call = ToolCall("look", {})
    entries = [
        Exchange(n, n, "turn", "{" * 30, (call,), (Answer("r" * size, "new", f"r{n}"),))
        for n, size in enumerate(sizes, start=1)
    ]
    last = [Exchange(len(sizes) + 1, len(sizes) + 1, "turn", "{" * 30, (call,))] if waiting else []
    return Ledger(entries=(*entries, *last), turn=len(entries) + len(last))


def _shorter(call: ToolCall, answer: Answer, level: str) -> str:
    return {"summary": "s" * 150, "stub": "t" * 25}[level]


def _batch(schedule: Schedule, ledger: Ledger, *, total: int | None = None) -> Batch:
    held = sum(len(entry.text) for entry in ledger.entries)
    return schedule.batch(ledger, schedule.pressure(ledger, 800 + held if total is None else total), _shorter)


def test_a_batch_is_due_at_the_bound_whatever_it_costs() -> None:
    """Memory is no matter of price."""
    dear = Batch((), (), (), State(saved=1, kept=0, lost=1e9))
    assert not _schedule().is_due(LOAD, dear)
    assert _schedule().is_due(replace(LOAD, used=6_001), dear)
    assert _schedule().is_due(LOAD, dear, soon=1_001)


def test_a_batch_is_due_once_carrying_has_cost_what_it_costs() -> None:
    """carry · saved² / (2 · growth) against the price, to the token."""
    schedule = _schedule(Costs(attention=0, carry=0.1))
    state = State(saved=4_000, kept=400, lost=400)
    price = schedule.price(LOAD, state)
    assert price == 1_000 - 400 + 600 + 400 == 1_600
    assert price == 0.1 * 4_000**2 / (2 * 500)
    assert schedule.is_due(LOAD, Batch((), (), (), state))
    assert not schedule.is_due(LOAD, Batch((), (), (), replace(state, lost=401)))


def test_the_rate_is_least_at_the_economic_order_quantity() -> None:
    """Where memory allows the best cycle the rate is carry · left + √(2 · price · growth · carry)."""
    schedule = _schedule(Costs(attention=0, carry=0.5))
    state = State(saved=4_500, kept=0, lost=0)
    price = schedule.price(LOAD, state)
    assert schedule.rate(LOAD, state) == pytest.approx(0.5 * 500 + (2 * price * 500 * 0.5) ** 0.5)


def test_what_the_user_set_goes_before_the_model() -> None:
    """Watermarks are kept: due at the high one and not before, down to the low one and little further."""
    schedule = _schedule(high_water=0.5, low_water=0.3)
    room = BUDGET.room
    nothing = Batch((), (), (), State(saved=1, kept=0, lost=0))
    assert schedule.is_due(replace(LOAD, used=room // 2 + 1), nothing)
    assert not schedule.is_due(replace(LOAD, used=room // 2 - 1), Batch((), (), (), State(room // 2, 0, 0)))
    ledger = _ledger([900] * 6)
    left = sum(len(entry.text) for entry in ledger.entries) - _batch(schedule, ledger).saved
    assert 0.3 * room - 900 < left <= 0.3 * room


def test_a_call_that_waits_and_what_stands_before_it_are_a_pair_for_ever() -> None:
    """However much must go, the exchange whose answer is still to come stays."""
    ledger = _ledger([900] * 6, waiting=True)
    batch = _batch(_schedule(), ledger, total=20_000)
    assert 7 not in batch.folded
    assert all(change.generation != 7 for change in batch.changes)


def test_the_cheapest_batch_leaves_what_is_aged_already_where_it_can() -> None:
    """A second batch need not begin at the start: what stands before the first change is kept in the cache."""
    aged = _ledger([900] * 3)
    done = [
        replace(one, answers=(Answer("s" * 150, "new", f"r{one.number}", "summary"),)) for one in aged.exchanges[:2]
    ]
    notice = Remark(2, "notice", "n" * 60)
    fresh = _ledger([1_500] * 5).exchanges[2:]
    batch = _batch(_schedule(), Ledger(entries=(*done, notice, *fresh), turn=5))
    assert batch.state.kept >= sum(len(one.text) for one in done)


def test_a_notice_that_is_only_written_anew_frees_nothing() -> None:
    """Or a full prompt with nothing to shorten would be compacted for ever."""
    ledger = Ledger(entries=(Remark(1, "notice", "n" * 400), *_ledger([40]).entries), turn=1)
    assert _batch(_schedule(), ledger).saved == 0


@given(sizes=st.lists(st.integers(1, 2_000), min_size=1, max_size=12), needed=st.integers(0, 6_000))
@settings(max_examples=60, deadline=None)
def test_what_is_needed_goes_if_it_is_there(sizes: list[int], needed: int) -> None:
    """Cost decides only as long as memory does not; the estimate is what the entries really lose."""
    ledger = _ledger(sizes)
    schedule = _schedule()
    held = sum(len(entry.text) for entry in ledger.entries)
    pressure = replace(schedule.pressure(ledger, 800 + held), needed=needed)
    batch = schedule.batch(ledger, pressure, _shorter)
    assert batch.saved >= min(needed, held)
    event = {"event": "compaction", "changes": [change.fields() for change in batch.changes], "folded": batch.folded,
             "dropped": batch.dropped, "notebook": "", "index": "", "notice": ""}  # fmt: skip
    assert held - sum(len(entry.text) for entry in ledger.after(event).entries) == batch.saved


def test_parts_that_weigh_more_than_the_prompt_cost_no_less_than_nothing() -> None:
    """Tokens that merge over a seam make parts heavier than the whole: only what is written anew is computed then."""
    state = State(saved=0, kept=LOAD.used + 300, lost=0.0)
    schedule = _schedule(Costs(attention=0, carry=0.1))
    assert schedule.price(LOAD, state) == LOAD.rewritten
    assert schedule.rate(LOAD, state) > 0
