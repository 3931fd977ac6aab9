"""What each result was in the prompt of each generation: a strip a result, from the ledger alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..events import Event
from ..exchange import Answer
from ..held import level_of
from ..ledger import Ledger
from ..messages import ToolCall

LEVELS = ("card", "page", "summary", "stub", "index")
_RANKS = {"pages": "page", "cards": "card", "summaries": "summary", "stubs": "stub"}
_ORDER = ("page", "card", "summary", "stub")


@dataclass(frozen=True, slots=True)
class Strip:
    """One result: its id, the call that made it, and its level in each prompt, "" while there was nothing of it."""

    result: str
    call: ToolCall
    levels: tuple[str, ...]


def strips(events: Iterable[Event]) -> list[Strip]:
    """The results in the order in which they came."""
    ledger = Ledger()
    calls: dict[str, ToolCall] = {}
    prompts: list[dict[str, str]] = []
    for event in events:
        if event["event"] == "generation":
            prompts.append({} if event.get("purpose") == "summarizer" else _levels(ledger))
        ledger = ledger.after(event)
        made = ledger.made[-1] if event["event"] == "result" and ledger.made else None
        if made is not None and made.status == "new" and made.address:
            calls.setdefault(made.address, made.call)
    return [Strip(result, call, tuple(prompt.get(result, "") for prompt in prompts)) for result, call in calls.items()]


def _levels(ledger: Ledger) -> dict[str, str]:
    """The fullest form in which each result stands in the prompt; "index" for one that left it."""
    found = {answer.result: "index" for one in ledger.folded for answer in one.answers if answer.result}
    standing = [answer for exchange in ledger.exchanges for answer in exchange.answers if answer.result]
    for answer in sorted(standing, key=_rank, reverse=True):
        found[str(answer.result)] = _level(answer)
    return {str(result): level for result, level in found.items()}


def _level(answer: Answer) -> str:
    return _RANKS.get(level_of(answer), "stub")


def _rank(answer: Answer) -> int:
    return _ORDER.index(_level(answer))
