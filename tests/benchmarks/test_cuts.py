"""What every baseline promises, whatever the text."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.baselines import baselines, head_tail, minified, templates
from benchmarks.budget import head, tail, whole_lines
from benchmarks.corpus import load_corpus
from pager import TokenCounter, counter

FUNCTIONS, SKIPPED = baselines()
TEXTS = st.one_of(
    st.text(max_size=600),
    st.lists(st.text(alphabet="abc <|é漢🙂0", max_size=40), max_size=30).map("\n".join),
    st.lists(st.dictionaries(st.text(max_size=5), st.integers()), max_size=10).map(json.dumps),
)
TOKENS = counter()


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=25)
@given(text=TEXTS, budget=st.integers(10, 120))
def test_no_baseline_exceeds_its_budget(name: str, text: str, budget: int) -> None:
    """Every baseline's text is within the budget, by the same counter."""
    assert TOKENS.count(FUNCTIONS[name](text, budget, TOKENS)) <= budget


@settings(max_examples=50)
@given(text=TEXTS, budget=st.integers(1, 60))
def test_head_and_tail_are_ends_of_the_text(text: str, budget: int) -> None:
    """A cut takes characters from its end and changes none."""
    assert text.startswith(head(text, budget, TOKENS))
    assert text.endswith(tail(text, budget, TOKENS))


def test_a_text_that_fits_is_kept_whole(tokens: TokenCounter) -> None:
    """Cutting begins only where the budget ends."""
    text = "one two three\nfour"
    assert head(text, 50, tokens) == tail(text, 50, tokens) == head_tail(text, 50, tokens) == text
    assert whole_lines(text.split("\n"), 50, tokens) == text


def test_head_fills_its_budget(tokens: TokenCounter) -> None:
    """Head is a fair baseline: not one word of the text more would fit."""
    text = "word " * 500
    cut = head(text, 100, tokens)
    assert tokens.count(cut) == 100


def test_minified_json_has_no_spaces(tokens: TokenCounter) -> None:
    """The minified baseline spends nothing on layout."""
    assert minified('{\n  "a": [1, 2]\n}', 50, tokens) == '{"a":[1,2]}'


@pytest.mark.skipif("lexrank" in SKIPPED, reason="needs sumy")
def test_lines_all_alike_can_be_ranked(tokens: TokenCounter) -> None:
    """Where a ranking has nothing to go by, it takes the lines as they come."""
    assert FUNCTIONS["lexrank"]("00\n0", 10, tokens) == "00\n0"


def test_templates_count_alike_lines(tokens: TokenCounter) -> None:
    """Lines that differ in a number fall together."""
    text = "\n".join(f"worker {n} done" for n in range(30))
    assert templates(text, 50, tokens).startswith("30x worker <*> done")


def test_a_missing_package_is_a_reason_not_a_failure() -> None:
    """What cannot run here is named with what it needs."""
    assert set(FUNCTIONS) | set(SKIPPED) == {
        "head", "head+tail", "head+tail lines", "minified", "toon", "templates", "textrank", "lexrank",
    }  # fmt: skip
    assert all("needs the package" in why for why in SKIPPED.values())


def test_baselines_keep_their_budget_on_real_results(shared: Path, tokens: TokenCounter) -> None:
    """Two of the cheap baselines on every result of the public corpus."""
    for source in load_corpus(shared / "corpus").sources:
        for name in ("head+tail", "head+tail lines"):
            assert tokens.count(FUNCTIONS[name](source.text, 100, tokens)) <= 100, (name, source.path)
