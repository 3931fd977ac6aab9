"""What becomes of the values tools return: their kind, their text, their parts."""

import dataclasses
import datetime as dt
import decimal
import enum
import math
import uuid
from collections import OrderedDict, deque, namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pager import NotATable, NotStorable, Pager, counter

COUNTER = counter(len)


@pytest.fixture
def pager() -> Any:
    """A pager in memory that counts characters."""
    with Pager(counter=COUNTER) as made:
        yield made


class Color(enum.Enum):
    """A value with a name."""

    RED = "red"


@dataclasses.dataclass
class Point:
    """A value with fields."""

    x: int
    tags: set[str]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([{"a": 1}, {"b": 2}], "table"),
        ({"a": 1}, "mapping"),
        ({}, "mapping"),
        ([], "list"),
        ([1, "a"], "list"),
        ([1, 2.5], "array"),
        ([[1, 2], [3, 4]], "array"),
        ([[1], [2, 3]], "list"),
        ([2**70], "list"),
        (np.zeros((2, 3)), "array"),
        (np.float32(1.5), "value"),
        (5, "value"),
        (None, "value"),
        ("", "text"),
        (b"", "text"),
        ("hello", "text"),
        (b'[{"a": 1}]', "table"),
        (b'{"a": 1}\n{"a": 2}\n', "table"),
        (b"[1, 2]\n[3]\n", "list"),
        ("a,b\n1,2\n3,4\n", "table"),
        ("a\tb\n1\t2\n3\t4\n", "table"),
        ("def f():\n    return 1\n\nclass A:\n    pass\n", "code"),
        ("# Title\n\nSome text.\n", "text"),
        ("".join(f"2026-01-01 10:00:{n:02d} INFO ok\n" for n in range(9)), "log"),
        (bytes(range(256)), "bytes"),
        ("Dear all, this is it.\nYes, it is.\nNo, more.\n", "text"),
    ],
)
def test_a_value_has_the_kind_people_expect(pager: Pager, value: object, kind: str) -> None:
    """The kind follows from the content, not from where it came from."""
    assert pager.put(value).kind == kind


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Point(1, {"b", "a"}), {"x": 1, "tags": ["a", "b"]}),
        ((1, "x"), [1, "x"]),
        ({1: "a", "1": "b", None: 0, (1, 2): 3}, {"1": "a", "1 (str)": "b", "null": 0, "(1, 2)": 3}),
        ([Color.RED, Path("a/b"), uuid.UUID(int=5)], ["red", "a/b", str(uuid.UUID(int=5))]),
        ([dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3)], ["2026-01-02", "2026-01-02T03:00:00"]),
        ({"d": decimal.Decimal("1.5"), "n": np.int64(3)}, {"d": 1.5, "n": 3}),
        (OrderedDict(a=deque(["x", 1])), {"a": ["x", 1]}),
        (namedtuple("Pair", "left right")(1, "r"), {"left": 1, "right": "r"}),
        ([b"text", b"\xff"], ["text", "\\xff"]),
        ({"a": np.array([[1, 2]])}, {"a": [[1, 2]]}),
        (iter(["a", 1]), ["a", 1]),
        ({"r": range(2), "c": 1 + 2j}, {"r": [0, 1], "c": "(1+2j)"}),
    ],
)
def test_python_values_become_plain_ones(pager: Pager, value: object, plain: object) -> None:
    """Types of the standard library and numpy are shown as the JSON people would write for them."""
    got = pager.node(pager.put(value).id).value()
    assert (got.tolist() if isinstance(got, np.ndarray) else got) == plain


def test_an_exception_is_a_result_too(pager: Pager) -> None:
    """Type, message and traceback of an exception are its parts."""
    try:
        raise ValueError("bad layer 17")
    except ValueError as error:
        result = pager.put(error)
    assert pager.node(f"{result.id}/message").text() == "bad layer 17"
    assert "test_kinds.py" in pager.node(f"{result.id}/traceback").text()


def test_tensors_keep_type_and_shape(pager: Pager) -> None:
    """A torch tensor opens element by element; bfloat16 is shown as float32."""
    torch = pytest.importorskip("torch")
    result = pager.put(torch.arange(6).reshape(2, 3).to(torch.bfloat16))
    assert pager.node(f"{result.id}[1][2]").value() == 5
    assert pager.node(result.id).value().shape == (2, 3)


def test_arrays_are_formatted_by_range(pager: Pager) -> None:
    """A large array pages without its whole text; the text is JSON, one row a line."""
    array = np.arange(60_000, dtype=np.float32).reshape(20_000, 3) / 7
    result = pager.put(array)
    page = pager.open(f"{result.id}#5")
    assert page.tokens <= 1000
    assert pager.node(f"{result.id}[3]").text() == "[\n" + ",\n".join(array[3].astype(str)) + "\n]"
    assert np.array_equal(pager.node(f"{result.id}[10:12]").value(), array[10:12])
    first = pager.open(result.id)
    assert first.text.startswith("[\n[0.0, 0.14285715, 0.2857143],\n")


def test_special_floats_survive(pager: Pager) -> None:
    """NaN and Infinity come back; a number too large for a float keeps its literal."""
    result = pager.put('{"a": [NaN, -Infinity], "b": 1e999, "c": ' + "9" * 5000 + "}")
    assert math.isnan(pager.node(f"{result.id}/a").value()[0])
    assert pager.node(f"{result.id}/b").text() == "1e999"
    assert pager.node(f"{result.id}/c").text() == "9" * 5000


def test_depth_has_no_limit(pager: Pager) -> None:
    """10,000 levels open, as a file and as a Python value."""
    value: list[Any] = []
    for _ in range(10_000):
        value = [value]
    for put in (value, b'{"a":' * 10_000 + b"1" + b"}" * 10_000):
        result = pager.put(put)
        step = "[0]" if result.kind == "list" else "/a"
        assert pager.node(result.id + step * 9_000).text()
        assert pager.find(result.id, "zzz").total == 0


def test_a_value_that_contains_itself_is_refused(pager: Pager) -> None:
    """A cycle is one clear error; a value that occurs twice is none."""
    shared = [1, "x"]
    assert pager.node(pager.put([shared, shared]).id).value() == [[1, "x"], [1, "x"]]
    loop: dict[str, Any] = {"a": []}
    loop["a"].append(loop)
    with pytest.raises(NotStorable, match="contains itself"):
        pager.put(loop)


def test_malformed_json_is_kept_and_said(pager: Pager) -> None:
    """The place of the first error is in the note; the text is whole."""
    result = pager.put(b'{"a": 1,\n "b": }')
    assert (result.kind, pager.node(result.id).text()) == ("text", '{"a": 1,\n "b": }')
    assert "line 2, column 7" in (result.note or "")


def test_cells_of_a_csv_are_typed_by_column(pager: Pager) -> None:
    """Numbers, booleans and blanks are typed; identifiers with leading zeros stay text; quotes may span lines."""
    text = 'id,n,x,ok,note\n007,1,1.5,true,"a, b"\n010,2,,false,"two\nlines"\n011,,3,true,\n'
    result = pager.put(text, name="t.csv")
    rows = pager.node(result.id).rows()
    assert rows[0] == {"id": "007", "n": 1, "x": 1.5, "ok": True, "note": "a, b"}
    assert rows[1]["note"] == "two\nlines"
    assert (rows[1]["x"], rows[2]["n"], rows[2]["note"]) == (None, None, None)
    assert pager.node(f"{result.id}[1]/note").text() == "two\nlines"
    assert pager.node(f"{result.id}[1:3]").rows() == rows[1:3]
    assert len(pager.node(result.id)) == 3


def test_json_lines_open_by_row(pager: Pager) -> None:
    """Rows are numbered over blank lines; a broken line is a row of its text."""
    result = pager.put('{"a": 1}\n\n{"a": 2}\n{"a": 3}\n' + '{"a": 4}\n' * 30 + "{broken\n")
    assert result.kind == "table"
    assert pager.node(f"{result.id}[1]/a").value() == 2
    assert pager.node(f"{result.id}[1:3]").value() == [{"a": 2}, {"a": 3}]
    assert pager.node(f"{result.id}[-1]").text() == "{broken"
    assert len(pager.node(result.id).rows()) == 34


def test_alike_mappings_are_rows(pager: Pager) -> None:
    """Layers by name pivot into rows with their key; columns by name into rows; others name the tables below."""
    layers = pager.put({"layers": {"a": {"k": 1}, "b": {"k": 2}}})
    assert pager.node(f"{layers.id}/layers").rows() == [{"key": "a", "k": 1}, {"key": "b", "k": 2}]
    columns = pager.put({"x": [1, 2], "y": ["a", "b"]})
    assert pager.node(columns.id).rows() == [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}]
    with pytest.raises(NotATable) as caught:
        pager.node(layers.id).rows()
    assert caught.value.tables == (f"{layers.id}/layers",)


def test_text_has_sections_and_code_definitions(pager: Pager) -> None:
    """Headings and definitions are children; their text is the exact slice."""
    text = "intro\n\n# One\nalpha\n## Inner\nbeta\n# Two\ngamma\n"
    result = pager.put(text)
    assert [child.name for child in pager.node(result.id).children()] == ["one", "inner", "two"]
    assert pager.node(f"{result.id}/one").text() == "# One\nalpha\n## Inner\nbeta\n"
    code = pager.put("import os\n\nclass A:\n    def f(self):\n        return 1\n\ndef g():\n    pass\n", name="a.py")
    assert pager.node(f"{code.id}/A.f").text() == "    def f(self):\n        return 1\n"
    assert [child.name for child in pager.node(code.id).children()] == ["A", "A.f", "g"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_leave_their_ends_out(pager: Pager, ending: str) -> None:
    """Line numbers count from 0; a line's own text has no line end, a slice keeps them."""
    text = ending.join(["zero", "one", "two"])
    result = pager.put(text)
    assert list(pager.node(result.id).lines()) == ["zero", "one", "two"]
    assert pager.node(f"{result.id}[1]").text() == "one"
    assert pager.node(f"{result.id}[1:3]").text() == "one" + ending + "two"
