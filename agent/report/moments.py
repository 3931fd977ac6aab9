"""The timeline of a run: what happened, one thing after the other, each with a line and what can be unfolded of it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..events import Event

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened; `kind` is its event's, `number` a generation's, `address` what a result showed."""

    kind: str
    turn: int
    title: str
    text: str = ""
    number: int | None = None
    address: str | None = None
    failed: bool = False


def moments(events: Iterable[Event]) -> list[Moment]:
    """The timeline; events that tell a person nothing are left out."""
    found: list[Moment] = []
    number = turn = 0
    for event in events:
        kind = str(event["event"])
        turn = int(str(event.get("turn", turn)))
        number += kind == "generation"
        if tell := _TELLING.get(kind):
            found += tell(event, turn, number)
    return found


def _generation(event: Fields, turn: int, number: int) -> Iterator[Moment]:
    used = f"{event['input_tokens']:,} + {event['max_new_tokens']:,} of {event['ceiling']:,} tokens"
    purpose = "" if event["purpose"] == "turn" else f"{event['purpose']}: "
    called = "; ".join(f"{call['name']}({_arguments(call['arguments'])})" for call in event["calls"])
    problem = event.get("problem")
    said = "" if event["calls"] else str(event["content"])
    title = f"{purpose}{called or ('unusable reply' if problem else 'in words')} — {used}"
    text = "\n".join(filter(None, [said, f"unusable: {problem}" if problem else ""]))
    yield Moment("generation", turn, title, text, number, failed=problem is not None)


def _arguments(arguments: Fields) -> str:
    return ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())


def _result(event: Fields, turn: int, number: int) -> Iterator[Moment]:
    shown = event["address"] or event["name"]
    words = {"new": "new result", "view": "shown", "note": "noted", "repeat": "seen before", "failed": "failed"}
    title = f"{shown}: {words.get(event['status'], event['status'])}, {event['tokens']:,} tokens"
    failed = event["status"] == "failed"
    yield Moment("result", turn, title, str(event["content"]), number, event["address"], failed)


def _observation(event: Fields, turn: int, number: int) -> Iterator[Moment]:
    who = "recorded" if event["by"] == "model" else "saved by the loop"
    yield Moment("observation", turn, f"finding {event['number']} {who}: {event['finding']}")


def _compaction(event: Fields, turn: int, number: int) -> Iterator[Moment]:
    title = f"shortened: {event['tokens_before']:,} → {event['tokens_after']:,} tokens"
    changes = (
        f"{change['address'] or 'a note'}: {change['from']} → {change['to']} "
        f"({change['tokens_before']:,} → {change['tokens_after']:,} tokens)"
        for change in event["changes"]
    )
    yield Moment("compaction", turn, title, "\n".join(changes))


def _memory(event: Fields, turn: int, number: int) -> Iterator[Moment]:
    lowered = f"; ceiling {event['ceiling']:,} → {event['lowered_to']:,}" if event["lowered_to"] else ""
    yield Moment("memory", turn, f"out of memory{lowered}", str(event["message"]), failed=True)


def _error(event: Fields, turn: int, number: int) -> Iterator[Moment]:
    yield Moment("error", turn, f"{event['where']}: {event['message']}", failed=True)


def _remark(kind: str, title: str) -> Callable[[Fields, int, int], Iterator[Moment]]:
    def tell(event: Fields, turn: int, number: int) -> Iterator[Moment]:
        yield Moment(kind, turn, title, str(event["content"]))

    return tell


_TELLING: Mapping[str, Callable[[Any, int, int], Iterator[Moment]]] = {
    "generation": _generation,
    "result": _result,
    "observation": _observation,
    "compaction": _compaction,
    "memory": _memory,
    "error": _error,
    "reminder": _remark("reminder", "asked to save what is about to shrink"),
    "finish": _remark("finish", "asked for the answer"),
    "typed": _remark("finish", "asked for the answer as JSON"),
    "person": _remark("person", "a person asked"),
}
