"""What a ranked search compares: records with their fields, lines, lists of names; each with its way from the root."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .address import join
from .arraybody import ArrayBody, BytesBody
from .body import Body, ValueBody
from .figures import Figures
from .jsontext import Malformed, parse_json
from .lazy import LazyBody
from .load import JsonBody
from .outline import Section
from .phrase import Phrase
from .terms import words_of
from .textbody import TextBody
from .types import Key

LONG = 300
"""Characters from which on a value is searched line by line."""
_READ = 4_000  # characters of a line that are compared
_SCALARS = 40  # of a list of values that are compared as part of its record
_NAMED = 400
_OUTLINED_BYTES = 1 << 21
_ENDS = 3
_CHECKED = 256
_JSON = 1 << 16  # characters of a string that is read as JSON
_ROW = re.compile(r"\S {2,}\S.* {2,}\S")  # a line of columns, which stands alone
_FOLLOWING = 3  # lines kept with one that matched


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a result that shares words with a phrase.

    `own`, `above`, `tight`: the terms in its own words, on the way to it, and at most in one of its fields or its line.
    `content`: a mapping, a list, or text; `then`: the lines after it; `label`: what a listing of names is of; `spare`: words
    of its name that the phrase does not have; `stated`: it is a statement about the result, no part of it.
    """

    address: str
    own: int
    above: int
    tight: int
    depth: int
    length: int
    content: Any
    label: str = ""
    then: Sequence[str] = ()
    spare: int = 0
    stated: bool = False


@dataclass(slots=True)
class Reading:
    """A walk over the passages below a body; `read` counts what was compared, `stopped` is where time ran out."""

    phrase: Phrase
    until: float
    read: int = 0
    stopped: str | None = None
    skipped: list[str] = field(default_factory=list)

    def passages(self, body: Body, address: str) -> Iterator[Passage]:
        """Those that hold a term, in the order of the result."""
        above = self.way(address)
        if isinstance(body, LazyBody):
            yield from self._lazy(body, address, above)
        elif isinstance(body, TextBody):
            yield from self._text(body, address, above)
        elif isinstance(body, (JsonBody, ValueBody)):
            yield from self._values(body.plain(), address, above)
        elif not isinstance(body, (ArrayBody, BytesBody)):
            yield from self._rows(body, address, above)

    def _late(self, address: str) -> bool:
        self.read += 1
        if self.read % _CHECKED == 0 and time.monotonic() > self.until:
            self.stopped = address
        return self.stopped is not None

    def way(self, address: str) -> int:
        """The terms in the names of an address."""
        bits = 0
        for name in address.split("/")[1:]:
            bits |= self.phrase.of_name(name)
        return bits

    def _lazy(self, body: LazyBody, address: str, above: int) -> Iterator[Passage]:
        yield from self._values(body.value().get("about", {}), address, above)
        yield self._names(address, list(body.names), "parts", 0)
        for name in body.names:
            below = join(address, name)
            found = body.computed(name)
            if found is None:
                self.skipped.append(below)
            elif not self._late(below):
                yield from self.passages(found, below)

    def _rows(self, body: Body, address: str, above: int) -> Iterator[Passage]:
        rows = body.rows()
        values: Iterator[Any] = iter(body.value()) if rows is None else rows
        last: tuple[int, Any] | None = None
        figures = Figures(self.phrase)
        for number, row in enumerate(values):
            at = join(address, number)
            if self._late(at):
                return
            if number == 0:
                if isinstance(row, dict):
                    yield self._names(address, list(row), "columns", 0)
                yield from self._end("first top", at, row)
            last = number, row
            if isinstance(row, dict):
                figures.add(number, row)
            yield from self._values(row, at, above)
        if last is not None and last[0]:
            yield from self._end("last", join(address, last[0]), last[1])
        yield from self._figures(figures, address, above)

    def _figures(self, figures: Figures, address: str, above: int) -> Iterator[Passage]:
        asked = self.phrase.bits("mean maximum minimum number rows")
        for said in figures.said():
            own = asked | self.phrase.bits(said)
            yield Passage(address, own, above, own, 0, 0, said, stated=True)

    def _end(self, said: str, address: str, content: Any) -> Iterator[Passage]:
        bits = self.phrase.bits(said)
        if bits:
            own = bits | self._fields(content)[0] if isinstance(content, dict) else bits
            yield Passage(address, own, 0, own, 1, 0, content)

    def _names(self, address: str, names: list[Any], label: str, depth: int) -> Passage:
        """A listing of names, under the word for what they are."""
        own = self.phrase.bits(label)
        for name in names[:_NAMED]:
            own |= self.phrase.of_name(str(name))
        return Passage(address, own, self.way(address), self.phrase.bits(label), depth, len(names), names, label)

    def _values(self, root: Any, address: str, above: int) -> Iterator[Passage]:
        """Records, lists and long texts of a plain value, depth first, without recursion."""
        stack: list[tuple[Any, _Way]] = [(root, _Way(address, None, above, 0, 0))]
        while stack:
            value, way = stack.pop()
            if isinstance(value, dict):
                found = self._record(value, way)
            elif isinstance(value, list):
                found = self._list(value, way)
            elif (inner := _json_in(value)) is not None:
                stack.append((inner, way.closed()))
                continue
            else:
                yield from self._leaf(value, way)
                continue
            yield from found.passages
            stack.extend(reversed(found.below))
            if self._late(way.address):
                return

    def _record(self, record: dict[str, Any], way: "_Way") -> "_Found":
        own, tight, beside = self._fields(record)
        below: list[tuple[Any, _Way]] = []
        named = 0
        for key, child in record.items():
            if isinstance(child, (dict, list)) or (isinstance(child, str) and len(child) > LONG):
                bits = self.phrase.of_name(key)
                named |= bits
                below.append((child, way.to(key, bits, beside if isinstance(child, str) else 0)))
        passages = []
        if own or way.step or named:
            tight = max(tight, way.step, key=int.bit_count)
            above, length = way.above | named, len(record)
            own, spare = own | way.step, self._spare(way)
            passages.append(Passage(way.address, own, above, tight, way.depth, length, record, spare=spare))
        if way.depth <= 1 and (label := self.phrase.bits("keys")):
            passages.append(self._names(way.address, list(record), "keys", way.depth))
        return _Found(passages, below)

    def _fields(self, record: dict[str, Any]) -> tuple[int, int, int]:
        """The terms of a record's own fields, the most in one field, and those of its short values alone."""
        own = tight = beside = most = 0
        for key, child in record.items():
            if _is_nested(child):
                continue
            said = self._said(child)
            bits = self.phrase.of_name(key) | said
            beside |= said
            own |= bits
            if bits and bits.bit_count() > most:
                tight, most = bits, bits.bit_count()
        return own, tight, beside

    def _spare(self, way: "_Way") -> int:
        """How many words of a value's own name the phrase does not say, where it says one."""
        if not (way.step and isinstance(way.key, str)):
            return 0
        return min(2, sum(not self.phrase.of_name(word) for word in words_of(way.key)))

    def _said(self, value: Any) -> int:
        """The terms in a value that is compared as part of its record."""
        if isinstance(value, str):
            return self.phrase.bits(value) if len(value) <= LONG else 0
        if isinstance(value, list) and len(value) <= _SCALARS:
            bits = 0
            for item in value:
                if isinstance(item, str) and len(item) <= LONG:
                    bits |= self.phrase.bits(item)
            return bits
        return self.phrase.bits(str(value)) if type(value) is int else 0

    def _list(self, items: list[Any], way: "_Way") -> "_Found":
        passages: list[Passage] = []
        first = items[0] if items else None
        if isinstance(first, dict) and len(items) > 1:
            figures = Figures(self.phrase)
            for number, item in enumerate(items):
                if isinstance(item, dict):
                    figures.add(number, item)
            passages += self._figures(figures, way.address, way.above)
        if isinstance(first, dict):
            passages.append(self._names(way.address, list(first), "columns", way.depth))
        elif way.step and items:
            passages.append(Passage(way.address, way.step, way.above, way.step, way.depth, len(items), items))
        below = [(item, way.to(number, 0)) for number, item in enumerate(items)]
        if way.depth == 0 and len(items) > 1:
            passages += [*self._end("first top", join(way.address, 0), first)]
            passages += [*self._end("last", join(way.address, len(items) - 1), items[-1])]
        return _Found(passages, below)

    def _leaf(self, value: Any, way: "_Way") -> Iterator[Passage]:
        if not isinstance(value, str):
            return
        if len(value) <= LONG and "\n" not in value:
            bits = self.phrase.bits(value)
            if bits:
                yield Passage(way.address, bits, way.above, bits, way.depth, len(value) // 100, value)
            return
        lines = value.splitlines()
        yield from self._lines(lines, way.address, lambda line: way.above, way.depth + 1)

    def _text(self, body: TextBody, address: str, above: int) -> Iterator[Passage]:
        if body.length() <= 1:
            yield from self._leaf(body.value(), _Way(address, None, above, 0, 0))
            return
        outlined = body.kind in ("text", "code") and (body.source().size_bytes or 0) <= _OUTLINED_BYTES
        sections = body.sections if outlined else []
        if sections:
            yield from self._headings(body, sections, address)
        yield from self._ends(body, address)
        within = _Within([(part.start, part.stop, self.phrase.of_name(part.title)) for part in sections], above)
        yield from self._lines(body.lines(0, None), address, within.bits, 1, alone=body.kind == "log")

    def _ends(self, body: TextBody, address: str) -> Iterator[Passage]:
        length = body.length()
        for said, start in (("first top", 0), ("last", max(0, length - _ENDS))):
            if bits := self.phrase.bits(said):
                lines = list(body.lines(start, min(length, start + _ENDS)))
                own = bits | self.phrase.bits(" ".join(lines)[:_READ])
                yield Passage(join(address, start), own, 0, bits, 1, 0, lines[0], "", lines[1:])

    def _headings(self, body: TextBody, sections: Sequence[Section], address: str) -> Iterator[Passage]:
        """All headings or definitions, and those of each level."""
        label = "classes functions definitions" if body.kind == "code" else "headings sections titles contents"
        own = self.phrase.bits(label)
        if own:
            titles = [part.title for part in sections]
            yield Passage(address, own, 0, own, 0, len(titles), titles, label.split()[-1])
        for level in sorted({part.level for part in sections}):
            titles = [part.title for part in sections if part.level == level]
            bits = self.phrase.bits(f"level {level} {label}") if own else 0
            if bits != own:
                yield Passage(address, bits, 0, bits, 0, len(titles), titles, f"level {level}")

    def _lines(
        self, lines: Iterable[str], address: str, above: Callable[[int], int], depth: int, *, alone: bool = False
    ) -> Iterator[Passage]:
        """The lines that hold a term, each with those after it unless it stands alone."""
        held: deque[tuple[int, str]] = deque()
        for number, line in enumerate(lines):
            held.append((number, line))
            if len(held) > _FOLLOWING:
                yield from self._line(held, address, above, depth, alone=alone)
            if self._late(address):
                return
        while held:
            yield from self._line(held, address, above, depth, alone=alone)

    def _line(
        self, held: deque[tuple[int, str]], address: str, above: Callable[[int], int], depth: int, *, alone: bool
    ) -> Iterator[Passage]:
        number, line = held.popleft()
        way = above(number)
        own = self.phrase.bits(line[:_READ])
        if own:
            then = () if alone or _ROW.search(line) else tuple(text for _, text in held)
            tight = own if len(line) <= LONG else 0
            yield Passage(join(address, number), own, way, tight, depth, len(line) // 100, line, "", then)


def _json_in(value: Any) -> Any:
    """The mapping or list that a long string is the JSON of, or None."""
    if not isinstance(value, str) or not LONG < len(value) < _JSON or value[0] not in "{[":
        return None
    try:
        inner = parse_json(value)
    except Malformed:
        return None
    return inner if isinstance(inner, (dict, list)) else None


def _is_nested(value: Any) -> bool:
    """Whether a value has records of its own below it."""
    return bool(value) and (isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], (dict, list))))


@dataclass(frozen=True, slots=True)
class _Found:
    """The passages of one value, and what stands below it."""

    passages: list[Passage]
    below: list[tuple[Any, "_Way"]]


class _Way:
    """Where a value stands: its address is written only when asked; `step` are the terms of its own name."""

    __slots__ = ("above", "depth", "inside", "key", "parent", "step")

    def __init__(
        self, parent: "_Way | str", key: Key | None, above: int, step: int, depth: int, *, inside: bool = False
    ) -> None:
        self.parent, self.key, self.above, self.step, self.depth = parent, key, above, step, depth
        self.inside = inside

    @property
    def address(self) -> str:
        """The address of the value."""
        keys: list[Key] = []
        way: _Way | str = self
        while isinstance(way, _Way):
            if way.key is not None:
                keys.append(way.key)
            way = way.parent
        return join(way, *reversed(keys))

    def to(self, key: Key, bits: int, beside: int = 0) -> "_Way":
        """The way to a child; `beside` are terms of its siblings."""
        above = self.above | bits | beside
        return _Way(self, None if self.inside else key, above, bits, self.depth + 1, inside=self.inside)

    def closed(self) -> "_Way":
        """The same place, when what is below it has no addresses of its own."""
        return _Way(self, None, self.above, 0, self.depth, inside=True)


class _Within:
    """The terms of the headings that a line stands under, asked line by line."""

    def __init__(self, parts: Sequence[tuple[int, int, int]], above: int) -> None:
        self._parts = [part for part in parts if part[2]]
        self._above = above
        self._next = 0
        self._open: list[tuple[int, int]] = []

    def bits(self, line: int) -> int:
        """The terms above a line; lines are asked in order."""
        while self._next < len(self._parts) and self._parts[self._next][0] <= line:
            _, stop, bits = self._parts[self._next]
            self._open.append((stop, bits))
            self._next += 1
        self._open = [part for part in self._open if part[0] > line]
        above = self._above
        for _, bits in self._open:
            above |= bits
        return above
