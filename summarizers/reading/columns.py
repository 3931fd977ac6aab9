"""One column of a table: its values, what they are, and numbers to compute with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .roles import Role, epoch_divisor, is_numeric_text, number_role, word_role

if TYPE_CHECKING:
    from .statistics import Numbers

_WORDS_LISTED = 20_000  # characters of one value beyond which it isn't compared as a category


@dataclass(frozen=True, slots=True)
class Column:
    """`values` has one entry a row, None where missing; `counts` says how often each value of a category occurs."""

    label: str
    path: tuple[str | int, ...]
    values: Sequence[object]
    role: Role
    missing: int
    position: int
    counts: Counter[object]
    numbers: Numbers | None = None
    divisor: float | None = None  # for time stamps in numbers: into seconds
    telling: bool = True  # for lengths: of lists and of mappings of records, not of plain labels

    @property
    def distinct(self) -> int:
        return len(self.counts)


def column_of(path: tuple[str | int, ...], values: Sequence[object], position: int) -> Column:
    """The column with the role its values and its name tell. Values are scalars, or None where missing."""
    label = str(path[-1]) if path else "value"
    kinds = Counter(map(type, values))
    missing = kinds.pop(type(None), 0)
    if str in kinds and len(kinds) == 1:
        return _of_words(label, path, values, missing, position)
    if not kinds:
        return Column(label, path, values, "empty", missing, position, Counter())
    if set(kinds) <= {int, float}:
        return _of_numbers(label, path, values, missing, position, integers=float not in kinds)
    counts: Counter[object] = Counter(value for value in values if value is not None)
    role: Role = "flag" if set(kinds) == {bool} else "category" if len(counts) <= 0.5 * len(values) else "name"
    return Column(label, path, values, role, missing, position, counts)


def _of_words(label: str, path: tuple[str | int, ...], values: Sequence[object], missing: int, position: int) -> Column:
    words = [value for value in values if isinstance(value, str)]
    empty = words.count("")
    if empty:
        values = [value or None for value in values]
        words = [word for word in words if word]
        missing += empty
    if not words:
        return Column(label, path, values, "empty", missing, position, Counter())
    if all(map(is_numeric_text, words[:8])) and all(map(is_numeric_text, words)):
        return _of_numbers(label, path, values, missing, position, integers=not any("." in word for word in words))
    counts: Counter[object] = Counter(words)
    return Column(label, path, values, word_role(label, words, len(counts)), missing, position, counts)


def _of_numbers(
    label: str, path: tuple[str | int, ...], values: Sequence[object], missing: int, position: int, *, integers: bool
) -> Column:
    import numpy as np

    numbers = np.array([_number(value) for value in values], dtype=np.float64) if missing else _plain(values)
    missing += int(np.isnan(numbers).sum()) - missing
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return Column(label, path, values, "empty", missing, position, Counter(), numbers)
    divisor = epoch_divisor(label, float(finite.min()), float(finite.max()))
    counts: Counter[object] = Counter(value for value in values if value is not None)
    present = len(values) - missing
    role = "time" if divisor else number_role(label, integers, list(values), len(counts), present)
    return Column(label, path, values, role, missing, position, counts, numbers, divisor)


def _plain(values: Sequence[object]) -> Numbers:
    import numpy as np

    if not isinstance(values[0], str):
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:  # an integer beyond floats
            pass
    return np.array([_number(value) for value in values], dtype=np.float64)


def _number(value: object) -> float:
    if value is None:
        return float("nan")
    try:
        return float(value.replace(",", "") if isinstance(value, str) else value)  # type: ignore[arg-type]  # int or float
    except OverflowError:
        return float("inf")
