"""Text, logs and code: lines by number, sections and definitions by name."""

import itertools
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from ..outline import Section, definitions, sections
from ..types import Key, Kind
from .body import Body
from .source import Lines

OUTLINED_UNITS = 32 << 20
"""Longer texts have no named parts: to find them all of it would have to be read."""


class TextBody:
    """Lines of text. A line's own text leaves its line end out; slices, sections and definitions keep theirs."""

    def __init__(self, text: Lines, kind: Kind, language: str | None = None) -> None:
        self._text = text
        self._kind = kind
        self._language = language

    @property
    def kind(self) -> Kind:
        return self._kind

    def source(self) -> Lines:
        return self._text

    def length(self) -> int:
        return self._length

    @cached_property
    def _length(self) -> int:
        return self._text.line_count()

    def value(self) -> Any:
        return self._text.read(0, self._text.size)

    def lines(self, start: int, stop: int | None) -> Iterator[str]:
        """Lines start to stop, without their line ends."""
        first = self._text.line_start(min(start, self.length()) if start else 0)
        last = self._text.size if stop is None else self._text.line_start(min(stop, self.length()))
        return itertools.chain.from_iterable(map(_bare_lines, self._text.part(first, max(first, last)).blocks()))

    def blocks(self) -> Iterator[str]:
        """The text in pieces of many whole lines, their line ends as they stand."""
        return self._text.blocks()

    def child(self, key: Key) -> Body:
        if isinstance(key, int):
            if key >= self.length():
                raise IndexError(key)
            start, stop = self._text.line_start(key), self._text.line_start(key + 1)
            return TextBody(self._text.part(start, self._text.bare_end(start, stop)), "value")
        section = self.section(key)
        return self._range(section.start, section.stop)

    def section(self, key: str) -> Section:
        """The named part: by its key, its title, or its number in the text (`2.1`); raises KeyError."""
        for found in self.sections:
            if key in (found.key, found.title, found.title.split(" ", 1)[0].rstrip(".")):
                return found
        raise KeyError(key)

    def slice(self, start: int, stop: int) -> Body:
        return self._range(start, stop)

    def keys(self, start: int, stop: int) -> Sequence[Key]:
        return [section.key for section in self.sections[start:stop]]

    def rows(self) -> Iterator[dict[str, Any]] | None:
        return None

    @cached_property
    def sections(self) -> list[Section]:
        """All named parts, in the order of the text."""
        if self._text.size > OUTLINED_UNITS or self._kind in ("log", "value"):
            return []
        if self._kind == "code":
            return definitions(self._text.read(0, self._text.size), self._language)
        return sections(self._text.lines())

    def _range(self, start: int, stop: int) -> "TextBody":
        units = self._text.line_start(start), self._text.line_start(min(stop, self.length()))
        return TextBody(self._text.part(*units), self._kind, self._language)


def _bare_lines(block: str) -> list[str]:
    lines = block.split("\n")
    last = lines.pop()
    if "\r" in block:
        lines = [line.removesuffix("\r") for line in lines]
    return [*lines, last] if last else lines
