"""Find answers with addresses, query with rows; both are bounded, and neither can be led outside its node."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pager import Lazy, NotATable, Pager, QueryFailed, counter

ROWS = [
    {"id": n, "status": "error" if n == 137 else "ok", "latency_ms": n / 2, "tags": {"zone": f"z{n % 3}"}}
    for n in range(500)
]


@pytest.fixture
def pager() -> Any:
    """A pager in memory whose r1 is a table."""
    with Pager(counter=counter()) as made:
        made.put(json.dumps(ROWS), name="requests.json")
        yield made


def test_a_match_has_the_address_of_its_cell(pager: Pager) -> None:
    """Cells, keys, nested values, lines and array elements are found where they are, and open there."""
    assert pager.find("r1", "error").matches[0].address == "r1[137]/status"
    assert pager.find("r1", "latency").matches[0].address == "r1[0]/latency_ms"
    assert pager.find("r1[4]", "z1").matches[0].address == "r1[4]/tags/zone"
    log = pager.put("".join(f"2026-01-01 10:00:00 INFO step {n}\n" for n in range(2000)))
    found = pager.find(log.id, r"step 1040$")
    assert (found.total, found.matches[0].address) == (1, f"{log.id}[1040]")
    csv = pager.put("a,b\n1,x\n2,needle\n", name="t.csv")
    assert pager.find(csv.id, "needle").matches[0].address == f"{csv.id}[1]/b"
    array = pager.put(np.array([[1.0, 2.0], [3.0, np.nan]]))
    assert pager.find(array.id, "nan").matches[0].address == f"{array.id}[1][1]"
    for match in pager.find("r1", "z2").matches:
        assert "z2" in pager.open(match.address).text


def test_case_matters_only_with_capitals(pager: Pager) -> None:
    """A pattern without capitals is case-blind; an invalid expression is taken literally."""
    text = pager.put("Error one\nerror two\nan [unclosed bracket\n")
    assert pager.find(text.id, "error").total == 2
    assert pager.find(text.id, "Error").total == 1
    assert pager.find(text.id, "[unclosed").matches[0].address == f"{text.id}[2]"


def test_an_answer_says_what_it_left_out(pager: Pager) -> None:
    """The text of an answer is within its limit and says how many matches it does not show."""
    found = pager.find("r1", "ok", limit_tokens=80)
    assert found.total == 499
    assert found.tokens == pager.counter.count(found.text) <= 80
    assert "of 499 matches shown" in found.text


@pytest.mark.parametrize("limit_tokens", [1, 8, 16, 60])
def test_small_limits_hold(pager: Pager, limit_tokens: int) -> None:
    """Even where only a part of the last line fits, the limit holds."""
    assert pager.find("r1", "ok", limit_tokens=limit_tokens).tokens <= limit_tokens
    assert pager.find("r1", "absent", limit_tokens=limit_tokens).tokens <= limit_tokens
    assert pager.query("r1", "SELECT * FROM t", limit_tokens=limit_tokens).tokens <= limit_tokens


def test_nothing_found_says_what_was_searched(pager: Pager) -> None:
    """An empty answer names the place, how much was looked through, and what is near."""
    found = pager.find("r1", "statu5")
    assert (found.total, found.matches) == (0, ())
    assert "r1" in found.searched
    assert "status" in found.near
    assert "status" in found.text


def test_unopened_parts_are_said_not_searched(pager: Pager) -> None:
    """A search computes nothing: it looks through what was opened, and names what was not."""
    result = pager.put(Lazy(("a", "b"), lambda key: {"stat": f"needle in {key}"}))
    pager.open(f"{result.id}/a")
    found = pager.find(result.id, "needle")
    assert [match.address for match in found.matches] == [f"{result.id}/a/stat"]
    assert f"{result.id}/b" in found.searched
    assert f"{result.id}/b" in found.text


def test_a_catastrophic_pattern_ends(pager: Pager) -> None:
    """A pattern that would backtrack for ever is stopped, and the answer says where."""
    text = pager.put("a" * 5_000 + "!")
    started = time.perf_counter()
    found = pager.find(text.id, r"(a|a|aa)+\d$", timeout_seconds=0.5)
    assert time.perf_counter() - started < 5
    assert found.total == 0


def test_one_select_answers(pager: Pager) -> None:
    """Aggregates, nested cells, and the result's own name as the table's."""
    rows = pager.query("r1", "SELECT count(*) AS n, max(latency_ms) AS top FROM t WHERE status = 'ok'")
    assert (rows.columns, rows.rows, rows.total) == (("n", "top"), ((499, 249.5),), 1)
    assert pager.query("r1", "SELECT tags->>'zone' FROM requests LIMIT 1").rows == (("z0",),)
    cut = pager.query("r1", "SELECT * FROM t", max_rows=5, limit_tokens=100)
    assert (len(cut.rows), cut.total, cut.truncated) == (5, 500, True)
    assert cut.tokens <= 100


def test_text_and_arrays_are_tables_too(pager: Pager) -> None:
    """Lines are t(line, text); an array has an index and its values."""
    log = pager.put("".join(f"2026-01-01 10:00:00 INFO step {n}\n" for n in range(50)))
    assert pager.query(log.id, "SELECT line FROM t WHERE text LIKE '%step 7'").rows == ((7,),)
    array = pager.put(np.array([1.5, 2.5]))
    assert pager.query(array.id, "SELECT sum(value) FROM t").rows == ((4.0,),)


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '/tmp/other.db'",
        "COPY t TO '/tmp/toolpager_copy.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_blob('/etc/*')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM read_json('http://127.0.0.1/x')",
        "SELECT * FROM read_parquet('s3://bucket/x')",
        "SELECT * FROM t WHERE EXISTS (SELECT * FROM read_text('/etc/passwd'))",
        "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
        "SELECT * FROM sqlite_scan('store.sqlite', 'results')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT getenv('PATH')",
        "SELECT * FROM pager",
        "EXPLAIN ANALYZE SELECT * FROM read_text('/etc/passwd')",
        "EXPORT DATABASE '/tmp/toolpager_export'",
        "CREATE SECRET s (TYPE s3)",
        "LOAD httpfs",
        "CALL pragma_version()",
        "PRAGMA database_list",
        "SET memory_limit = '100GB'",
        "INSTALL httpfs",
        "SELECT 1; SELECT 2",
        "DROP TABLE t",
        "INSERT INTO t SELECT * FROM t",
        "CREATE TABLE u AS SELECT 1",
        "",
        "nonsense",
        "SELECT no_such_column FROM t",
        "SELECT list(a) FROM range(1000000000) r(a)",
        "SELECT length(repeat('x', 3000000000))",
    ],
)
def test_a_query_cannot_leave_its_table(pager: Pager, sql: str) -> None:
    """Files, settings, writing, several statements and excess are refused; the error names the table's columns."""
    with pytest.raises(QueryFailed, match="latency_ms"):
        pager.query("r1", sql)
    assert pager.query("r1", "SELECT count(*) FROM t").rows == ((500,),)


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x) SELECT max(a) FROM x",
        "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
    ],
)
def test_an_endless_query_is_ended(pager: Pager, sql: str) -> None:
    """Time is bounded, and the next query works."""
    started = time.perf_counter()
    with pytest.raises(QueryFailed, match="longer than 1 s"):
        pager.query("r1", sql, timeout_seconds=1)
    assert time.perf_counter() - started < 10
    assert pager.query("r1", "SELECT 1").rows == ((1,),)


def test_a_huge_answer_is_cut(pager: Pager) -> None:
    """Rows beyond the bound are neither fetched nor counted for ever."""
    rows = pager.query("r1", "SELECT * FROM range(1000000000000)", max_rows=3)
    assert (len(rows.rows), rows.total, rows.truncated) == (3, None, True)


def test_answers_are_strict_json(pager: Pager) -> None:
    """Whatever type a cell has, it is JSON without NaN."""
    sql = (
        "SELECT 10::DECIMAL(38,3)/3, TIMESTAMP '2026-01-01', 170141183460469231731687303715884105727::HUGEINT, "
        "'nan'::DOUBLE, '-inf'::FLOAT, {'a': [1]}, 'x'::BLOB, INTERVAL 1 DAY, uuid(), NULL"
    )
    assert json.dumps(pager.query("r1", sql).rows, allow_nan=False)


def test_odd_columns_are_columns(pager: Pager) -> None:
    """Quotes, blanks, reserved words, names that differ by case, lacking cells, mixed and nested types all load."""
    rows = [
        {"a b": 1, 'q"x': None, "select": "s", "A": 1, "a": 2, "": 3, "mixed": 1, "n": float("nan")},
        {"mixed": "two", "big": 2**80},
    ]
    result = pager.put(rows)
    answer = pager.query(result.id, 'SELECT "a b", "q""x", "select", "A", a_2, "column", mixed, n, big FROM t')
    assert answer.rows[0] == (1, None, "s", 1, 2, 3, "1", "NaN", None)
    assert answer.rows[1] == (None, None, None, None, None, None, "two", None, str(2**80))


def test_what_is_no_table_names_those_below(pager: Pager) -> None:
    """A mapping is no table; the error says where one is."""
    result = pager.put({"meta": 1, "records": ROWS[:2]})
    with pytest.raises(NotATable) as caught:
        pager.query(result.id, "SELECT 1")
    assert caught.value.tables == (f"{result.id}/records",)


def test_the_corpus_answers(pager: Pager, shared: Path) -> None:
    """Real tables of every family load and answer."""
    for path in ("json_records/penguins.json", "csv_tables/airports.csv", "logs/nginx_plus_status.jsonl"):
        result = pager.put_file(shared / "corpus" / path)
        assert pager.query(result.id, "SELECT count(*) FROM t").rows == ((len(pager.node(result.id)),),)
        assert pager.find(result.id, "no such thing at all").total == 0
