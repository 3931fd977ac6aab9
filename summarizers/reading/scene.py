"""What the fact makers of one table share: its rows, how to call and place them, how much it matters."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..fact import Fact
from ..rows import Records
from .columns import Column
from .naming import Names, names_of
from .novelty import novelty_of
from .roles import names_a_position, names_what_matters

_LATER_COLUMN = 0.995
_LATER_SIBLING = 0.97
_DEEPER_COLUMN = 0.87
_LEAST = 0.45
_ALARMS = {"error": 0.9, "outlier": 0.75}
_SECOND_TIME = 0.6  # of a column of times after the first
_KEY = 1.3  # of a column whose name people rank or group by
_POSITIONAL = 0.4  # of the worth of a number that says where something stands (a line, an offset), not how much


@dataclass(frozen=True, slots=True)
class Scene:
    """One table as its columns; `labels[i]` is column i's shortest unambiguous name."""

    records: Records
    columns: Sequence[Column]
    labels: Sequence[str]
    names: Names
    weights: Sequence[float]

    def name(self, row: int) -> str:
        """What the row is called; "" where nothing names it."""
        return self.names.of(row)

    @property
    def height(self) -> int:
        return len(self.records.rows)

    def fact(self, column: Column, text: str, salience: float, topic: str, *, row: int | None = None) -> Fact:
        """A fact about the column (at one of its rows), worth less in later and deeper columns."""
        label = self.labels[column.position]
        address = self.records.address if row is None else self.records.place(row)
        weight = self.weights[column.position]
        weight = max(weight, _ALARMS.get(topic, 0.0))  # an alarm is one in whatever column
        return Fact(f"{label} {text}", address, salience * self.records.weight * weight, topic, label)


def scene_of(records: Records, columns: Sequence[Column]) -> Scene:
    """The scene with every column labelled by as much of its path as tells it from the others."""
    return Scene(records, columns, _labels(records, columns), names_of(records, columns), _weights(columns))


def _weights(columns: Sequence[Column]) -> list[float]:
    """Each column's worth by where its writer put it (earlier among its siblings, nearer the row), and by its novelty.

    A column that is no news takes no place either: twenty in step count as one before the one that is not.
    """
    rank: Counter[tuple[str | int, ...]] = Counter()
    novelty = novelty_of(columns)
    weights: list[float] = []
    times = 0
    for column, news in zip(columns, novelty, strict=True):
        parent = column.path[:-1]
        place = _LATER_SIBLING ** rank[parent] * _DEEPER_COLUMN ** len(parent) * _LATER_COLUMN ** rank.total()
        positional = column.numbers is not None and names_a_position(column.label)
        named = _KEY if names_what_matters(column.label) else _POSITIONAL if positional else 1.0
        if column.role == "time" and column.distinct > 1:
            named *= _SECOND_TIME**times
            times += 1
        weights.append(max(_LEAST, place) * news * named)
        rank[parent] += 1 if news > 0.7 and column.distinct > 1 else 0
    telling = [weight for weight, column in zip(weights, columns, strict=True) if column.distinct > 1]
    best = max(telling, default=1.0)
    return [min(1.0, weight / best) for weight in weights]


def _labels(records: Records, columns: Sequence[Column]) -> list[str]:
    prefix = [str(part) for part in records.path if isinstance(part, str)][-1:]
    labels = [_dotted(column.path[-1:] if column.path else (column.label,)) for column in columns]
    for length in (2, 3, 9):
        clashing = {label for label in labels if labels.count(label) > 1}
        if not clashing:
            break
        labels = [
            _dotted(column.path[-length:]) if label in clashing else label
            for label, column in zip(labels, columns, strict=True)
        ]
    labels = [
        _dotted(c.path[-2:]) if c.path and isinstance(c.path[-1], int) else x
        for x, c in zip(labels, columns, strict=True)
    ]
    return [".".join([*prefix, label]) for label in labels]


def _dotted(path: Sequence[str | int]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return " ".join("".join(parts).lstrip(".").split())
