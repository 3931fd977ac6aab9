"""Where a search looks: every key, leaf value, cell and line below a node, each with its address."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..address import join
from ..bodies.arraybody import ArrayBody, BytesBody
from ..bodies.body import Body, ValueBody
from ..bodies.lazy import LazyBody
from ..bodies.load import JsonBody
from ..bodies.numeric import ArrayText
from ..bodies.textbody import TextBody
from ..intake.jsontext import dump
from ..types import Key

BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """Something that can match: a key's own text, or a value's. `label` is shown in its place.

    It stands at the address `above`, or at `key` below that, which is written only for those that match.
    """

    above: str
    text: str
    label: str = ""
    key: Key | None = None

    @property
    def address(self) -> str:
        """Where it stands."""
        return self.above if self.key is None else join(self.above, self.key)


@dataclass(slots=True)
class Walk:
    """A walk over all places below a node; `skipped` fills with the lazy parts that were not computed."""

    skipped: list[str]

    def places(self, body: Body, address: str) -> Iterator[Place]:
        """Every place below a body, in the order of its text."""
        if isinstance(body, LazyBody):
            return self._lazy(body, address)
        if isinstance(body, TextBody):
            return _lines(body, address)
        if isinstance(body, ArrayBody):
            return _elements(body, address)
        if isinstance(body, BytesBody):
            return _blocks(body, address)
        if isinstance(body, (JsonBody, ValueBody)):
            return places_in(body.plain(), address)
        rows = body.rows()
        values = iter(body.value()) if rows is None else rows
        return (place for number, row in enumerate(values) for place in places_in(row, join(address, number)))

    def _lazy(self, body: LazyBody, address: str) -> Iterator[Place]:
        yield from places_in(body.value().get("about", {}), address)
        for name in body.names:
            below = join(address, name)
            yield Place(below, name)
            found = body.computed(name)
            if found is None:
                self.skipped.append(below)
            else:
                yield from self.places(found, below)


def _lines(body: TextBody, address: str) -> Iterator[Place]:
    if body.length() <= 1:
        yield Place(address, body.value())
        return
    for number, line in enumerate(body.lines(0, None)):
        yield Place(address, line, key=number)


def places_in(root: Any, address: str) -> Iterator[Place]:
    """Keys and leaves of a plain value, depth first, without recursion."""
    stack: list[tuple[str, Iterator[tuple[Key, Any]]]] = [(address, _entries(root))]
    if not isinstance(root, (dict, list)):
        yield Place(address, _leaf(root))
    while stack:
        above, entries = stack[-1]
        for key, child in entries:
            if isinstance(child, (dict, list)):
                if isinstance(key, str):
                    yield Place(above, key, "", key)
                stack.append((join(above, key), _entries(child)))
                break
            leaf = _leaf(child)
            if isinstance(key, str):
                yield Place(above, key, leaf, key)
            yield Place(above, leaf, "", key)
        else:
            stack.pop()


def count_places(root: Any) -> int:
    """How many places a plain value has."""
    total, stack = 0, [root]
    while stack:
        value = stack.pop()
        if not isinstance(value, (dict, list)):
            total += 1
            continue
        total += len(value) if isinstance(value, dict) else 0
        below = value.values() if isinstance(value, dict) else value
        nested = [child for child in below if isinstance(child, (dict, list))]
        total += len(value) - len(nested)
        stack += nested
    return total


def _entries(value: Any) -> Iterator[tuple[Key, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    return enumerate(value) if isinstance(value, list) else iter(())


def _leaf(value: Any) -> str:
    return value if isinstance(value, str) else dump(value)


def _elements(body: ArrayBody, address: str) -> Iterator[Place]:
    text = body.source()
    assert isinstance(text, ArrayText)
    for start in range(0, text.size, BLOCK):
        for at, word in enumerate(text.words(start, min(start + BLOCK, text.size)), start):
            yield Place(address + text.index(at), word)


def _blocks(body: BytesBody, address: str) -> Iterator[Place]:
    source = body.source()
    for start in range(0, source.size, BLOCK):
        yield Place(
            f"{address}[{start}:{min(start + BLOCK, source.size)}]", source.read(start, min(start + BLOCK, source.size))
        )
