"""Columns that say what an earlier column says: in step with it, or its values under other names."""

from __future__ import annotations

from collections.abc import Sequence

from .columns import Column

_MOST_COMPARED = 120
_STEPS = ((0.999, 0.25), (0.97, 0.55), (0.9, 0.8))  # correlation, and what worth is left


def novelty_of(columns: Sequence[Column]) -> list[float]:
    """For each column 1.0 where it is news after those before it, less where it moves in step with one of them."""
    novelty = [1.0] * len(columns)
    _numeric(columns, novelty)
    _renamed(columns, novelty)
    return novelty


def _numeric(columns: Sequence[Column], novelty: list[float]) -> None:
    import numpy as np

    chosen = [c for c in columns if c.role in ("measure", "length") and c.numbers is not None][:_MOST_COMPARED]
    if len(chosen) < 2 or len(chosen[0].values) < 3:
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
        novelty[chosen[later].position] = next((left for level, left in _STEPS if strongest >= level), 1.0)


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
