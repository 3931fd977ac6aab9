"""What stands on one line of an answer: within its tokens, and never cut unsaid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pager import counter
from summarizers.answers import clipped

CL100K = counter()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" + " " * 5000 + "b", "a b"),
        ("\n" * 5000 + "ERROR disk", "ERROR disk"),
        ("short", "short"),
        ("", ""),
    ],
)
def test_what_fits_on_one_line_is_shown_whole(text: str, shown: str) -> None:
    """However much white space is in it."""
    assert clipped(text, 20, CL100K) == shown


@pytest.mark.parametrize("text", ["=" * 5000 + " ERROR disk", "word " * 900, "a" * 801])
def test_a_cut_is_announced(text: str) -> None:
    """By "…" behind what is shown."""
    shown = clipped(text, 20, CL100K)
    assert shown.endswith("…")
    assert text.startswith(shown[:-1])
    assert CL100K.count(shown) <= 20


@given(st.text(alphabet="ab =.層\n ", max_size=400), st.integers(1, 9))
def test_what_is_shown_is_the_text_or_says_that_it_is_cut(text: str, limit: int) -> None:
    """Within its tokens."""
    shown = clipped(text, limit, CL100K)
    assert shown == " ".join(text.split()) or shown.endswith("…")
    assert CL100K.count(shown) <= limit
