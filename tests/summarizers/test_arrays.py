"""Arrays within other values: told by axis, and located among many."""

import math

import pytest

from pager import Pager, counter
from summarizers import summarize


def _layers() -> dict[str, dict[str, list[list[float]] | list[float]]]:
    layers = {}
    for layer in range(4):
        weight = [[math.sin(layer + 7.3 * row + 1.7 * column) for column in range(12)] for row in range(10)]
        layers[f"layers.{layer}"] = {"weight": weight, "bias": [math.cos(layer + row) for row in range(10)]}
    layers["layers.2"]["weight"][7][5] = 98.5  # type: ignore[index]  # the weights are rows
    return layers


@pytest.mark.parametrize("form", ["nested", "flat", "pairs"])
def test_weights_under_names_are_told_with_the_place_of_their_extreme(form: str) -> None:
    """A dict of layers, a state dict and a list of named parameters: the counts, and the odd number at its address."""
    layers = _layers()
    flat = {f"{name}.{part}": value for name, parts in layers.items() for part, value in parts.items()}
    value: object = {"nested": layers, "flat": flat, "pairs": [list(pair) for pair in flat.items()]}[form]
    with Pager(counter=counter()) as pager:
        node = pager.node(pager.put(value).id)
        made = summarize(node, budget_tokens=150, counter=pager.counter)
        assert "8 arrays of 520 numbers: 10×12 4, 10 4" in made.text
        highest = next(fact for fact in made.facts if fact.text == "max 98.5")
        assert pager.open(highest.address).text == "98.5"


def test_an_array_among_other_fields_is_told_by_axis() -> None:
    """Not as a table with a field for every column."""
    value = {"name": "fc", "weight": _layers()["layers.2"]["weight"], "trained": True}
    with Pager(counter=counter()) as pager:
        text = summarize(pager.node(pager.put(value).id), budget_tokens=150, counter=pager.counter).text
    assert "shape 10×12" in text
    assert "max 98.5 [7][5]" in text
    assert "fields" not in text


def test_rows_of_unlike_fields_stay_rows() -> None:
    """Time, open, high, low, close and volume are columns, not an axis."""
    rows = [[1_700_000_000 + 60 * n, 10.5, 11.25, 9.75, 10.25, 5000 + n] for n in range(40)]
    with Pager(counter=counter()) as pager:
        node = pager.node(pager.put({"symbol": "X", "rows": rows}).id)
        text = summarize(node, budget_tokens=150, counter=pager.counter).text
    assert "40 rows × 6 fields" in text


@pytest.mark.parametrize("value", ["[" * 4000 + "1" + "]" * 4000, '{"a":' * 3000 + "[[1]]" + "}" * 3000])
def test_depth_is_no_array(value: str) -> None:
    """Lists nested thousands deep have a summary like anything else."""
    with Pager(counter=counter()) as pager:
        made = summarize(pager.node(pager.put(value).id), budget_tokens=100, counter=pager.counter)
    assert made.tokens <= 100
