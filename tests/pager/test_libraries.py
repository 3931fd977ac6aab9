"""What the libraries of data and models return is kept as what it is."""

from collections.abc import Iterator
from typing import Any

import pytest

from pager import Pager, counter

pd = pytest.importorskip("pandas", reason="pandas is not installed")
pl = pytest.importorskip("polars", reason="polars is not installed")
pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
np = pytest.importorskip("numpy")

FRAME = pd.DataFrame({"id": [1, 2, 3], "at": pd.to_datetime(["2026-01-01", None, "2026-01-03"]), "n": [4, None, 6]})


@pytest.fixture
def pager() -> Iterator[Pager]:
    with Pager(counter=counter(len)) as made:
        yield made


@pytest.mark.parametrize(
    ("value", "kind", "length"),
    [
        (FRAME, "table", 3),
        (FRAME.set_index("id"), "table", 3),
        (FRAME["id"], "array", 3),
        (FRAME.set_index("at")["n"], "table", 3),
        (pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}), "table", 2),
        (pl.DataFrame({"a": [1, 2]}).lazy(), "table", 2),
        (pl.Series("a", [1, 2]), "array", 2),
        (pa.table({"a": [1, 2], "b": ["x", None]}), "table", 2),
        (pa.chunked_array([[1, 2], [3]]), "array", 3),
        (np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), "table", 1),
    ],
    ids=[
        "frame",
        "indexed",
        "series",
        "indexed series",
        "polars",
        "lazy",
        "polars series",
        "arrow",
        "chunked",
        "records",
    ],
)
def test_frames_are_tables_and_columns_are_arrays(pager: Pager, value: Any, kind: str, length: int) -> None:
    """A named index is a column; a lazy frame is what it collects to."""
    node = pager.node(pager.put(value).id)
    assert (node.kind, len(node)) == (kind, length)


def test_missing_times_and_values_are_null(pager: Pager) -> None:
    """Neither becomes a word that could be data."""
    result = pager.put([pd.NaT, pd.NA, None, pa.scalar(5), pa.scalar(None)])
    assert pager.node(result.id).value() == [None, None, None, 5, None]
    rows = pager.query(pager.put(FRAME).id, 'select count("at") as n from t').rows
    assert rows == ((2,),)
