"""Values whose own code fails, or that no ordinary number holds, are results all the same."""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from pager import Pager, counter


class Silent:
    """Its repr raises."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Endless:
    """Iterating it raises."""

    def __iter__(self) -> Iterator[int]:
        raise RuntimeError("no items")


class Nameless:
    """A key without a text."""

    def __str__(self) -> str:
        raise RuntimeError("no name")


@pytest.fixture
def pager() -> Iterator[Pager]:
    with Pager(counter=counter(len)) as made:
        yield made


def test_a_part_whose_own_code_fails_loses_only_itself(pager: Pager) -> None:
    """The rest is kept, and the part says what happened."""
    value = {"x": Silent(), "y": [1, Endless()], Nameless(): 2}
    kept: dict[str, Any] = pager.node(pager.put(value).id).value()
    assert kept["x"] == "<Silent that cannot be read: RuntimeError: no words>"
    assert kept["y"] == [1, "<Endless that cannot be read: RuntimeError: no items>"]
    assert list(kept.values())[2] == 2


def test_an_integer_of_any_length_is_kept_digit_by_digit(pager: Pager) -> None:
    """Python itself refuses to write more than 4,300 digits."""
    assert pager.node(pager.put([10**5000, 7]).id).text() == "[\n1" + "0" * 5000 + ",\n7\n]"


def test_an_open_text_is_its_lines(pager: Pager) -> None:
    """It has a `detach` as tensors do, and is none."""
    assert pager.node(pager.put(io.StringIO("a\nb")).id).value() == ["a\n", "b"]


def test_a_tensor_without_data_is_described(pager: Pager) -> None:
    """Alone, and inside a mapping."""
    torch = pytest.importorskip("torch")
    empty = torch.empty(3, 2, device="meta")
    pager.put({"weight": empty})
    assert pager.node("r1/weight").value() == "torch.float32 of shape [3, 2], without data"
    assert pager.node(pager.put(empty).id).value() == "torch.float32 of shape [3, 2], without data"
