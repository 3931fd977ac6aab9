"""Columns that say what an earlier column says: in step with it, or its values under other names."""

from __future__ import annotations

from collections.abc import Sequence

from .columns import Column

_MOST_COMPARED = 120
_IN_STEP = 0.7  # of its worth that a column loses which an earlier one explains wholly


def novelty_of(columns: Sequence[Column]) -> list[float]:
    """For each column 1.0 where it is news after those before it, less where it moves in step with one of them."""
    novelty = [1.0] * len(columns)
    _numeric(columns, novelty)
    _renamed(columns, novelty)
    return novelty


def _numeric(columns: Sequence[Column], novelty: list[float]) -> None:
    import numpy as np

    numeric = [c for c in columns if c.role in ("measure", "length") and c.numbers is not None]
    chosen = sorted(numeric, key=lambda column: len(column.path))[:_MOST_COMPARED]  # nearest to the row explains first
    rows = len(chosen[0].values) if chosen else 0
    if len(chosen) < 2 or rows < 3:
        return
    table = np.array([column.numbers for column in chosen])
    finite = np.isfinite(table)
    count = np.maximum(finite.sum(axis=1, keepdims=True), 1)
    filled = np.where(finite, table, 0.0)
    centred = np.where(finite, filled - filled.sum(axis=1, keepdims=True) / count, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        length = np.sqrt((centred**2).sum(axis=1))
        alike = np.abs(centred @ centred.T) / np.maximum(np.outer(length, length), 1e-300)
    for later in range(1, len(chosen)):
        strongest = float(np.nan_to_num(alike[later, :later]).max())
        explained = max(0.0, 1 - (1 - strongest**6) * (rows - 1) / (rows - 2))  # adjusted R², so few rows prove little
        novelty[chosen[later].position] = 1 - _IN_STEP * min(1.0, explained)


def _renamed(columns: Sequence[Column], novelty: list[float]) -> None:
    """Classes that part the rows exactly as an earlier column does (a code and its name)."""
    seen: dict[tuple[int, ...], list[Column]] = {}
    for column in columns:
        if column.role not in ("category", "flag") or not column.values or column.distinct < 2:
            continue
        sizes = tuple(sorted(column.counts.values()))
        if any(len(set(zip(column.values, other.values, strict=True))) == len(sizes) for other in seen.get(sizes, [])):
            novelty[column.position] = 0.35
        else:
            seen.setdefault(sizes, []).append(column)
