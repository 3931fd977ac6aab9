"""Addresses round-trip, and one that does not resolve is answered with those that do."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pager import Pager, UnknownAddress, counter, join
from pager.address import format_step, parse_address

KEYS = st.lists(st.text(max_size=12) | st.integers(0, 10**9), max_size=5)


@given(keys=KEYS)
def test_any_keys_round_trip(keys: list[str | int]) -> None:
    """Whatever a key holds, its address leads back to it."""
    parsed = parse_address(join("r1", *keys))
    assert parsed.steps == tuple(keys)
    assert parsed.page is None
    assert "r1" + "".join(map(format_step, parsed.steps)) == join("r1", *keys)


@given(keys=KEYS, page=st.integers(1, 10**6), part=st.integers(2, 9))
def test_pages_round_trip(keys: list[str | int], page: int, part: int) -> None:
    """A page number never mixes with the keys before it."""
    parsed = parse_address(f"{join('r1', *keys)}#{page}.{part}")
    assert (parsed.steps, parsed.page, parsed.part) == (tuple(keys), page, part)


@given(text=st.text(max_size=30))
def test_any_text_is_an_address_or_a_clear_error(text: str) -> None:
    """Any text either leads somewhere or is answered as an unknown address, never by another error."""
    with Pager(counter=counter(len)) as pager:
        pager.put({"a": [1]})
        with contextlib.suppress(UnknownAddress):
            assert pager.open(text).text is not None


VALUE = {
    "layers": [{"mlp.down_proj": {"kurtosis": 187.2}, "a/b": 1, "c#d": [1, 2]}],
    "": "empty key",
    "17": "digits",
    "rows": [{"latency_ms": 3}, {"latency_ms": 4}],
}


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("r1/layers[0]/mlp.down_proj/kurtosis", "187.2"),
        ("r1/layers/0/mlp.down_proj/kurtosis", "187.2"),
        ("r1/layers[-1]/a%2Fb", "1"),
        ("r1/layers[0]/c%23d[1]", "2"),
        ("r1/", "empty key"),
        ("r1/17", "digits"),
        ("r1[17]", "digits"),
        ("r1/rows[1:]", '[\n{"latency_ms": 4}\n]'),
        ("r1/rows[0:2][1]/latency_ms", "4"),
    ],
)
def test_addresses_reach_their_part(address: str, text: str) -> None:
    """Names, numbers, negative numbers, slices and digits as names lead where they say."""
    with Pager(counter=counter(len)) as pager:
        pager.put(VALUE)
        assert pager.node(address).text() == text


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("r2", "r1"),
        ("r1/layer", "r1/layers"),
        ("r1/layers[7]", "r1/layers[0]"),
        ("r1/layers[0]/mlp.downproj", "r1/layers[0]/mlp.down_proj"),
        ("r1/rows/latency_ms", "r1/rows[0]/latency_ms"),
        ("r1/rows[5:9]", "r1/rows[1]"),
        ("r1[0:2]", "r1/layers"),
        ("r1/rows#9", "r1/rows#1"),
        ("r1/rows[0]/latency_ms/more", "r1/rows[0]/latency_ms"),
        ("r1!rows[0", "r1"),
        ("nonsense", "r1"),
    ],
)
def test_an_unknown_address_names_the_nearest_that_resolve(address: str, near: str) -> None:
    """What does not resolve is answered with addresses that do, the likeliest among them."""
    with Pager(counter=counter(len)) as pager:
        pager.put(VALUE)
        with pytest.raises(UnknownAddress) as caught:
            pager.open(address)
        assert near in caught.value.nearest
        for other in caught.value.nearest:
            assert pager.open(other).text is not None


def test_an_empty_store_says_so() -> None:
    """Nothing put, nothing near: the error says to put something."""
    with Pager() as pager, pytest.raises(UnknownAddress, match="put a result first"):
        pager.node("r1")


def test_the_nearest_addresses_are_told_once() -> None:
    """Of a list with one item the first is the last."""
    with Pager(counter=counter()) as pager:
        pager.put([["x"]])
        with pytest.raises(UnknownAddress) as raised:
            pager.node("r1/a")
    assert raised.value.nearest == ("r1[0]",)
