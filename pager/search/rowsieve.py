"""Rows of JSON Lines that may hold a text, told from their raw lines: the others are passed without being parsed."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..address import join
from ..bodies.tablebody import JsonLinesBody, record
from .places import Place, places_in

_PLAIN = re.compile(r"(?:[\w :;,@#%&=~<>!'-]|\\[^\w\s\"\\/]|\.)+")
_SAYS_MORE_THAN_A_NUMBER = re.compile(r"(?<!\\)[^\W\d_eE]")
_ESCAPED_ASCII = r"\\u(?:00[0-7]|0130|0131|017f|212a)"
_NUMBER_WRITTEN_OTHERWISE = r"\d[eE]|\d{16}|\.0000"
_INDENTED = re.compile(r"\n\s")


def sieve_for(pattern: str) -> str | None:
    r"""An expression that matches every raw line in whose keys or values the pattern may match; None if none is known.

    The pattern must be texts parted by `|`, with `.` for any character. A text stands in the line as it stands in its
    string, unless characters of it are escaped there; a number may be written in other ways than it is shown.

    >>> sieve_for("timed out|refused")
    'timed out|refused|\\\\u(?:00[0-7]|0130|0131|017f|212a)'
    >>> sieve_for("^a"), sieve_for("a/b")
    (None, None)
    """
    texts = pattern.split("|")
    if not pattern.isascii() or not pattern.isprintable() or not all(map(_PLAIN.fullmatch, texts)):
        return None
    sieve = f"{pattern}|{_ESCAPED_ASCII}"
    if re.search(r"(?<!\\)\.", pattern):
        sieve = rf"{pattern}|\\"
    numeric = [text for text in texts if not _SAYS_MORE_THAN_A_NUMBER.search(text)]
    if any("e" in text.lower() for text in numeric):
        return None
    return f"{sieve}|{_NUMBER_WRITTEN_OTHERWISE}" if numeric else sieve


@dataclass(slots=True)
class RowSieve:
    """Places in the rows that a sieve lets through; `rows` counts all, `stopped` is where the time ran out."""

    compiled: Any
    until: float
    rows: int = 0
    stopped: str | None = None

    def places(self, body: JsonLinesBody, address: str) -> Iterator[Place]:
        """Every place in the rows that may match, in their order."""
        for block in body.blocks():
            if time.monotonic() > self.until:
                self.stopped = join(address, self.rows)
                return
            for row, line in self._through(block):
                yield from places_in(record(line), join(address, row))

    def _through(self, block: str) -> Iterator[tuple[int, str]]:
        """The rows of a block that may match, by number; afterwards all of its rows are counted."""
        blank = block[:1].isspace() or _INDENTED.search(block) is not None
        lines = [line for line in block.split("\n") if line.strip()] if blank else []
        text = "\n".join(lines) if blank else block
        at, passed = 0, 0
        for found in self.compiled.finditer(text):
            begin = found.start()
            if begin >= at:
                passed += text.count("\n", at, begin)
                stop = text.find("\n", begin)
                stop = len(text) if stop < 0 else stop
                yield self.rows + passed, text[text.rfind("\n", 0, begin) + 1 : stop]
                at, passed = stop + 1, passed + 1
        self.rows += len(lines) if blank else block.count("\n") + (not block.endswith("\n"))
