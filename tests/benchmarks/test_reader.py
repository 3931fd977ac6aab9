"""The reader that answers from a summary."""

from benchmarks.budget import head
from benchmarks.corpus import Corpus
from benchmarks.method import Plain
from benchmarks.ours import Ours, Shelf
from benchmarks.reader import read, sample, shares
from pager import TokenCounter


def test_a_sample_deals_over_files_and_repeats(small: Corpus) -> None:
    """The first two facts come from two files; a seed always deals alike."""
    dealt = sample(small, 2, seed=3)
    assert len({fact.path for fact in dealt}) == 2
    assert dealt == sample(small, 2, seed=3)


def test_the_reader_is_asked_the_same_of_every_text(small: Corpus, shelf: Shelf, tokens: TokenCounter) -> None:
    """A reader that copies the largest number is right where its text has it: in the summary, not in the head."""

    def copy(prompt: str) -> str:
        return "9871" if "9871" in prompt else "unknown"

    facts = [fact for fact in small.facts if fact.answer == "9871"]
    found = shares(read(copy, small, facts, [Ours(shelf), Plain("head", head, tokens)]))
    assert {name: share.hits for name, share in found.items()} == {"toolpager": 1, "head": 0}
