"""Measurements are told from identifiers, time stamps, codes and row numbers."""

import pytest

from summarizers.reading.columns import column_of


@pytest.mark.parametrize(
    ("label", "values", "role"),
    [
        ("id", list(range(10_000, 10_500)), "identifier"),
        ("step", list(range(100)), "index"),
        ("user_id", [7, 19, 3, 88, 21, 64, 5, 1], "identifier"),
        ("latency_ms", [116.3, 122.9, 9871.4, 113.2], "measure"),
        ("kurtosis", [2.9, 3.1, 312.7, 3.0], "measure"),
        ("time", [1517966773840, 1517966773841, 1517952083273], "time"),
        ("created_at", ["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "2024-02-02T00:00:00Z"], "time"),
        ("date", ["Jan 1 2000", "Feb 1 2000", "Jan 1 2000"], "time"),
        ("year", [1955, 1960, 1965, 1970, 1975], "time"),
        ("duration", [1517966773840, 1517966773841, 1517952083273, 5], "measure"),
        ("status_code", [200, 200, 404, 200, 500, 301, 302, 200, 200, 200, 200, 200, 200, 200, 200, 200], "category"),
        ("tsunami", [0, 0, 1, 0, 0, 0], "flag"),
        ("ok", [True, False, True], "flag"),
        ("species", ["a", "b", "a", "a"], "category"),
        ("name", ["Ann", "Bob", "Cid", "Dee"], "name"),
        ("sha", ["3484a3fb816e0859", "9f84a3fb816e0812", "1184a3fb816e0800"], "identifier"),
        ("amount", ["1,204.50", "3.25", "17"], "measure"),
        ("zip", ["01234", "90210", "00501"], "identifier"),
        ("note", [None, None], "empty"),
    ],
)
def test_a_column_is_told_by_name_and_values(label: str, values: list[object], role: str) -> None:
    """One example of each role, and of what is often mistaken for another."""
    assert column_of((label,), values, 0).role == role


def test_empty_cells_count_as_missing() -> None:
    """Empty strings and None are missing alike."""
    column = column_of(("city",), ["Rome", "", None, "Rome"], 0)
    assert (column.missing, column.counts) == (2, {"Rome": 2})


def test_integers_beyond_floats_stay_exact() -> None:
    """A number too large for a float is shown as it is written."""
    column = column_of(("count",), [10**400, 1, 2, 3], 0)
    assert column.values[0] == 10**400
