"""A corpus of two small results with six facts, made for these tests."""

from pathlib import Path

import pytest

from benchmarks.corpus import Corpus, load_corpus
from benchmarks.ours import Shelf
from pager import TokenCounter, counter

SMALL = Path(__file__).parent / "small"


@pytest.fixture(scope="session")
def small() -> Corpus:
    """The small corpus."""
    return load_corpus(SMALL)


@pytest.fixture(scope="session")
def tokens() -> TokenCounter:
    """The default counter."""
    return counter()


@pytest.fixture
def shelf(tokens: TokenCounter) -> Shelf:
    """An empty shelf."""
    return Shelf(tokens)
