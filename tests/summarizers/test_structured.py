"""What a competent investigator would ask of structured results is among their facts, with its place."""

import json

import pytest

from summarizers.fact import Fact
from summarizers.reading.tree import tree_facts


def _facts(value: object, focus: str | None = None) -> list[Fact]:
    return sorted(tree_facts(value, "r1", focus), key=lambda fact: -fact.salience)


def _one(facts: list[Fact], *words: str) -> Fact:
    found = [fact for fact in facts if all(word in fact.text for word in words)]
    assert found, f"no fact says {words}: {[fact.text for fact in facts][:40]}"
    return found[0]


def _requests(count: int = 300) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {
            "id": 1000 + n,
            "service": ("cart", "auth", "cart")[n % 3],
            "latency_ms": 100 + (n * 7919 % 41) / 2,
            "at": f"2024-03-{1 + n // 20:02d}T00:00:00Z",
            "status": "ok",
        }
        for n in range(count)
    ]
    rows[137]["latency_ms"] = 9871.4
    rows[73] |= {"status": "error", "error": "ECONNRESET payments-db"}
    return rows


def test_an_outlier_comes_with_value_and_row() -> None:
    """The one slow request is an outlier at its row, above every plain extreme."""
    fact = _one(_facts(_requests()), "latency_ms max 9871.4")
    assert (fact.topic, fact.address) == ("outlier", "r1[137]")


def test_errors_come_first() -> None:
    """An error's message and row outrank everything."""
    first = _facts(_requests())[0]
    assert (first.topic, first.address) == ("error", "r1[73]")
    assert "ECONNRESET payments-db" in first.text


def test_classes_are_counted() -> None:
    """The most common value of a class with its count."""
    assert _one(_facts(_requests()), "service cart 200", "auth 100").topic == "top"


def test_time_has_a_first_and_a_last() -> None:
    """From when to when, as written."""
    assert "2024-03-01T00:00:00Z .. 2024-03-15T00:00:00Z" in _one(_facts(_requests()), "at 2024").text


def test_identifiers_are_not_measured() -> None:
    """No maximum, median or outlier of an id."""
    assert not [fact for fact in _facts(_requests()) if fact.group == "id" and fact.topic in ("extreme", "outlier")]


def test_a_module_among_the_modules_of_all_layers_stands_out() -> None:
    """Alike mappings two levels deep are one table: the outlier is found across layers, and placed."""
    value = {
        "layers": {
            f"layer_{n:02d}": {m: {"std": 0.02 + n * 1e-5, "kurtosis": 3 + n / 50} for m in ("q", "k", "down")}
            for n in range(20)
        }
    }
    value["layers"]["layer_17"]["down"]["kurtosis"] = 312.7
    fact = _one(_facts(value), "kurtosis max 312.7", "layer_17/down")
    assert fact.address == "r1/layers/layer_17/down"


def test_a_dependency_in_two_versions_is_a_disagreement() -> None:
    """A tree that repeats one key is counted at all levels, and names that disagree are told."""
    leaf = {"version": "4.0.0"}
    value = {
        "dependencies": {
            "a": {"version": "1.0.0", "dependencies": {"entities": {"version": "5.0.0"}, "x": leaf}},
            "b": {"version": "1.0.0", "dependencies": {"entities": leaf, "y": {"dependencies": {"z": leaf}}}},
            "c": leaf,
        }
    }
    facts = _facts(value)
    _one(facts, "8 entries")
    _one(facts, "7 distinct names")
    _one(facts, "3 levels deep")
    _one(facts, "most under b: 3")
    _one(facts, "entities in 2 versions", "4.0.0", "5.0.0")


def test_nested_lists_are_pooled() -> None:
    """What the containers of all pods say is said once, and the pod with most containers is named."""
    pods = [
        {"name": f"pod-{n}", "containers": [{"image": "ceph:15", "cpu": n}] * (5 if n == 6 else 2)} for n in range(10)
    ]
    facts = _facts({"items": pods})
    assert _one(facts, "containers most 5", "pod-6").address == "r1/items[6]"
    _one(facts, "always ceph:15")


def test_columns_of_lists_are_a_table() -> None:
    """A mapping of equally long lists is read by its columns."""
    facts = _facts({"loss": [3.0, 2.0, 1.0, 0.5], "name": ["a", "b", "c", "d"]})
    _one(facts, "loss max 3")


def test_one_version_among_forty_is_odd() -> None:
    """The sibling that differs is named."""
    value = {f"node{n:02d}": {"version": "1.2.4" if n == 17 else "1.2.3", "zone": "a"} for n in range(40)}
    fact = _one(_facts(value), "1.2.4 only", "node17")
    assert fact.address == "r1/node17"


def test_missing_values_are_counted_by_column() -> None:
    """So are rows that repeat others."""
    rows = [{"a": 1.5, "b": "x"}, {"a": None, "b": "x"}, {"a": None, "b": "x"}, {"a": 2.5, "b": "y"}]
    facts = _facts(rows)
    _one(facts, "a missing 2")
    _one(facts, "1 row repeating another")


def test_epoch_milliseconds_are_dates() -> None:
    """A time stamp in numbers is told as a date, not ranked."""
    rows = [{"time": 1517966773840 - n * 86_400_000, "mag": n / 7} for n in range(20)]
    assert "2018-01-19 01:26Z .. 2018-02-07 01:26Z" in _one(_facts(rows), "time").text


def test_a_focus_brings_its_row() -> None:
    """A row asked for by name is told with the field asked for."""
    rows = [{"type": f"c{n}.large", "memory": 1024 * n, "price": n / 3} for n in range(1, 60)]
    fact = _one(_facts(rows, "How much memory does c42.large have?"), "c42.large: memory 43008")
    assert fact.address == "r1[41]"


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        [{}],
        [{}, {}],
        {"a": {}},
        {"a": {"b": {}, "c": {}, "d": {}}},
        [None, None],
        [[], []],
        [{"a": []}, {"a": None}],
        [{"a": [1, 2]}, {"a": [None, 2]}],
        [{"a": {"b": 1}}, {"a": 3}, 4],
        {"a": [float("nan")] * 3, "b": [float("inf")] * 3},
        [{"t": 1e300}, {"t": -1e300}, {"t": float("inf")}],
        [{"": "", " ": " ", "\n": "\n"}],
        {"k": [{"k": [{"k": []}]}]},
        [True, None, False],
        [10**400, 1, 2],
        [{"a": "x"}, {"a": 1}, {"a": [1]}, {"a": {"b": 2}}],
    ],
    ids=lambda value: json.dumps(value, default=str)[:40],
)
def test_odd_values_have_facts_or_none(value: object) -> None:
    """Empty, mixed and extreme values raise nothing, and each fact is one line with an address."""
    for fact in _facts(value, "a focus"):
        assert fact.address.startswith("r1")
        assert fact.salience == fact.salience
