"""Robust statistics: what stands out does, and what is merely spread does not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from summarizers.reading.statistics import outliers_of, rise_of, shift_of, spread_of


def _near(count: int, level: float = 100.0) -> np.ndarray:
    return level + np.sin(np.arange(count) * 12.9898) * 3


def test_planted_outliers_are_found_farthest_first() -> None:
    """Three values far from 500 alike ones are all named, the farthest first."""
    values = _near(500)
    values[[137, 288, 401]] = [9871.4, 8642.7, 7955.3]
    spread = spread_of(values)
    assert spread is not None
    assert outliers_of(values, spread) == [137, 288, 401]


def test_a_heavy_tail_has_no_outliers() -> None:
    """Sizes that spread by factors (log-normal) have a largest, not an outlier."""
    values = np.exp(np.random.default_rng(7).normal(3.0, 1.5, 2000))
    spread = spread_of(values)
    assert spread is not None
    assert outliers_of(values, spread) == []


def test_missing_and_infinite_values_are_counted_not_computed_with() -> None:
    """NaN and infinity leave the median and the extremes alone."""
    spread = spread_of(np.array([1.0, np.nan, 3.0, np.inf, 2.0]))
    assert spread is not None
    assert (spread.count, spread.nan, spread.infinite) == (3, 1, 1)
    assert (spread.minimum, spread.median, spread.maximum, spread.highest) == (1.0, 2.0, 3.0, 2)


def test_nothing_finite_has_no_spread() -> None:
    """All missing: None, not a crash."""
    assert spread_of(np.array([np.nan, np.inf])) is None
    assert spread_of(np.array([])) is None


def test_a_level_shift_is_placed_where_it_happens() -> None:
    """The first value of the new level is named, with both levels."""
    values = np.concatenate([_near(60, 100), _near(40, 180)])
    shift = shift_of(values)
    assert shift is not None
    assert shift.index == 60
    assert abs(shift.before - 100) < 3
    assert abs(shift.after - 180) < 3


def test_steady_values_have_no_shift() -> None:
    """Noise around one level is no shift."""
    assert shift_of(_near(100)) is None


def test_rise_is_rank_correlation_with_order() -> None:
    """Monotone values rise by 1 or -1, ties share their rank."""
    assert rise_of(np.exp(np.arange(20.0))) > 0.999
    assert rise_of(-np.arange(20.0)) < -0.999
    assert abs(rise_of(np.array([1.0, 2.0, 1.0, 2.0, 1.0, 2.0]))) < 0.5


@given(st.lists(st.floats(width=32), max_size=60))
def test_any_numbers_have_a_place_for_their_extremes(numbers: list[float]) -> None:
    """Minimum and maximum stand at the indices given, whatever the numbers."""
    values = np.array(numbers, dtype=np.float64)
    spread = spread_of(values)
    if spread is None:
        assert not np.isfinite(values).any()
        return
    assert values[spread.lowest] == spread.minimum <= spread.median <= spread.maximum == values[spread.highest]
    assert all(0 <= index < values.size for index in outliers_of(values, spread))
