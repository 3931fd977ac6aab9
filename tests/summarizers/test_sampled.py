"""Logs and tables too large to be read whole: what is told of them says on what it rests, and errors stay exact."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pager import Node, Pager
from summarizers import card
from summarizers.reading.alarming import all_alarms
from summarizers.reading.lines import stream
from summarizers.reading.logline import ALARMS, WARNINGS, layout_of
from summarizers.reading.sample import READ_WHOLE_BYTES, spread
from summarizers.reading.tally import Tally

AT = "2026-03-01 00:00:00,123"
USUAL = "".join(
    f"{AT} INFO [web] request {n} took {n % 90} ms{', no ERROR' * (n % 500 == 0)} {'.' * 400}\n" for n in range(2_000)
)
TROUBLE = f"{AT} ERROR [db] pool exhausted for tenant-9\nTraceback (most recent call last):\nKeyError: 'tenant-9'\n"


@pytest.fixture
def large_log(tmp_path: Path) -> Iterator[Node]:
    """A log over the limit, with one error that no stretch of the sample holds."""
    path = tmp_path / "large.log"
    times = READ_WHOLE_BYTES // len(USUAL) + 2
    path.write_text(USUAL * 31 + TROUBLE + USUAL * (times - 31))
    with Pager(tmp_path / "store") as pager:
        yield pager.node(pager.put_file(path).id)


def test_the_one_error_of_a_large_log_is_found_and_the_card_says_what_its_counts_rest_on(large_log: Node) -> None:
    """With its exception and its line, which no sample alone would hold."""
    with Pager() as pager:
        text = card(large_log, counter=pager.counter).text
    assert "told by a sample" in text.splitlines()[0]
    assert f"of {len(large_log)} lines, in 16 stretches; errors and warnings of all" in text
    assert "ERROR pool exhausted for tenant-9 → KeyError: 'tenant-9' [62000]" in text
    assert "levels ERROR 1 in all; INFO" in text
    assert next(large_log.lines(62_000)).endswith("pool exhausted for tenant-9")


def test_what_is_searched_for_alarms_counts_as_reading_all_does() -> None:
    """Levels, messages, first lines and exceptions of errors and warnings are those of a whole reading."""
    text = USUAL + TROUBLE + USUAL + f"{AT} WARN [web] slow\n" * 3 + TROUBLE
    with Pager() as pager:
        node = pager.node(pager.put(text, name="a.log").id)
        lines = list(stream(node))
        whole = Tally(layout_of(lines[:500])).read(lines)
        found = all_alarms(node, whole)
    assert found is not None
    ranks = ALARMS | WARNINGS
    assert found.levels == {rank: count for rank, count in whole.levels.items() if rank in ranks}
    for key, group in whole.groups.items():
        if group.rank in ranks:
            other = found.groups[key]
            assert (other.count, other.index, other.block) == (group.count, group.index, group.block)


@given(st.integers(100, 10**9), st.integers(1, 10**6))
def test_stretches_lie_apart_within_the_whole(length: int, size: int) -> None:
    """In order, none over another, from the beginning to the end."""
    found = spread(length, size)
    assert found[0].start == 0
    assert all(one.stop <= other.start for one, other in pairwise(found))
    assert found[-1].stop <= length
    assert found[-1].stop == length or len(found) == 1


def test_a_large_table_is_told_by_rows_that_open_at_their_numbers(tmp_path: Path) -> None:
    """The row named for an extreme is the row that has it."""
    path = tmp_path / "rows.jsonl"
    rows = "".join(f'{{"id": {n}, "ms": {n % 97}, "note": "{"x" * 600}"}}\n' for n in range(1_000))
    last = '{"id": 7, "ms": 98765, "note": ""}\n'
    path.write_text(rows * (READ_WHOLE_BYTES // len(rows) + 1) + last)
    with Pager(tmp_path / "store") as pager:
        node = pager.node(pager.put_file(path).id)
        text = card(node, counter=pager.counter).text
        assert f"of {len(node)} rows, in 16 stretches" in text
        assert f"ms max 98765 [{len(node) - 1}]" in text
        assert pager.node(f"r1[{len(node) - 1}]/ms").value() == 98765
