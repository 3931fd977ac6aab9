"""A result of a call made before is summarized as what changed."""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pager import Call, Lazy, Node, Pager, counter
from summarizers import Fact, card, facts, summarize

COUNTER = counter()
CALL = Call("list_hosts", {"zone": "a"})
ROWS = [
    {"id": 1000 + n, "ms": 20 + n % 7, "host": f"web-{n % 3}", "status": "ok", "seen": 1_700_000_000 + n}
    for n in range(300)
]
LOG = "\n".join(f"2024-01-01 00:{n // 60:02d}:{n % 60:02d} INFO request {n} ok" for n in range(300))


@pytest.fixture
def pager() -> Iterator[Pager]:
    """A store in memory."""
    with Pager(counter=COUNTER) as opened:
        yield opened


def _put(pager: Pager, *values: object, name: str | None = None, call: Call | None = CALL) -> Node:
    """The node of the last of these values, put one after the other."""
    return [pager.node(pager.put(value, name=name, call=call).id) for value in values][-1]


def _changes(node: Node) -> dict[str, str]:
    """What is said to have changed: statement -> address."""
    return {fact.text: fact.address for fact in facts(node) if fact.topic == "change"}


def _changed_rows() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [dict(row) for row in ROWS]
    rows[137] |= {"status": "failed", "ms": 9871}
    rows.append({"id": 5000, "ms": 21, "host": "web-9", "status": "ok", "seen": 1})
    del rows[5]
    return rows


def test_rows_are_matched_by_what_identifies_them(pager: Pager) -> None:
    """A row less in the beginning moves all others, and still only what changed is told, with old and new values."""
    said = _changes(_put(pager, ROWS, _changed_rows()))
    assert said == {
        "since r1: 2 changed, 1 added, 1 gone": "r2",
        "since r1: status ok -> failed (id 1137)": "r2[136]",
        "since r1: ms 24 -> 9871 (id 1137)": "r2[136]",
        "since r1: added id 5000": "r2[299]",
        "since r1: gone id 1005": "r1[5]",
    }
    assert pager.node("r2[136]").value()["id"] == 1137
    assert pager.node("r1[5]").value()["id"] == 1005


def test_a_file_put_again_is_compared_with_the_last_of_its_name(pager: Pager) -> None:
    """CSV too, cell by typed cell."""

    def table(rows: list[dict[str, object]]) -> str:
        return "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)])

    node = _put(pager, table([dict(row) for row in ROWS]), table(_changed_rows()), name="hosts.csv", call=None)
    assert "since r1: ms 24 -> 9871 (id 1137)" in _changes(node)


def test_a_field_that_changed_all_over_is_told_once(pager: Pager) -> None:
    """Timestamps of every row don't hide the one value that matters."""
    rows = _changed_rows()
    for row in rows:
        row["seen"] = int(str(row["seen"])) + 60
    said = _changes(_put(pager, ROWS, rows))
    assert sum("seen" in text for text in said) == 1
    assert any(text.startswith("since r1: seen changed 299 times, furthest ") for text in said)
    assert "since r1: status ok -> failed (id 1137)" in said


def test_the_summary_and_the_card_tell_changes_before_details(pager: Pager) -> None:
    """They stand in both, within the tokens."""
    node = _put(pager, ROWS, _changed_rows())
    for shown in (summarize(node, budget_tokens=100, counter=COUNTER), card(node, counter=COUNTER)):
        assert "since r1: 2 changed, 1 added, 1 gone, status ok -> failed (id 1137) [136]" in shown.text
        assert shown.tokens == COUNTER.count(shown.text)


def test_nested_values_are_compared_leaf_by_leaf(pager: Pager) -> None:
    """Fields added, gone and changed, each with the address of what holds it."""
    old = {"model": {"layers": [1, 2, 3], "name": "x"}, "version": "1.2", "removed": {"q": 1}}
    new = {"model": {"layers": [1, 2, 4], "name": "x"}, "version": "1.3", "more": 7}
    assert _changes(_put(pager, old, new)) == {
        "since r1: 2 changed, 1 added, 1 gone": "r2",
        "since r1: version 1.2 -> 1.3": "r2",
        "since r1: layers 3 -> 4": "r2/model/layers[2]",
        "since r1: added more 7": "r2",
        "since r1: gone removed 1 keys": "r1",
    }


def test_a_short_result_shown_whole_says_what_changed_too(pager: Pager) -> None:
    """A counter that moved is shown with what it was."""
    assert "since r1: 5 -> 7" in summarize(_put(pager, 5, 7), counter=COUNTER).text


def test_lines_appended_to_a_log_are_counted_and_shown(pager: Pager) -> None:
    """What is new, with its line."""
    node = _put(pager, LOG, f"{LOG}\n2024-01-01 00:09:00 ERROR disk full\n", name="a.log", call=None)
    assert _changes(node) == {
        "since r1: lines appended 1": "r2",
        'since r1: new "2024-01-01 00:09:00 ERROR disk full"': "r2[300]",
    }


def test_a_log_of_the_next_day_is_compared_without_its_numbers(pager: Pager) -> None:
    """Every time stamp differs, and the one line that is of another kind is found."""
    later = LOG.replace("2024-01-01", "2024-01-02").replace("INFO request 77 ok", "ERROR request 77 failed")
    assert _changes(_put(pager, LOG, later, name="a.log", call=None)) == {
        "since r1: lines added 1, gone 1, numbers aside": "r2",
        'since r1: new "2024-01-02 00:01:17 ERROR request 77 failed"': "r2[77]",
    }


def test_a_changed_line_shows_both(pager: Pager) -> None:
    """The first that differs, as it was and as it is."""
    text = "\n".join(f"paragraph {chr(97 + n % 26)} of a text about {n} things" for n in range(60))
    changed = text.replace("about 30 things", "about nothing")
    assert _changes(_put(pager, text, changed)) == {
        "since r1: lines added 1, gone 1": "r2",
        'since r1: "paragraph e of a text about 30 things" -> "paragraph e of a text about nothing"': "r2[30]",
    }


def test_elements_of_arrays_are_compared(pager: Pager) -> None:
    """How many changed and which moved most; NaN that stayed NaN did not change; other shapes are told."""
    old = np.arange(3000.0).reshape(30, 100)
    old[1, 1] = np.nan
    new = old.copy()
    new[3, 4], new[5, 6] = 99_999, 507
    assert _changes(_put(pager, old, new)) == {
        "since r1: 2 of 3000 elements changed": "r2",
        "since r1: most 304 -> 99999": "r2[3][4]",
    }
    assert _changes(_put(pager, new[:20])) == {"since r2: shape 30×100 -> 20×100": "r3"}


def test_lazy_results_are_compared_without_computing_them(pager: Pager) -> None:
    """What is known of both, and which parts came."""

    def compute(key: str) -> object:
        raise AssertionError(f"{key} was computed")

    node = _put(pager, Lazy(("a", "b"), compute, {"n": 1}), Lazy(("a", "b", "c"), compute, {"n": 2}))
    assert {"since r1: n 1 -> 2", "since r1: added children c"} <= set(_changes(node))


def test_only_the_same_call_is_compared(pager: Pager) -> None:
    """Other arguments, another tool, no call and no name: nothing was there before."""
    pager.put(ROWS, call=CALL)
    for call in (Call("list_hosts", {"zone": "b"}), Call("list", {"zone": "a"}), None):
        assert _changes(pager.node(pager.put(_changed_rows(), call=call).id)) == {}
    assert _changes(pager.node("r1")) == {}


def test_the_latest_of_earlier_results_is_compared(pager: Pager) -> None:
    """Not the first one."""
    assert "since r2: 6 -> 7" in _changes(_put(pager, 5, 6, 7))


def test_another_file_of_the_same_name_is_no_change(pager: Pager) -> None:
    """Two README.md that have nothing in common are two results."""
    first, second = "\n".join(f"apples {n}x" for n in "abcdefgh"), "\n".join(f"pears are {n}" for n in "ijklmnop")
    assert _changes(_put(pager, first * 9, second * 9, name="README.md", call=None)) == {}


def test_what_is_too_large_to_compare_is_compared_by_length(pager: Pager) -> None:
    """Nothing is read that would take long."""
    line = "x" * 80 + "\n"
    node = _put(pager, line * 60_000, line * 60_001)
    assert _changes(node) == {"since r1: 60001 lines, were 60000": "r2"}


def test_a_value_of_another_kind_says_so(pager: Pager) -> None:
    """A list where a mapping was."""
    assert "since r1: now table, was mapping" in _changes(_put(pager, {"error": "none"}, ROWS))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=5),
    max_leaves=30,
)


@given(_JSON, _JSON)
def test_any_two_values_are_compared(old: object, new: object) -> None:
    """Whatever both are: statements with addresses that open, the same ones twice."""
    with Pager(counter=COUNTER) as pager:
        node = _put(pager, old, new)
        found: list[Fact] = [fact for fact in facts(node) if fact.topic == "change"]
        assert found == [fact for fact in facts(node) if fact.topic == "change"]
        for fact in found:
            assert fact.text.startswith("since r1: ")
            assert pager.node(fact.address).address == fact.address


def test_deep_and_endless_values_are_compared_as_far_as_they_can_be(pager: Pager) -> None:
    """Neither nesting nor an integer of thousands of digits is an error."""
    deep: object = 1
    for _ in range(150):
        deep = {"a": deep}
    other = deepcopy(deep)
    assert isinstance(other, dict)
    other["b"] = 10**5000
    assert facts(_put(pager, deep, other))
    assert facts(_put(pager, [{"id": 10**5000 + n} for n in range(9)], [{"id": 10**5000 + n} for n in range(1, 9)]))
