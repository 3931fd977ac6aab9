"""Cells of drawn tables as values: numbers without separators, one unit a column, nothing where a dash stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NUMBER = re.compile(r"([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?)\s?([A-Za-zµμ%]{0,5})$")
_TIMES = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0}
_BYTES = {"b": 1.0, "kb": 1024.0, "mb": 1024.0**2, "gb": 1024.0**3, "tb": 1024.0**4, "ki": 1024.0, "mi": 1024.0**2}
_BYTES |= {"kib": 1024.0, "mib": 1024.0**2, "gib": 1024.0**3, "gi": 1024.0**3}
_MANY = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_ABSENT = frozenset({"", "-", "--", "—", "n/a", "N/A", "NA", "<none>", "none", "None", "null"})


def typed_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[dict[str, object]]:
    """Return the rows as mappings; a column of numbers with units becomes numbers in its most frequent unit.

    >>> typed_columns(["op", "time"], [["mm", "950ms"], ["add", "1.2s"]])
    [{'op': 'mm', 'time (s)': 0.95}, {'op': 'add', 'time (s)': 1.2}]
    """
    columns = [_column(name, [row[position] for row in rows]) for position, name in enumerate(names)]
    return [{name: values[number] for name, values in columns} for number in range(len(rows))]


def _column(name: str, cells: Sequence[str]) -> tuple[str, list[object]]:
    present = [cell for cell in cells if cell not in _ABSENT]
    found = [_NUMBER.match(cell) for cell in present]
    units = Counter(hit[2] for hit in found if hit)
    if not _are_numbers(present, found) or not _one_family(units):
        return name, [cell if cell not in _ABSENT else None for cell in cells]
    unit = max(units, key=lambda each: (units[each], each))
    label = name if not unit or unit.lower() in name.lower() else f"{name} ({unit})"
    return label, [_value(cell, unit) for cell in cells]


def _are_numbers(present: Sequence[str], found: Sequence[re.Match[str] | None]) -> bool:
    """Nearly all, or many beside a handful of other marks ("0t0", "?")."""
    others = [cell for cell, hit in zip(present, found, strict=True) if hit is None]
    if not present or len(others) > 0.6 * len(present):
        return False
    return len(others) <= 0.03 * len(present) or len(set(others)) <= max(1, len(present) // 50)


def _one_family(units: Counter[str]) -> bool:
    distinct = set(units)
    if len(distinct) == 1:
        return len(next(iter(distinct))) <= 3
    return any(
        all(_scale(unit, family) is not None or not unit for unit in distinct) for family in (_TIMES, _BYTES, _MANY)
    )


def _scale(unit: str, family: dict[str, float]) -> float | None:
    return family.get(unit if family is _TIMES else unit.lower())


def _value(cell: str, unit: str) -> object:
    found = _NUMBER.match(cell)
    if found is None:
        return None
    plain = found[1].replace(",", "")
    number: int | float = float(plain) if re.search(r"[.eE]", plain) else int(plain)
    if found[2] == unit:
        return number
    for family in (_TIMES, _BYTES, _MANY):
        own, wanted = _scale(found[2], family), _scale(unit, family)
        if wanted and (own or not found[2]):
            return round(number * (own or 1.0) / wanted, 6)
    return number
