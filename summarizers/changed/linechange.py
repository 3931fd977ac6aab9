"""What differs between two texts: how many lines came and went, where they first part, what is new."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pager import Node

from .. import wording

_SHOWN = 3  # new lines
_WIDTH = 90  # characters of a line that is shown
_HARDLY = 0.5  # of the lines; where fewer stayed, digits are left aside
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class LineChange:
    """`texts` with their addresses, best first; `alike` is the part of the lines that stayed, from 0 to 1."""

    texts: tuple[tuple[str, str], ...]
    alike: float


@dataclass(frozen=True, slots=True)
class _Tally:
    """How often each line is there more or less than it was."""

    before: Sequence[str]
    after: Sequence[str]
    added: Counter[str]
    gone: Counter[str]

    @classmethod
    def of(cls, before: Sequence[str], after: Sequence[str]) -> "_Tally":
        old, new = Counter(before), Counter(after)
        return cls(before, after, new - old, old - new)

    @property
    def alike(self) -> float:
        return 1 - max(self.added.total(), self.gone.total()) / max(len(self.before), len(self.after), 1)

    def said(self) -> str:
        """`2 lines added, 1 gone`; `2 lines appended` where all of the old comes first."""
        if not self.gone and list(self.after[: len(self.before)]) == list(self.before):
            return f"lines appended {self.added.total()}"
        counts = {"added": self.added.total(), "gone": self.gone.total()}
        said = ", ".join(f"{what} {count}" for what, count in counts.items() if count)
        return f"lines {said}" if said else "the same lines in another order"

    def new(self) -> Iterator[int]:
        """The numbers of lines that were not there before."""
        left = Counter(self.added)
        for index, line in enumerate(self.after):
            if left[line] > 0:
                left[line] -= 1
                yield index


def line_change(old: Node, new: Node) -> LineChange:
    """Lines counted as they stand; where hardly any stayed, with digits aside, as times and sizes change anyway."""
    before, after = list(old.lines()), list(new.lines())
    tally = exact = _Tally.of(before, after)
    if exact.alike < _HARDLY:
        masked = _Tally.of([_DIGITS.sub("0", line) for line in before], [_DIGITS.sub("0", line) for line in after])
        tally = masked if masked.alike > exact.alike else exact
    if before == after:
        return LineChange((), 1.0)
    texts = [(tally.said() + ("" if tally is exact else ", numbers aside"), new.address)]
    parted = _parted(before, after) if tally is exact else None
    if parted is not None:
        texts.append((f"{_shown(before[parted])} -> {_shown(after[parted])}", new.address_of(parted)))
    fresh = (index for index in tally.new() if index != parted and after[index].strip())
    texts += [(f"new {_shown(after[index])}", new.address_of(index)) for index in islice(fresh, _SHOWN)]
    return LineChange(tuple(texts), tally.alike)


def _parted(before: Sequence[str], after: Sequence[str]) -> int | None:
    """The first line that is another; None where one text only goes on after the other."""
    return next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), None)


def _shown(line: str) -> str:
    return f'"{wording.excerpt(line, at_most=_WIDTH)}"'
