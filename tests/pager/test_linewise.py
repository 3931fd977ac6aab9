"""Lines searched many at once answer as lines searched one by one."""

import random

import pytest
import regex  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given
from hypothesis import strategies as st

from pager import Pager, counter
from pager.search.linewise import Block, within_lines

COUNTER = counter(len)
ATOMS = [
    "a", "b", "A", " ", r"\s", r"\S", r"\d", r"\D", r"\w", r"\W", ".", "[ab]", "[^a]", r"[^\d]", r"[\s,]", r"[^\S]",
    r"\b",
    "^", "$",
    "(?:a|b)", "(a)", "(?=b)", "(?!b)", "(?<=a)", "(?<!a)", r"\.", ",", "|", "(?i)", "[]a]", "[^]a]", "[-a]", "[a-c]",
]  # fmt: skip
REPEATS = ["", "", "", "*", "+", "?", "{1,2}", "*?", "++", "{2}"]
LINES = ["", "a", "b", "ab", "aab b", " a", "a,1", "AB", "é b", "a\r", "\ta", "1.5", "ab\x85b", "]a-c"]

patterns = st.lists(st.tuples(st.sampled_from(ATOMS), st.sampled_from(REPEATS)), min_size=1, max_size=5).map(
    lambda parts: "".join(atom + repeat for atom, repeat in parts)
)


def compiled(pattern: str, flags: int) -> object:
    """The pattern, or None where it is no valid one."""
    try:
        return regex.compile(pattern, flags)
    except regex.error:
        return None


@given(patterns, st.lists(st.sampled_from(LINES), min_size=1, max_size=6), st.booleans())
def test_a_block_matches_where_its_lines_do(pattern: str, lines: list[str], ended: bool) -> None:
    """The same lines, at the same places in them; and no line is passed uncounted."""
    single = compiled(pattern, regex.IGNORECASE)
    joined = within_lines(pattern)
    if single is None or joined is None:
        return
    bare = [line.removesuffix("\r") for line in lines]
    expected = [(n, found.span()) for n, line in enumerate(bare) if (found := single.search(line))]  # type: ignore[attr-defined]
    block = Block("\n".join(lines) + "\n" * ended if ended else "\n".join(bare))
    many = regex.compile(joined, regex.IGNORECASE | regex.MULTILINE)
    found = [(block.passed - 1, block.line_of(hit).span()) for hit in block.hits(many, None)]
    assert found == expected
    assert block.passed == len(lines)


@pytest.mark.parametrize(
    "pattern", [r"a\nb", "a\nb", "(?s)a.b", r"\Aa", r"a\Z", r"\x0a", r"(?m)^a", "(a{e<2})", r"\Ra"]
)
def test_what_could_see_a_line_end_is_left_alone(pattern: str) -> None:
    """A pattern whose parts may match a line end in ways not known here goes line by line."""
    assert within_lines(pattern) is None


@pytest.mark.parametrize("pattern", ["needle", r"needle \d+$", r"(?s)needle \d+", "[^x]*needle", r"^line 7\D"])
def test_a_large_log_has_its_matches_at_their_lines(pattern: str) -> None:
    """Across chunks, line ends of either kind and bytes that are no UTF-8, every match opens as its line."""
    order = random.Random(3)
    lines = [
        f"line {n} " + (f"needle {n}" if order.random() < 0.001 else "hay é" * order.randrange(9))
        for n in range(40_000)
    ]
    data = "".join(line + order.choice(["\n", "\r\n"]) for line in lines).encode() + b"last \xff needle 1"
    expected = [n for n, line in enumerate([*lines, "last ? needle 1"]) if regex.search(pattern, line)]
    with Pager(counter=COUNTER) as pager:
        root = pager.put(data, name="x.log").id
        found = pager.find(root, pattern, max_matches=10**6, limit_tokens=10**7)
        assert [match.address for match in found.matches] == [f"{root}[{n}]" for n in expected]
        assert found.total == len(expected) > 0
        assert f"40001 lines of {root}" in pager.find(root, "no such thing").searched
        for match in found.matches[:: len(expected) // 9 + 1]:
            assert pager.open(match.address, limit_tokens=10**4).text.startswith(match.text.rstrip("…")[:60])
