"""A part of a result as a ranked search compares it, and the look that finds such parts."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .figures import Figures
from .phrase import Phrase

LONG = 300
"""Characters from which on a value is searched line by line."""
_NAMED = 400
_CHECKED = 256


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a result that shares words with a phrase.

    `own`, `above`, `tight`: the terms in its own words, on the way to it, and at most in one of its fields or its line.
    `content`: a mapping, a list, or text; `then`: the lines after it; `label`: what a listing of names is of; `spare`:
    words of its name that the phrase lacks; `stated`: it is a statement about the result, no part of it.
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
class Look:
    """A look for a phrase until a time; `read` counts what was compared, `stopped` is where time ran out."""

    phrase: Phrase
    until: float
    read: int = 0
    stopped: str | None = None

    def late(self) -> bool:
        """Whether time has run out; each asking counts as one part compared."""
        self.read += 1
        return self.stopped is not None or (self.read % _CHECKED == 0 and time.monotonic() > self.until)

    def stop(self, address: str) -> None:
        """Note where time ran out."""
        self.stopped = self.stopped or address

    def way(self, address: str) -> int:
        """The terms in the names of an address."""
        bits = 0
        for name in address.split("/")[1:]:
            bits |= self.phrase.of_name(name)
        return bits

    def names(self, address: str, names: Sequence[object], label: str, depth: int) -> Passage:
        """A listing of names, under the word for what they are."""
        said = self.phrase.bits(label if depth else f"top level {label}")
        own = said
        for name in names[:_NAMED]:
            own |= self.phrase.of_name(str(name))
        return Passage(address, own, self.way(address), said, depth, len(names), names, label)

    def end(self, said: str, address: str, content: Any) -> Iterator[Passage]:
        """The first or last item, where the phrase asks for it in the words of `said`."""
        bits = self.phrase.bits(said)
        if bits:
            own = bits
            for key, value in content.items() if isinstance(content, dict) else ():
                own |= self.phrase.of_name(key) | (self.phrase.bits(value[:LONG]) if isinstance(value, str) else 0)
            yield Passage(address, own, 0, own, 1, 0, content)

    def figures(self, figures: Figures, address: str, above: int) -> Iterator[Passage]:
        """What the rows that the phrase names amount to."""
        asked = self.phrase.bits("mean maximum minimum number rows")
        for said in figures.said():
            own = asked | self.phrase.bits(said)
            yield Passage(address, own, above, own, 0, 0, said, stated=True)
