"""Rows that are passed unparsed hold nothing of what is searched for."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pager import Pager, counter
from pager.search.rowsieve import sieve_for

COUNTER = counter(len)
NUMBERS = ["1.50", "1e5", "0.00001", "12345678901234567890.0", "-0.0", "10042", "0.1000000000000000055", "1E400"]
TEXTS = st.text(st.sampled_from('ab1e.5 "\\/\n\tékK\u212a\u017f:-'), max_size=6)
PATTERNS = st.lists(
    st.sampled_from(["a", "b", "K", "s", "5", "1.5", "10042", "05", r"1\.5", "a.b", "b:", "true", "null", "e", "1e"]),
    min_size=1, max_size=3,
).map("|".join)  # fmt: skip
CELLS = st.one_of(
    TEXTS.map(json.dumps), TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False)), st.sampled_from(NUMBERS),
    st.sampled_from(["true", "null", "[1, {\"a\": \"b\"}]", '"\\u0061"']),
)  # fmt: skip
ROWS = st.lists(st.tuples(TEXTS.map(json.dumps), CELLS), min_size=1, max_size=3).map(
    lambda cells: "{" + ", ".join(f"{key}: {value}" for key, value in cells) + "}"
)
LINES = st.one_of(ROWS, ROWS, ROWS, st.sampled_from(["", "  ", "no JSON a", "\t"]))


@given(st.lists(LINES, min_size=2, max_size=6), PATTERNS)
def test_a_sieve_changes_no_answer(lines: list[str], pattern: str) -> None:
    """The same matches at the same addresses as when every row is read, however texts and numbers are written."""
    text = "\n".join(['{"first": 1}', '{"second": [2]}', *lines])
    with Pager(counter=COUNTER) as pager:
        root = pager.put(text, name="rows.jsonl").id
        sieved = pager.find(root, pattern, max_matches=10**6, limit_tokens=10**6)
        every = pager.find(root, f"(?:{pattern})", max_matches=10**6, limit_tokens=10**6)
    assert sieve_for(f"(?:{pattern})") is None
    assert sieved.matches == every.matches
    assert sieved.total == every.total


def test_nothing_found_in_rows_says_how_many_there_are() -> None:
    """An empty answer tells the rows and what is near."""
    with Pager(counter=COUNTER) as pager:
        root = pager.put("".join(f'{{"id": {n}, "state": "stopped"}}\n\n' for n in range(9)), name="a.jsonl").id
        found = pager.find(root, "stoped")
    assert found.searched == f"9 rows of {root}"
    assert "stopped" in found.near
