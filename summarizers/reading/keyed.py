"""Lines that name their values, as training runs print them: `epoch 3 | loss 0.21`, `step=40 loss=2.1 lr=1e-4`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NUMBER = r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_CELL = re.compile(rf"(?P<name>[A-Za-z_][\w %/.-]*?)\s*[:=]?\s*(?P<value>{_NUMBER}(?: ?[%a-z]{{1,3}}|/\d+)?)$")
_PAIR = re.compile(rf"(?P<name>[A-Za-z_][\w/.-]*)\s*[:=]\s*(?P<value>{_NUMBER}%?)(?=[\s,;|)]|$)")
_DIGIT = re.compile(r"\d")
_BARS = re.compile(r"\s+[|│]\s+")
_FEWEST_LINES = 3
_FEWEST_NAMES = 2
_USUAL = 0.9  # of the lines that name the same values

Named = dict[str, str]


def named_values(lines: Sequence[str]) -> list[Named] | None:
    """Each line's values by name, the same names in nearly all; None where the lines are nothing of the kind."""
    if len(lines) < _FEWEST_LINES:
        return None
    for read in (_barred, _paired):
        if len(read(lines[0])) < _FEWEST_NAMES and len(read(lines[-1])) < _FEWEST_NAMES:
            continue
        found = [read(line) for line in lines]
        names, count = Counter(tuple(row) for row in found).most_common(1)[0]
        if len(names) >= _FEWEST_NAMES and count >= _USUAL * len(lines):
            return found
    return None


def _barred(line: str) -> Named:
    """The values of cells between bars; none where half of the cells name none."""
    if not _DIGIT.search(line):
        return {}
    cells = _BARS.split(line.strip())
    found = [hit for cell in cells if (hit := _CELL.match(cell))]
    return {hit["name"].strip(): hit["value"] for hit in found} if 2 * len(found) > len(cells) else {}


def _paired(line: str) -> Named:
    return {hit["name"]: hit["value"] for hit in _PAIR.finditer(line)} if _DIGIT.search(line) else {}
