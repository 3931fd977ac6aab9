"""Tables whose rows are records of a text: JSON Lines and CSV, read record by record."""

import csv
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..intake.jsontext import Malformed, parse_json
from ..types import Key, Kind
from .body import Body, body_of
from .cells import column_types, convert
from .source import Lines, MemoryText, Source

csv.field_size_limit(1 << 30)
FEW = 100
_INDENTED = re.compile(r"\n\s")


class JsonLinesBody:
    """One JSON value a line; blank lines are none. A line that is no JSON is a row of its text."""

    def __init__(self, text: Lines, kind: Kind) -> None:
        self._text = text
        self._kind = kind

    @property
    def kind(self) -> Kind:
        return self._kind

    def source(self) -> Source:
        return self._text

    @cached_property
    def _blank(self) -> list[int]:
        """The numbers of the blank lines."""
        found, passed = list[int](), 0
        for block in self._text.blocks():
            lines = block.split("\n") if block[:1].isspace() or _INDENTED.search(block) else ()
            found += [passed + at for at, line in enumerate(lines) if not line.strip()]
            if lines and not lines[-1]:
                found.pop()  # what follows the last line end is no line
            passed += block.count("\n")
        return found

    def length(self) -> int:
        return self._text.line_count() - len(self._blank)

    def value(self) -> Any:
        return list(self._values())

    def rows(self) -> Iterator[dict[str, Any]] | None:
        if self._kind != "table":
            return None
        return (value if isinstance(value, dict) else {"text": value} for value in self._values())

    def child(self, key: Key) -> Body:
        if not isinstance(key, int):
            raise KeyError(key)
        if key >= self.length():
            raise IndexError(key)
        line = self._line(key)
        return body_of(record(self._text.read(self._text.line_start(line), self._text.line_start(line + 1))))

    def slice(self, start: int, stop: int) -> Body:
        first, last = self._line(start), self._line(stop - 1) + 1
        return JsonLinesBody(self._text.part(self._text.line_start(first), self._text.line_start(last)), self._kind)

    def keys(self, start: int, stop: int) -> Sequence[Key]:
        return _first_numbers((line for line in self._text.lines() if line.strip()), self.length, start, stop)

    def blocks(self) -> Iterator[str]:
        """The text in pieces of many whole lines."""
        return self._text.blocks()

    def _values(self) -> Iterator[Any]:
        return (record(line) for line in self._text.lines() if line.strip())

    def _line(self, row: int) -> int:
        """The line on which a row stands."""
        for blank in self._blank:
            if blank > row:
                break
            row += 1
        return row


def _first_numbers(rows: Iterator[object], length: Callable[[], int], start: int, stop: int) -> range:
    """The numbers of the rows from start to stop; few are told without counting all."""
    known = sum(1 for _ in itertools.islice(rows, stop)) if stop <= FEW else length()
    return range(known)[start:stop]


def record(line: str) -> Any:
    """The value of one line, or its text where it is no JSON."""
    try:
        return parse_json(line)
    except Malformed:
        return line.rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class _Record:
    """One record of a CSV text as it stands there; it may run over several lines."""

    start: int
    text: str


class CsvBody:
    """Delimited records under a header; cells are typed by column."""

    def __init__(self, text: Lines, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter

    @property
    def kind(self) -> Kind:
        return "table"

    def source(self) -> Source:
        return self._text

    def length(self) -> int:
        return len(self._starts) - 1 if self._starts else 0

    @cached_property
    def header(self) -> list[str]:
        """The column names: unique, none empty."""
        first = next(self._records(), None)
        names: list[str] = []
        for at, cell in enumerate(self._split(first.text) if first else ()):
            name = cell.strip().removeprefix("\ufeff") or f"column{at}"
            while name in names:
                name += "_2"
            names.append(name)
        return names

    def value(self) -> Any:
        return list(self.rows())

    def rows(self) -> Iterator[dict[str, Any]]:
        return (self._typed(record.text) for record in itertools.islice(self._records(), 1, None))

    def child(self, key: Key) -> Body:
        if not isinstance(key, int):
            raise KeyError(key)
        return body_of(self._typed(self._raw(key, key + 1)))

    def slice(self, start: int, stop: int) -> Body:
        head = next(self._records()).text
        head = head if head.endswith("\n") else head + "\n"
        sliced = CsvBody(MemoryText(head + self._raw(start, stop)), self._delimiter)
        sliced.__dict__["types"] = self.types
        return sliced

    def keys(self, start: int, stop: int) -> Sequence[Key]:
        return _first_numbers(itertools.islice(self._records(), 1, None), self.length, start, stop)

    @cached_property
    def types(self) -> list[type]:
        """The type of each column over all rows: int, float, bool or str."""
        cells = (self._split(record.text) for record in itertools.islice(self._records(), 1, None))
        return column_types(cells, len(self.header))

    def _typed(self, text: str) -> dict[str, Any]:
        cells = self._split(text)
        types = self.types
        row: dict[str, Any] = {
            name: convert(cells[at], types[at]) if at < len(cells) else None for at, name in enumerate(self.header)
        }
        for at in range(len(self.header), len(cells)):
            row[f"column{at}"] = cells[at]
        return row

    def _split(self, text: str) -> list[str]:
        bare = text.removesuffix("\n").removesuffix("\r")
        if bare and not any(mark in bare for mark in '"\n\r'):
            return bare.split(self._delimiter)
        return next(csv.reader(MemoryText(text).lines(), delimiter=self._delimiter), [])

    def _raw(self, start: int, stop: int) -> str:
        if start + 1 >= len(self._starts):
            raise IndexError(start)
        end = self._starts[stop + 1] if stop + 1 < len(self._starts) else self._end
        return self._text.read(self._starts[start + 1], end)

    @cached_property
    def _starts(self) -> list[int]:
        """The unit at which each record starts, the header first."""
        return [record.start for record in self._records()]

    @property
    def _end(self) -> int:
        return self._text.size

    def _records(self) -> Iterator[_Record]:
        """Each record: lines up to one that closes all quotes; blank lines between records are skipped.

        Where a quote is never closed, each line from there on is a record.
        """
        at, held, quoted = 0, list[_Record](), False
        for line in self._text.lines():
            quoted = _ends_quoted(line, self._delimiter, quoted)
            held.append(_Record(at, line))
            at += self._units(line)
            if not quoted:
                yield from _filled([_Record(held[0].start, "".join(part.text for part in held))])
                held = []
        yield from _filled(held)

    def _units(self, line: str) -> int:
        if isinstance(self._text, MemoryText) or line.isascii():
            return len(line)
        return len(line.encode("utf-8", "surrogatepass" if _paired(line) else "surrogateescape"))


def _filled(records: list[_Record]) -> Iterator[_Record]:
    return (record for record in records if record.text.strip())


_REST_OF_CELL = re.compile(r'(?:[^"]|"")*+"')


def _ends_quoted(line: str, delimiter: str, quoted: bool) -> bool:
    """Whether a quoted cell is open at the line's end; quotes inside a cell that starts without one are just text."""
    at = 0
    while line.find('"', at) >= 0:
        if not quoted:
            opened = re.compile(rf'(?:^|{re.escape(delimiter)})"').search(line, at)
            if opened is None:
                return False
            quoted, at = True, opened.end()
        closed = _REST_OF_CELL.match(line, at)
        if closed is None:
            return True
        quoted, at = False, closed.end()
    return quoted


def _paired(line: str) -> bool:
    """Whether surrogates in the line came as code points, not as bad bytes."""
    return any("\ud800" <= character < "\udc80" or "\udcff" < character <= "\udfff" for character in line)
