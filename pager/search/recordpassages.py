"""The passages of plain values: records with their fields, lists, long texts, JSON kept in strings."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..address import join
from ..intake.jsontext import Malformed, parse_json
from ..types import Key
from .figures import Figures
from .passage import LONG, Look, Passage
from .terms import words_of
from .textpassages import passages_of_lines

_SCALARS = 40  # of a list of values that are compared as part of its record
_JSON = 1 << 16  # characters of a string that is read as JSON
_SHALLOW = 1  # the depth down to which the keys of a mapping are listed


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


Below = list[tuple[Any, _Way]]


@dataclass(frozen=True, slots=True)
class _Found:
    """The passages of one value, and what stands below it."""

    passages: list[Passage]
    below: Below


@dataclass(frozen=True, slots=True)
class _Fields:
    """The terms of a record's own fields, the most in one field, and those of its short values alone."""

    own: int
    tight: int
    beside: int


def passages_of_value(look: Look, root: Any, address: str, above: int) -> Iterator[Passage]:
    """Those of a plain value that hold a term, depth first, without recursion."""
    stack: Below = [(root, _Way(address, None, above, 0, 0))]
    while stack:
        value, way = stack.pop()
        if (inner := _json_in(value)) is not None:
            value, way = inner, way.closed()
        if not isinstance(value, (dict, list)):
            yield from _leaf(look, value, way)
            continue
        found = _record(look, value, way) if isinstance(value, dict) else _list(look, value, way)
        yield from found.passages
        stack.extend(reversed(found.below))
        if look.late():
            look.stop(way.address)
            return


def _record(look: Look, record: dict[str, Any], way: _Way) -> _Found:
    fields = _fields(look, record)
    below: Below = []
    named = 0
    for key, child in record.items():
        if isinstance(child, (dict, list)) or (isinstance(child, str) and len(child) > LONG):
            bits = look.phrase.of_name(key)
            named |= bits
            below.append((child, way.to(key, bits, fields.beside if isinstance(child, str) else 0)))
    passages = []
    if fields.own or way.step or named:
        tight = max(fields.tight, way.step, key=int.bit_count)
        passages.append(
            Passage(
                way.address, fields.own | way.step, way.above | named, tight, way.depth, len(record), record,
                spare=_spare(look, way),
            )
        )  # fmt: skip
    if way.depth <= _SHALLOW and look.phrase.bits("keys"):
        passages.append(look.names(way.address, list(record), "keys", way.depth))
    return _Found(passages, below)


def _fields(look: Look, record: dict[str, Any]) -> _Fields:
    own = tight = beside = most = 0
    for key, child in record.items():
        if _is_nested(child):
            continue
        said = _said(look, child)
        bits = look.phrase.of_name(key) | said
        beside |= said
        own |= bits
        if bits and bits.bit_count() > most:
            tight, most = bits, bits.bit_count()
    return _Fields(own, tight, beside)


def _said(look: Look, value: Any) -> int:
    """The terms in a value that is compared as part of its record."""
    if isinstance(value, str):
        return look.phrase.bits(value) if len(value) <= LONG else 0
    if isinstance(value, list) and len(value) <= _SCALARS:
        bits = 0
        for item in value:
            if isinstance(item, str) and len(item) <= LONG:
                bits |= look.phrase.bits(item)
        return bits
    return look.phrase.bits(str(value)) if type(value) is int else 0


def _spare(look: Look, way: _Way) -> int:
    """How many words of a value's own name the phrase does not say, where it says one."""
    if not (way.step and isinstance(way.key, str)):
        return 0
    return min(2, sum(not look.phrase.of_name(word) for word in words_of(way.key)))


def _list(look: Look, items: list[Any], way: _Way) -> _Found:
    passages: list[Passage] = []
    if items and isinstance(items[0], dict):
        passages += _table(look, items, way)
    elif way.step and items:
        passages.append(Passage(way.address, way.step, way.above, way.step, way.depth, len(items), items))
    if way.depth == 0 and len(items) > 1:
        passages += look.end("first top", join(way.address, 0), items[0])
        passages += look.end("last", join(way.address, len(items) - 1), items[-1])
    return _Found(passages, [(item, way.to(number, 0)) for number, item in enumerate(items)])


def _table(look: Look, items: list[Any], way: _Way) -> Iterator[Passage]:
    """The columns of a list of records, and the figures of the rows that the phrase names."""
    yield look.names(way.address, list(items[0]), "columns", way.depth)
    figures = Figures(look.phrase)
    for number, item in enumerate(items):
        if isinstance(item, dict):
            figures.add(number, item)
    yield from look.figures(figures, way.address, way.above)


def _leaf(look: Look, value: Any, way: _Way) -> Iterator[Passage]:
    if not isinstance(value, str):
        return
    if len(value) > LONG or "\n" in value:
        yield from passages_of_lines(look, value.splitlines(), way.address, lambda line: way.above, way.depth + 1)
    elif bits := look.phrase.bits(value):
        yield Passage(way.address, bits, way.above, bits, way.depth, len(value) // 100, value)


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
