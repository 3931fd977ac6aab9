"""Arrays tell their extremes, their odd values and their odd slices, each with its index."""

from collections.abc import Iterator

import numpy as np
import pytest

from pager import Pager
from summarizers import Fact, facts


@pytest.fixture
def pager() -> Iterator[Pager]:
    with Pager() as pager:
        yield pager


def _facts(pager: Pager, array: np.ndarray) -> list[Fact]:
    return facts(pager.node(pager.put(array).id))


def _noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape)


def test_extremes_come_with_their_index(pager: Pager) -> None:
    """Values far from 20,000 others are told exactly, at their place."""
    array = _noise(20_000)
    array[12_345], array[6_789] = 97.531, -88.246
    said = {(fact.text, fact.address) for fact in _facts(pager, array)}
    assert {("max 97.531", "r1[12345]"), ("min -88.246", "r1[6789]")} <= said


def test_slices_that_stand_out_are_named_by_axis(pager: Pager) -> None:
    """A layer twenty times as wide and a dead one, among 64."""
    array = _noise(64, 16, 16)
    array[9] *= 20
    array[3] = 0
    found = _facts(pager, array)
    assert any(fact.address == "r1[9]" and fact.text.startswith("axis 0 slice 9: std") for fact in found)
    assert any(fact.text == "axis 0: 1 of 64 slices all zero: 3" for fact in found)


def test_nan_and_infinity_are_errors_with_a_place(pager: Pager) -> None:
    """Where the first of them stands, before everything else."""
    array = _noise(4, 5)
    array[2, 3] = np.nan
    array[1, 0] = np.inf
    first, second = _facts(pager, array)[:2]
    assert {first.topic, second.topic} == {"error"}
    assert {first.address, second.address} == {"r1[2][3]", "r1[1][0]"}


def test_a_shift_is_placed(pager: Pager) -> None:
    """The index at which a step begins."""
    array = np.concatenate([np.zeros(50), np.ones(50)]) + _noise(100) / 100
    assert any(fact.topic == "trend" and fact.address == "r1[50]" for fact in _facts(pager, array))


@pytest.mark.parametrize("shape", [(0,), (3, 0), (1,), (1, 1), (2, 2, 2, 2, 2)])
def test_any_shape_has_facts(pager: Pager, shape: tuple[int, ...]) -> None:
    """Empty and tiny arrays raise nothing."""
    for dtype in ("float32", "int8", "bool"):
        assert all(fact.text for fact in _facts(pager, np.ones(shape, dtype)))
