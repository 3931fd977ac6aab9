"""The passages of texts, logs and code: lines under their headings, the headings themselves, both ends."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..address import join
from ..bodies.textbody import TextBody
from ..outline import Section
from .passage import LONG, Look, Passage

_READ = 4_000  # characters of a line that are compared
_FOLLOWING = 3  # lines kept with one that matched
_ENDS = 3
_OUTLINED_BYTES = 1 << 21
_ROW = re.compile(r"\S {2,}\S.* {2,}\S")  # a line of columns, which stands alone


def passages_of_text(look: Look, body: TextBody, address: str, above: int) -> Iterator[Passage]:
    """Those of a text of several lines that hold a term."""
    outlined = body.kind in ("text", "code") and (body.source().size_bytes or 0) <= _OUTLINED_BYTES
    sections = body.sections if outlined else []
    if sections:
        yield from _headings(look, body, sections, address)
    yield from _ends(look, body, address)
    within = _Within([(part.start, part.stop, look.phrase.of_name(part.title)) for part in sections], above)
    yield from passages_of_lines(look, body.lines(0, None), address, within.bits, 1, alone=body.kind == "log")


def passages_of_lines(
    look: Look,
    lines: Iterable[str],
    address: str,
    above: Callable[[int], int],
    depth: int,
    *,
    alone: bool = False,
) -> Iterator[Passage]:
    """The lines that hold a term, each with those after it unless it stands alone."""
    held: deque[tuple[int, str]] = deque()
    for number, line in enumerate(lines):
        held.append((number, line))
        if len(held) > _FOLLOWING:
            yield from _line(look, held, address, above, depth, alone=alone)
        if look.late():
            look.stop(join(address, number))
            return
    while held:
        yield from _line(look, held, address, above, depth, alone=alone)


def _line(
    look: Look,
    held: deque[tuple[int, str]],
    address: str,
    above: Callable[[int], int],
    depth: int,
    *,
    alone: bool,
) -> Iterator[Passage]:
    number, line = held.popleft()
    way = above(number)
    own = look.phrase.bits(line[:_READ])
    if own:
        then = () if alone or _ROW.search(line[:_READ]) else tuple(text for _, text in held)
        tight = own if len(line) <= LONG else 0
        yield Passage(join(address, number), own, way, tight, depth, len(line) // 100, line, "", then)


def _ends(look: Look, body: TextBody, address: str) -> Iterator[Passage]:
    length = body.length()
    for said, start in (("first top", 0), ("last", max(0, length - _ENDS))):
        if bits := look.phrase.bits(said):
            lines = list(body.lines(start, min(length, start + _ENDS)))
            own = bits | look.phrase.bits(" ".join(lines)[:_READ])
            yield Passage(join(address, start), own, 0, bits, 1, 0, lines[0], "", lines[1:])


def _headings(look: Look, body: TextBody, sections: Sequence[Section], address: str) -> Iterator[Passage]:
    """All headings or definitions, and those of each level."""
    label = "classes functions definitions" if body.kind == "code" else "headings sections titles contents"
    own = look.phrase.bits(label)
    if not own:
        return
    titles = [part.title for part in sections]
    yield Passage(address, own, 0, own, 0, len(titles), titles, label.split()[-1])
    for level in sorted({part.level for part in sections}):
        titles = [part.title for part in sections if part.level == level]
        bits = look.phrase.bits(f"level {level} {label}")
        if bits != own:
            yield Passage(address, bits, 0, bits, 0, len(titles), titles, f"level {level}")


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
