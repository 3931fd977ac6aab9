"""Figures of the rows that a phrase names: the mean of one column where another has a certain value."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .phrase import Phrase

_CASES = 12  # pairs of a column and a value, and columns of numbers
_LONGEST = 60  # characters of a value that classes rows
_LEAST = 2


@dataclass(slots=True)
class _Figure:
    """One column of numbers over the rows of one case."""

    count: int = 0
    total: float = 0.0
    least: tuple[float, int] = (float("inf"), 0)
    most: tuple[float, int] = (float("-inf"), 0)

    def add(self, value: float, row: int) -> None:
        self.count += 1
        self.total += value
        if value < self.least[0]:
            self.least = value, row
        if value > self.most[0]:
            self.most = value, row


@dataclass(slots=True)
class Figures:
    """Collects, row by row, what the columns named in a phrase amount to where a value named in it stands."""

    phrase: Phrase
    _cases: dict[tuple[str, str], dict[str, _Figure]] = field(default_factory=dict)
    _rows: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, number: int, row: dict[str, Any]) -> None:
        """One row of the table."""
        numbers = {
            key: float(value)
            for key, value in row.items()
            if type(value) in (int, float) and value == value and self.phrase.of_name(key)
        }
        for key, value in row.items():
            if isinstance(value, str) and len(value) <= _LONGEST and self.phrase.of_name(value):
                case = key, value
                if case not in self._rows and len(self._rows) >= _CASES:
                    continue
                self._rows[case] = self._rows.get(case, 0) + 1
                columns = self._cases.setdefault(case, {})
                for name, measured in list(numbers.items())[:_CASES]:
                    columns.setdefault(name, _Figure()).add(measured, number)

    def said(self) -> Iterator[str]:
        """A statement for each value with more than one row: how many rows, and its columns' figures."""
        for (key, value), columns in self._cases.items():
            rows = self._rows[key, value]
            if rows < _LEAST:
                continue
            yield f"{key} {value}: {rows} rows" + "".join(f"; {name} {_told(one)}" for name, one in columns.items())


def _told(figure: _Figure) -> str:
    least, most = figure.least, figure.most
    mean = figure.total / figure.count
    return f"mean {mean:.6g}, min {least[0]:.10g} [{least[1]}], max {most[0]:.10g} [{most[1]}]"
