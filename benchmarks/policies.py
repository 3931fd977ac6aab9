"""What other loops do with results when room is short: each is a few lines over the same transcript.

A result is the tool's whole answer as JSON text. Every policy may cut a result's end off, since none of those compared
here would fit otherwise, and says so in the text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from agent.messages import Message, ToolCall

LEAST_ROOM = 120  # tokens for one call and the beginning of its result; with less, the answer is asked for
_MASKED = "[old result left out to make room]"
Cut = Callable[[str, int], str]
"""A text's beginning in so many tokens at most, with a word that it was cut."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One reply of the model as it stands in the prompt, its calls and their whole results, or what was wrong."""

    content: str
    calls: tuple[ToolCall, ...] = ()
    results: tuple[str, ...] = ()
    correction: str = ""

    def messages(self) -> list[Message]:
        """The reply and what answered it."""
        answers = [
            Message("tool", result, name=call.name) for call, result in zip(self.calls, self.results, strict=True)
        ]
        told = [Message("user", self.correction)] if self.correction else []
        return [Message("assistant", self.content, self.calls), *answers, *told]

    def with_results(self, change: Callable[[str], str]) -> "Exchange":
        """The same with every result changed."""
        return replace(self, results=tuple(map(change, self.results)))


@dataclass(frozen=True, slots=True)
class Room:
    """What a policy may spend: `tokens` for the whole transcript, of which `free` must stay free for the next call.

    `weigh` counts an exchange, `cut` shortens a text. Nothing need stay free for the answer itself.
    """

    tokens: int
    free: int
    weigh: Callable[[Exchange], int]
    cut: Cut


class Policy(Protocol):
    """Chooses what of a transcript stands in the next prompt."""

    @property
    def name(self) -> str:
        """What the loop is called in tables."""

    @property
    def most_turns(self) -> int | None:
        """A turn limit of its own."""

    def shown(self, taken: Sequence[Exchange], room: Room) -> list[Exchange] | None:
        """What stays, within the room; None where nothing more fits and the answer must be asked for."""


@dataclass(frozen=True, slots=True)
class Dump:
    """Every result whole until the prompt is full; what does not fit any more is cut, then the answer is due."""

    name: str = "dump until full"
    most_turns: int | None = None

    def shown(self, taken: Sequence[Exchange], room: Room) -> list[Exchange] | None:
        """All of it, the newest cut to what is left; for the answer, which needs nothing free, as much as fits."""
        kept: list[Exchange] = []
        left = room.tokens
        for one in taken:
            cut = shrunk(one, left, room)
            if room.weigh(cut) > left:
                return kept if room.free == 0 else None
            kept.append(cut)
            left -= room.weigh(cut)
        return kept if left >= room.free or not taken else None


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of every result; when the prompt is full, the oldest exchanges leave it."""

    share: float = 0.125
    name: str = "head of each result"
    most_turns: int | None = None

    def shown(self, taken: Sequence[Exchange], room: Room) -> list[Exchange] | None:
        """The newest exchanges that fit, each result cut at a fixed share of the room."""
        each = int(self.share * room.tokens)
        return _newest([shrunk(one, each, room) for one in taken], room)


@dataclass(frozen=True, slots=True)
class Mask:
    """The newest results; a placeholder for every older one, as SWE-agent masks observations."""

    last: int = 2
    name: str = "mask all but the last 2"
    most_turns: int | None = None

    def shown(self, taken: Sequence[Exchange], room: Room) -> list[Exchange] | None:
        """Calls all stay; results only of the newest exchanges, which share what is left."""
        old = [one.with_results(lambda _: _MASKED) for one in taken[: -self.last]]
        newest = list(taken[-self.last :])
        each = (room.tokens - sum(map(room.weigh, old)) - room.free) // max(1, len(newest))
        return _newest([*old, *(shrunk(one, each, room) for one in newest)], room)


@dataclass(frozen=True, slots=True)
class Original:
    """What this project began with: the last two exchanges, nothing of what was before, and six turns."""

    last: int = 2
    name: str = "last 2 exchanges, 6 turns"
    most_turns: int | None = 6

    def shown(self, taken: Sequence[Exchange], room: Room) -> list[Exchange] | None:
        """The newest exchanges, which share the room."""
        newest = list(taken[-self.last :])
        each = (room.tokens - room.free) // max(1, len(newest))
        return _newest([shrunk(one, each, room) for one in newest], room)


POLICIES: dict[str, Policy] = {"dump": Dump(), "head": Head(), "mask": Mask(), "original": Original()}


def loop_name(loop: str) -> str:
    """What a loop is called in a table."""
    return POLICIES[loop].name if loop in POLICIES else loop


def shrunk(one: Exchange, tokens: int, room: Room) -> Exchange:
    """The exchange in at most so many tokens, its results cut where they are longer than their share."""
    if room.weigh(one) <= tokens:
        return one
    bare = room.weigh(one.with_results(lambda _: ""))
    each = max(0, tokens - bare) // max(1, len(one.results))
    return one.with_results(lambda result: room.cut(result, each))


def _newest(taken: Sequence[Exchange], room: Room) -> list[Exchange]:
    """As many of the newest as leave room for another call."""
    kept: list[Exchange] = []
    left = room.tokens - room.free
    for one in reversed(taken):
        left -= room.weigh(one)
        if left < 0:
            break
        kept.insert(0, one)
    return kept
