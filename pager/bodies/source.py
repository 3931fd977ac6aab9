"""What pages are cut from: text in memory, text in the store's chunks, or whatever can be read by range."""

import bisect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from ..storage.store import Store

BLOCK = 1 << 18
"""About how many characters of a text in memory are one block."""


class Source(Protocol):
    """Text that can be read by range; what `size` counts (bytes, characters, elements) is the source's own."""

    @property
    def size(self) -> int:
        """How many units there are."""

    @property
    def size_bytes(self) -> int | None:
        """How long the whole text is in UTF-8, or None where that would have to be computed."""

    def read(self, start: int, stop: int) -> str:
        """The text of units start to stop; both must be 0, `size`, or what `edge` returned."""

    def edge(self, position: int, reach: int) -> int:
        """A good place to cut at or at most `reach` units before `position`."""


class Lines(Source, Protocol):
    """A source that knows its lines. A line ends after its newline; the last may have none."""

    def line_count(self) -> int:
        """How many lines there are."""

    def line_start(self, number: int) -> int:
        """The unit at which line `number` starts; `size` for the number of lines."""

    def part(self, start: int, stop: int) -> "Lines":
        """The lines between two units as a source of their own."""

    def bare_end(self, start: int, stop: int) -> int:
        """Where the line from start to stop ends when its line end is left out."""

    def lines(self) -> Iterator[str]:
        """Each line, its newline included."""

    def blocks(self) -> Iterator[str]:
        """The text in pieces of many lines, each cut after a newline; a line is never divided."""


def byte_length(text: str) -> int:
    """How many bytes the text takes in UTF-8, lone surrogates included."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class MemoryText:
    """A str as a source; units are characters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] | None = None

    @property
    def size(self) -> int:
        return len(self._text)

    @cached_property
    def size_bytes(self) -> int:
        return byte_length(self._text)

    def read(self, start: int, stop: int) -> str:
        return self._text[start:stop]

    def edge(self, position: int, reach: int) -> int:
        line = self._text.rfind("\n", max(0, position - reach), position) + 1
        return line or position

    def line_count(self) -> int:
        return len(self._line_starts()) - 1

    def line_start(self, number: int) -> int:
        return self._line_starts()[number]

    def part(self, start: int, stop: int) -> "MemoryText":
        return MemoryText(self._text[start:stop])

    def bare_end(self, start: int, stop: int) -> int:
        if stop > start and self._text[stop - 1] == "\n":
            stop -= 1
            stop -= stop > start and self._text[stop - 1] == "\r"
        return stop

    def lines(self) -> Iterator[str]:
        starts = self._line_starts()
        return (self._text[start:stop] for start, stop in itertools.pairwise(starts))

    def blocks(self) -> Iterator[str]:
        at, size = 0, len(self._text)
        while at < size:
            stop = self._text.find("\n", min(at + BLOCK, size)) + 1 or size
            yield self._text[at:stop]
            at = stop

    def _line_starts(self) -> list[int]:
        """Where each line starts, then the size; never empty."""
        if self._starts is None:
            starts, at = [0], self._text.find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = self._text.find("\n", at + 1)
            if starts[-1] != len(self._text):
                starts.append(len(self._text))
            self._starts = starts
        return self._starts


@dataclass(frozen=True, slots=True)
class StoredText:
    """Bytes `start` to `stop` of a stored content as a source; units are bytes of its UTF-8 form."""

    store: Store
    content: int
    start: int
    stop: int
    errors: str

    @property
    def size(self) -> int:
        return self.stop - self.start

    @property
    def size_bytes(self) -> int:
        return self.size

    def read(self, start: int, stop: int) -> str:
        data = self.store.read(self.content, self.start + start, self.start + min(stop, self.size))
        return data.decode("utf-8", self.errors)

    def edge(self, position: int, reach: int) -> int:
        low = max(0, position - max(reach, 3))
        data = self.store.read(self.content, self.start + low, self.start + position + 1)
        line = data.rfind(b"\n", 0, position - low) + 1
        return low + line if line else low + character_start(data, position - low)

    def line_count(self) -> int:
        if not self.size:
            return 0
        newlines = self._newlines_before(self.stop) - self._newlines_before(self.start)
        return newlines + (self.store.read(self.content, self.stop - 1, self.stop) != b"\n")

    def line_start(self, number: int) -> int:
        if number <= 0:
            return 0
        position = self.store.after_newline(self.content, self._newlines_before(self.start) + number)
        return self.size if position is None else min(self.size, position - self.start)

    def part(self, start: int, stop: int) -> "StoredText":
        return StoredText(self.store, self.content, self.start + start, self.start + stop, self.errors)

    def bare_end(self, start: int, stop: int) -> int:
        tail = self.store.read(self.content, self.start + max(start, stop - 2), self.start + stop)
        return stop - len(tail) + len(tail.removesuffix(b"\n").removesuffix(b"\r") if tail.endswith(b"\n") else tail)

    def lines(self) -> Iterator[str]:
        for block in self.blocks():
            lines = block.split("\n")
            last = lines.pop()
            for line in lines:
                yield line + "\n"
            if last:
                yield last

    def blocks(self) -> Iterator[str]:
        held: list[bytes] = []  # a line may run over thousands of chunks
        for data in self.store.stream(self.content, self.start, self.stop):
            end = data.rfind(b"\n") + 1
            if not end:
                held.append(data)
                continue
            yield b"".join([*held, data[:end]]).decode("utf-8", self.errors)
            held = [data[end:]]
        if rest := b"".join(held):
            yield rest.decode("utf-8", self.errors)

    def _newlines_before(self, position: int) -> int:
        return self.store.newlines_before(self.content, position)


def character_start(data: bytes, at: int) -> int:
    """The start of the UTF-8 character that byte `at` belongs to; `at` itself for a stray continuation byte."""
    if at >= len(data) or data[at] & 0xC0 != 0x80:
        return at
    for back in range(at - 1, max(-1, at - 4), -1):
        if data[back] & 0xC0 != 0x80:
            return back if _width(data[back]) > at - back else at
    return at


def _width(lead: int) -> int:
    return bisect.bisect_right((0x80, 0xE0, 0xF0), lead) + 1 if lead >= 0xC0 else 1
