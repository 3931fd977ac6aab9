"""What a reader would call a row: its key, its name or title, its date, or the classes it belongs to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import wording
from ..rows import Records
from .columns import Column
from .roles import names_a_thing

_LEAST_TELLING = 0.6


@dataclass(frozen=True, slots=True)
class Names:
    """`of(row)` is what a row is called ("" where nothing names it); `own`: it is the row's alone, no mere class."""

    of: Callable[[int], str]
    own: bool


def names_of(records: Records, columns: Sequence[Column]) -> Names:
    """Rows by their key, else by the column that names them best, else by the classes they belong to."""
    if records.keys is not None:
        keys = records.keys
        return Names(lambda index: wording.name(keys[index]), own=True)
    best = max(columns, key=_telling, default=None)
    if best is not None and _telling(best) >= _LEAST_TELLING:
        values = best.values
        return Names(
            lambda row: wording.name(values[row]) if wording.short(values[row]) and values[row] else "", own=True
        )
    return Names(_by_classes([column for column in columns if _is_brief_class(column)][:2]), own=False)


def _names(value: object) -> bool:
    return bool(value) and wording.short(value)


def _telling(column: Column) -> float:
    """How well a column names rows: nearly unique, short words; a column called name or title before others."""
    if column.role not in ("name", "time", "identifier", "category") or not column.values or not column.distinct:
        return 0.0
    sample = next(value for value in column.values if value is not None)
    if not isinstance(sample, str):
        return 0.0
    unique = column.distinct / len(column.values)
    if unique < 0.3:
        return 0.0
    kind = {"name": 0.6, "time": 0.5, "identifier": 0.25, "category": 0.3}[column.role]
    hint = 0.6 if names_a_thing(column.label) else 0.0
    length = sum(len(str(value)) for value in column.values[:20]) / min(20, len(column.values))
    return unique + kind + hint - 0.03 * column.position - 0.15 * len(column.path) - max(0.0, length - 40) / 60


def _is_brief_class(column: Column) -> bool:
    if column.role != "category" or not column.values or column.numbers is not None:
        return False
    return 2 <= column.distinct <= 40 and max(len(str(value)) for value in column.counts) <= 24


def _by_classes(columns: Sequence[Column]) -> Callable[[int], str]:
    def name(index: int) -> str:
        parts = [column.values[index] for column in columns]
        return "; ".join(str(part) for part in parts if part is not None and wording.short(part))

    return name
