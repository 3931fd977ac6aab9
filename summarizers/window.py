"""A conversation of any framework under a hard ceiling: old results go down page → summary → stub → folded."""

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass, replace
from typing import Literal

from pager import Call, PagerError

from .answers import call_text
from .card import stub
from .summary import summarize
from .views import VERBS, Views

Level = Literal["page", "summary", "stub", "folded"]
_LEVELS: tuple[Level, ...] = ("page", "summary", "stub", "folded")
_MESSAGE_TOKENS = 8  # of role and separators around a message, in the chat templates that are known
_LEAST_SAVED = 0.2  # of a text; a level that saves less is passed over
_UNCALIBRATED = 1.1  # how far a count may be off before a model has reported one
_REMEMBERED = 256  # batches whose outcome is remembered, of all conversations together
_MEDIA_TOKENS = 1_600  # of an image or another file in a message: the most that the known services count for one image
_MEDIA = re.compile(r"(?:data:[^,]{0,200},)?[A-Za-z0-9+/_-]{512,}={0,2}")
_INDEX_TOKENS = 160  # of the list of results that left the conversation
_CALL_TOKENS = 24  # of a call in that list


class CeilingExceeded(Exception):
    """A prompt is over the ceiling though every result in it is shortened as far as it goes; nothing was sent."""

    def __init__(self, *, input_tokens: int, reserve_tokens: int, ceiling_tokens: int) -> None:
        self.input_tokens = input_tokens
        self.reserve_tokens = reserve_tokens
        self.ceiling_tokens = ceiling_tokens
        super().__init__(
            f"the prompt takes {input_tokens:,} tokens with every result shortened, and {reserve_tokens:,} are "
            f"reserved for the reply: over the ceiling of {ceiling_tokens:,}; raise ceiling_tokens, lower "
            "reserve_tokens, or shorten the instructions and messages"
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """A tool's answer in a conversation: `id` names the call, `turn` the model's message that made it.

    Results of one turn are folded together, so that no call is left without its result. `call_tokens` are those of the
    call itself, freed when the turn is folded. A turn one of whose results `stays` is shortened but never folded: it
    holds an image, say, which nothing could bring back.
    """

    id: str
    turn: str
    text: str
    tool: str
    arguments: Mapping[str, object]
    call_tokens: int = 0
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a conversation says instead: `texts` by call id, and the `folded` turns, which leave it.

    `tokens` is the whole prompt's count after that, calibrated; `counted` is what the counter said.
    """

    texts: Mapping[str, str]
    folded: frozenset[str]
    tokens: int
    counted: int


class Window:
    """Keeps prompts under `ceiling_tokens`, `reserve_tokens` for the reply included.

    Once a prompt passes `high_water` of its room, the oldest results are shortened, several at once, down to
    `low_water`; until that happens again every prompt extends the one before. The newest `keep_recent` turns are
    touched only where the ceiling could not be kept otherwise. Counts are the pager's counter's, raised by the
    largest ratio that the model's own reports (`report`) have shown, and by 10 % before the first.

    One window serves many conversations, also from several threads: what was shortened is remembered by the results
    that a conversation has had, in their order, so that none is told by what was said in another.
    """

    def __init__(
        self,
        views: Views,
        *,
        ceiling_tokens: int,
        reserve_tokens: int = 1024,
        keep_recent: int = 2,
        high_water: float = 0.9,
        low_water: float = 0.5,
        summary_tokens: int = 150,
    ) -> None:
        if not 0 < reserve_tokens < ceiling_tokens:
            raise ValueError(
                f"reserve_tokens={reserve_tokens} must be positive and below ceiling_tokens={ceiling_tokens}"
            )
        if not 0 < low_water < high_water <= 1:
            raise ValueError(
                f"low_water={low_water} and high_water={high_water} must be fractions with "
                "0 < low_water < high_water <= 1"
            )
        self._views = views
        self._ceiling = ceiling_tokens
        self._reserve = reserve_tokens
        self._keep_recent = keep_recent
        self._water = (high_water, low_water)
        self._summary_tokens = summary_tokens
        self._left: OrderedDict[bytes, tuple[tuple[Level, str], ...]] = OrderedDict()
        self._lock = threading.Lock()
        self._ratio: float | None = None

    def count(self, *parts: object) -> int:
        """Tokens of messages or schemas: strings as they are, anything else as its JSON, each with its frame.

        An image or another file in a message, as bytes or in base64, counts as what a large image costs.
        """
        return sum(self._count(part) for part in parts)

    def report(self, input_tokens: int, fitted: Fitted) -> None:
        """Take in what the model says a fitted prompt had; counts are raised where it had more."""
        if fitted.counted and input_tokens > 0:
            with self._lock:
                self._ratio = max(self._ratio or 1.0, input_tokens / fitted.counted)

    def fit(self, shown: Sequence[Shown], *, other_tokens: int) -> Fitted:
        """The texts with which a conversation is within the ceiling; `shown` is in its order, oldest first.

        `other_tokens` counts everything else in the prompt: instructions, tool schemas, messages, calls. Raises
        CeilingExceeded where nothing is left to shorten.
        """
        marks = _marks(shown)
        before = self._as_left(marks, shown)
        held = _Held(list(before), shown, self)
        room = self._room()
        total = held.tokens + other_tokens
        high, low = self._water
        if total > high * room:
            held.shorten(wanted=total - int(low * room), needed=total - room, recent=self._keep_recent)
        total = held.tokens + other_tokens
        if total > room:
            raise CeilingExceeded(
                input_tokens=self._calibrated(total), reserve_tokens=self._reserve, ceiling_tokens=self._ceiling
            )
        if held.now != before:
            self._remember(marks[-1], held.now)
        return Fitted(held.texts(), held.folded(), self._calibrated(total), total)

    def text_at(self, one: Shown, level: Level) -> str | None:
        """What a result says as a summary or a stub; None where it cannot be told so."""
        views, counter = self._views, self._views.pager.counter
        if one.tool in VERBS:  # it can be asked for again by the same call
            return views.templates.render("aged", call=self._call(one)) if level == "stub" else None
        address = self._address(one)
        if address is None:
            return None
        try:
            node = views.pager.node(address)
            if level == "stub":
                return stub(node, counter=counter, templates=views.templates)
            budget = self._summary_tokens
            return summarize(node, budget_tokens=budget, counter=counter, templates=views.templates).text
        except (PagerError, ValueError):
            return None

    def index(self, folded: Sequence[Shown]) -> str:
        """The newest of the results that left, one a line, within a bound; "" where there are none."""
        views = self._views
        found = [(self._address(one), one) for one in folded if one.tool not in VERBS]
        lines = [{"address": address, "call": self._call(one)} for address, one in found if address]
        for count in range(min(len(lines), _INDEX_TOKENS // 8), 0, -1):
            more, first = len(lines) - count, lines[0]["address"]
            text = views.templates.render("index", results=lines[-count:], more=more, first=first)
            if views.pager.counter.count(text) <= _INDEX_TOKENS:
                return text
        return ""

    def _address(self, one: Shown) -> str | None:
        """Where a result is kept; one that was short enough to be told as it is, is kept now."""
        views = self._views
        try:
            call = Call(one.tool, dict(one.arguments))
            return views.result_told(one.text) or views.pager.put(one.text, name=one.tool, call=call).id
        except PagerError:
            return None

    def _call(self, one: Shown) -> str:
        views = self._views
        return call_text(
            one.tool,
            one.arguments,
            limit_tokens=_CALL_TOKENS,
            templates=views.templates,
            counter=views.pager.counter,
        )

    def _room(self) -> int:
        """What prompts may have, in tokens of the counter."""
        return int((self._ceiling - self._reserve) / (self._ratio or _UNCALIBRATED))

    def _calibrated(self, tokens: int) -> int:
        return round(tokens * (self._ratio or _UNCALIBRATED))

    def _count(self, part: object) -> int:
        counter, files = self._views.pager.counter, 0
        if not isinstance(part, str):
            bare = _bare(part)
            part = json.dumps(bare, default=str, ensure_ascii=False)
            files = part.count(_FILE)
        return counter.count(part) + files * _MEDIA_TOKENS + _MESSAGE_TOKENS

    def _as_left(self, marks: Sequence[bytes], shown: Sequence[Shown]) -> list["_Now"]:
        """The results as the latest batch left them that this conversation, or one just like it, went through."""
        with self._lock:
            mark = next((one for one in reversed(marks) if one in self._left), None)
            left = () if mark is None else self._left[mark]
            if mark is not None:
                self._left.move_to_end(mark)
        later: list[tuple[Level, str]] = [("page", one.text) for one in shown[len(left) :]]
        said = zip(shown, (*left, *later), strict=True)
        return [_Now(one, level, text, 0 if level == "folded" else self.count(text)) for one, (level, text) in said]

    def _remember(self, mark: bytes, now: Sequence["_Now"]) -> None:
        with self._lock:
            self._left[mark] = tuple((one.level, one.text) for one in now)
            while len(self._left) > _REMEMBERED:
                self._left.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Now:
    """A result as it stands in the conversation."""

    shown: Shown
    level: Level
    text: str
    tokens: int


class _Held:
    """The results of one prompt on their way down."""

    def __init__(self, now: list[_Now], shown: Sequence[Shown], window: Window) -> None:
        self.now = now
        self._window = window
        self._turns = list(dict.fromkeys(one.turn for one in shown))
        self._staying = {one.turn for one in shown if one.stays} | set(self._turns[-1:])
        self._index = window.index(self._gone())

    @property
    def tokens(self) -> int:
        """Of all results and the list of those that left, less the calls of folded turns (which others counted)."""
        calls = sum(one.call_tokens for one in self._gone())
        return sum(one.tokens for one in self.now) + (self._window.count(self._index) if self._index else 0) - calls

    def texts(self) -> dict[str, str]:
        """What is said instead, where something is; the oldest result that stayed tells of those that left."""
        changed = {one.shown.id: one.text for one in self.now if one.level in ("summary", "stub")}
        oldest = next((one for one in self.now if one.level != "folded"), None)
        if self._index and oldest is not None:
            changed[oldest.shown.id] = f"{self._index}\n{oldest.text}"
        return changed

    def folded(self) -> frozenset[str]:
        """The turns that leave."""
        return frozenset(one.shown.turn for one in self.now if one.level == "folded")

    def shorten(self, *, wanted: int, needed: int, recent: int) -> None:
        """Free `wanted` tokens of what is old; of the newest `recent` turns no more than frees `needed`."""
        goal, least = self.tokens - wanted, self.tokens - needed
        old = self._turns[: max(0, len(self._turns) - recent)]
        for step in self._steps(old):
            if self.tokens <= goal:
                return
            self._lower(*step)
        for step in self._steps(self._turns[len(old) :]):
            if self.tokens <= least:
                return
            self._lower(*step)

    def _steps(self, turns: Sequence[str]) -> Iterator[tuple[str, Level]]:
        """The mildest of the oldest first; the newest turn of all is never folded, nor is one that stays."""
        for level in _LEVELS[1:]:
            yield from ((turn, level) for turn in turns if level != "folded" or turn not in self._staying)

    def _gone(self) -> list[Shown]:
        return [one.shown for one in self.now if one.level == "folded"]

    def _lower(self, turn: str, level: Level) -> None:
        for place, one in enumerate(self.now):
            if one.shown.turn == turn and _LEVELS.index(one.level) < _LEVELS.index(level):
                self.now[place] = self._lowered(one, level)
        if level == "folded":
            self._index = self._window.index(self._gone())

    def _lowered(self, one: _Now, level: Level) -> _Now:
        if level == "folded":
            return replace(one, level=level, text="", tokens=0)
        text = self._window.text_at(one.shown, level)
        tokens = one.tokens if text is None else self._window.count(text)
        if text is None or tokens > (1 - _LEAST_SAVED) * one.tokens:
            return one
        return replace(one, level=level, text=text, tokens=tokens)


_FILE = "\ufdd0"  # stands for a file; no character of any text


def _bare(part: object) -> object:
    """A message part with a mark in place of each file in it."""
    if isinstance(part, str):
        return _FILE if _MEDIA.fullmatch(part) else part
    if isinstance(part, bytes | bytearray):
        return _FILE
    if isinstance(part, Mapping):
        return {str(name): _bare(one) for name, one in part.items()}
    if isinstance(part, list | tuple):
        return [_bare(one) for one in part]
    return _bare(asdict(part)) if is_dataclass(part) and not isinstance(part, type) else part


def _marks(shown: Sequence[Shown]) -> list[bytes]:
    """A digest for each result of it and all before it: what tells one conversation from another."""
    digest, marks = hashlib.blake2b(digest_size=16), []
    for one in shown:
        digest.update(json.dumps([one.id, one.turn, one.tool, one.text]).encode())
        marks.append(digest.digest())
    return marks
