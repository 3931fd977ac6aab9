"""Test runs and compilers: totals, failures with their message, rules and files."""

from printed import told

PYTEST = """\
============================= test session starts ==============================
collected 9 items

tests/test_a.py ..F                                                      [ 33%]
tests/test_b.py FF....                                                   [100%]

=================================== FAILURES ===================================
__________________________________ test_sum ____________________________________

    def test_sum():
>       assert add(2, 2) == 5
E       assert 4 == 5

tests/test_a.py:7: AssertionError
_________________________________ test_one[x] __________________________________

>       raise OSError("no disk")
E       OSError: no disk

tests/test_b.py:3: OSError
_________________________________ test_one[y] __________________________________

>       raise OSError("no disk")
E       OSError: no disk

tests/test_b.py:3: OSError
=========================== short test summary info ============================
FAILED tests/test_a.py::test_sum - assert 4 == 5
FAILED tests/test_b.py::test_one[x] - OSError: no disk
FAILED tests/test_b.py::test_one[y] - OSError: no disk
========================= 3 failed, 6 passed in 0.31s ==========================
"""

JEST = """\
FAIL src/Cart.test.js
  ✓ renders (2 ms)
  ✕ adds an item (12 ms)

  ● Cart › adds an item

    expect(received).toBe(expected) // Object.is equality

      at Object.<anonymous> (src/Cart.test.js:16:21)

Tests:       1 failed, 1 passed, 2 total
"""

GO = """\
=== RUN   TestAdd
--- PASS: TestAdd (0.00s)
=== RUN   TestParse
    parse_test.go:42: expected 5, got 7
--- FAIL: TestParse (0.30s)
FAIL
FAIL\tgithub.com/acme/parse\t1.254s
"""

CARGO = """\
running 2 tests
test tests::adds ... ok
test tests::divides ... FAILED

---- tests::divides stdout ----

thread 'tests::divides' panicked at src/lib.rs:31:9:
attempt to divide by zero

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
"""

GCC = """\
src/a.c: In function 'load':
src/a.c:41:9: warning: unused variable 'x' [-Wunused-variable]
   41 |     int x;
      |         ^
src/a.c:52:9: warning: unused variable 'y' [-Wunused-variable]
src/b.c:7:1: error: expected ';' before '}' token
"""


def test_pytest_failures_are_grouped_by_message() -> None:
    """Totals first; parameters of one test are one entry."""
    text = told(PYTEST)
    assert text.startswith("3 failed, 6 passed in 0.31s @r1[30]")
    assert "failed test_sum: assert 4 == 5 @r1[7]" in text
    assert "failed test_one ×2: OSError: no disk @r1[14]" in text
    assert "tests/test_b.py 2" in text
    assert "exceptions: OSError 2" in text


def test_other_runners_are_read() -> None:
    """Jest, Go, Cargo: totals, the failing test and why."""
    assert "failed Cart › adds an item: expect(received).toBe(expected)" in told(JEST)
    assert "src/Cart.test.js 1" in told(JEST)
    assert "tests: 1 passed, 1 failed" in told(GO)
    assert "failed TestParse: parse_test.go:42: expected 5, got 7" in told(GO)
    assert "slowest TestParse 0.3s" in told(GO)
    assert "failed tests::divides: attempt to divide by zero (src/lib.rs:31:9)" in told(CARGO)


def test_compilers_count_errors_rules_files_and_functions() -> None:
    """Errors and warnings apart; the first of each rule with its place."""
    text = told(GCC)
    assert "1 error, 2 warnings in 2 files" in text
    assert "by rule: -Wunused-variable 2" in text
    assert "by file: src/a.c 2" in text
    assert "first in function load" in text
    assert "error src/b.c:7: expected ';' before '}' token @r1[5]" in text


def test_linters_count_by_rule() -> None:
    """One line a finding, the rule in front."""
    text = told(
        "a.py:1:1: F401 `os` imported but unused\na.py:9:5: E711 comparison to None\nb.py:2:1: F401 `re` unused\n"
    )
    assert "by rule: F401 2" in text
    assert "in 2 files" in text
