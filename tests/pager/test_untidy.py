"""Untidy input: stray quotes, headers alone, lines that break off, logs that begin like JSON, names that mislead."""

from collections.abc import Iterator

import pytest

from pager import Pager, UnknownAddress, counter


@pytest.fixture
def pager() -> Iterator[Pager]:
    with Pager(counter=counter()) as made:
        yield made


def test_a_quote_inside_a_cell_is_text(pager: Pager) -> None:
    """Only a quote that begins a cell opens one; such a cell may run over lines."""
    rows = pager.node(pager.put('a,b\n1,5" pipe\n2,7" pipe\n3,"x\ny, ""z"""\n', name="a.csv").id).rows()
    assert [row["b"] for row in rows] == ['5" pipe', '7" pipe', 'x\ny, "z"']


def test_a_quote_that_is_never_closed_costs_one_row(pager: Pager) -> None:
    """The rows after it are rows, and the slice of each is its own text."""
    lines = ["a,b", *(f"{n},1" for n in range(50)), '"open,1', *(f"{n},1" for n in range(50, 99))]
    node = pager.node(pager.put("\n".join(lines), name="a.csv").id)
    assert len(node) == 100
    assert node.rows()[99] == {"a": "98", "b": 1}
    assert pager.node("r1[51:52]").text() == "a,b\n50,1\n"


def test_a_table_of_a_header_alone_can_be_queried(pager: Pager) -> None:
    """No rows, but its columns."""
    found = pager.query(pager.put("a,b,c\n", name="a.csv").id, "select a, c from t")
    assert (found.columns, found.rows, found.text) == (("a", "c"), (), "a | c\n(no rows)")


def test_broken_json_lines_are_counted(pager: Pager) -> None:
    """The note says how many lines are no JSON, and where the first stands."""
    lines = ['{"a": 1}', '{"a": 2}', '{"a": ', "text", '{"a": 5}']
    result = pager.put("\n".join(['{"a": 0}'] * 30 + lines))
    assert result.kind == "table"
    assert result.note == "malformed JSON (2 lines, first 33): kept as text"
    assert pager.node("r1[32]").value() == '{"a": '


@pytest.mark.parametrize("line", ["[    0.004000] ACPI: early table", "[10.30 16:49:06] chrome.exe - open"])
def test_a_log_that_begins_with_a_bracketed_number_is_no_json(pager: Pager, line: str) -> None:
    """It is a log, and nothing is said of JSON."""
    result = pager.put("\n".join([line] * 5))
    assert (result.kind, result.note) == ("log", None)


def test_a_listing_of_files_is_no_log(pager: Pager) -> None:
    """Dates in the middle of lines are no time stamps."""
    line = "-rw-r--r-- 1 root root 4096 Jan 12 2026 name"
    assert pager.put("\n".join([line] * 5)).kind == "text"


def test_a_progress_bar_is_no_table(pager: Pager) -> None:
    """Terminal escapes are no column names."""
    assert pager.put("\n".join(f"\x1b[32m{n}%|bar\x1b[0m" for n in range(9))).kind == "text"


def test_a_slice_of_one_value_is_answered_plainly(pager: Pager) -> None:
    """The error says that there is one value, and where."""
    pager.put({"a": 5})
    with pytest.raises(UnknownAddress, match="r1/a is one value; nearest: r1/a"):
        pager.node("r1/a[0:1]")


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Temperature 21°C at site\n", "latin-1"),
        ("id,name,ms\n1,Forlì,3\n2,Zürich,4\n", "latin-1"),
        ("price £5 – “ok”\n", "cp1252"),
        ("Привет мир, как дела сегодня\n", "cp1251"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy\n", "cp1250"),
    ],
)
def test_short_text_in_single_bytes_keeps_its_letters(pager: Pager, text: str, charset: str) -> None:
    """Western European bytes are not taken for Polish or Korean ones, nor others for Western European."""
    assert pager.node(pager.put(text.encode(charset)).id).text() == text
