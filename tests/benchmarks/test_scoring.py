"""How facts are counted, how sure the counts are, and that figures are the same every time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.corpus import Corpus, CorpusMissing, Source, decode, load_corpus
from benchmarks.interval import by_file, wilson
from benchmarks.located import located, places
from benchmarks.ours import Ours, Shelf
from benchmarks.quality import run_quality
from benchmarks.recall import measure
from pager import TokenCounter


@dataclass(frozen=True, slots=True)
class Saying:
    """A method that says the same of every result."""

    said: Mapping[str, str]
    name: str = "saying"
    focused: bool = False

    def summary(self, source: Source, budget_tokens: int, focus: str | None) -> str:
        """What it was told to say of the path."""
        return self.said.get(source.path, "")


def test_a_fact_counts_where_its_text_holds_it(small: Corpus, tokens: TokenCounter) -> None:
    """Only gist facts count, each against its own result's text, and luck is counted apart."""
    found = measure(Saying({"made/requests.json": "60 rows, quota exceeded for tenant-77"}), small, 100, tokens)
    assert [verdict.held for verdict in found.verdicts] == [True, False, False, False]
    assert found.overall().value == 0.25
    assert found.chance() == 0.25  # the log's fact, met in the text of the other result
    assert found.by(lambda fact: fact.family)["json"].hits == 1


def test_our_summaries_hold_the_small_corpus(small: Corpus, shelf: Shelf, tokens: TokenCounter) -> None:
    """Count, largest value, most common category and the error are all in 150 tokens."""
    found = measure(Ours(shelf), small, 150, tokens)
    assert found.overall().value == 1.0
    assert found.most_tokens <= 150


def test_a_place_must_open_to_the_answer(small: Corpus, shelf: Shelf, tokens: TokenCounter) -> None:
    """The right row counts, the wrong row and no row do not."""
    shares = []
    for said in ("ms max 9871 [41]", "ms max 9871 [2]", "ms max 9871"):
        found = located(measure(Saying({"made/requests.json": said}), small, 150, tokens), small, shelf)
        shares.append(found.share.hits)
    assert shares == [1, 0, 0]


def test_a_line_s_words_are_read_as_addresses_below_its_part() -> None:
    """A relative place, a path and a whole address are all understood; the part itself is no place."""
    homes = ["r1", "r1/features"]
    found = list(places("mag max 6.4 [72], r1/features[3]", homes))
    assert {"r1[72]", "r1/features[72]", "r1/features[3]"} <= set(found)
    assert not set(homes) & set(found)


@given(hits=st.integers(0, 50), more=st.integers(0, 50))
def test_wilson_s_interval_holds_the_share(hits: int, more: int) -> None:
    """The bounds lie around the share and within 0 and 1."""
    share = wilson(hits, hits + more)
    assert 0 <= share.low <= (share.value or 0.0) + 1e-12
    assert (share.value or 0.0) - 1e-12 <= share.high <= 1


def test_wilson_s_interval_is_the_published_one() -> None:
    """81 of 263: 0.2553 to 0.3662, Newcombe 1998, table I."""
    share = wilson(81, 263)
    assert (round(share.low, 4), round(share.high, 4)) == (0.2553, 0.3662)


def test_files_that_stand_and_fall_together_widen_the_interval() -> None:
    """Ten facts in two files say less than ten facts in ten files, and the same seed says the same."""
    together = by_file({"a": [True] * 5, "b": [False] * 5})
    apart = by_file({str(n): [n % 2 == 0] for n in range(10)})
    assert together.high - together.low > apart.high - apart.low
    assert together == by_file({"a": [True] * 5, "b": [False] * 5})


def test_two_runs_write_the_same_json(tmp_path: Path, small: Corpus) -> None:
    """No figure depends on time, chance or order."""
    for name in ("one", "two"):
        run_quality(small.folder, tmp_path / name, (50, 150), peers=False, show=False)
    one, two = ((tmp_path / name / "quality.json").read_bytes() for name in ("one", "two"))
    assert one == two
    quality = json.loads(one)
    assert quality["methods"][0]["recall"]["150"]["share"] == 1.0
    assert {row["name"] for row in quality["methods"]} >= {"toolpager", "toolpager, focused", "head", "head+tail"}


def test_an_absent_corpus_names_the_remedy(tmp_path: Path) -> None:
    """The message says where it looked and how to give the folder."""
    with pytest.raises(CorpusMissing, match="TOOLPAGER_SHARED") as missing:
        load_corpus(tmp_path)
    assert missing.value.folder == tmp_path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_baselines_read_what_was_written(encoding: str) -> None:
    """The usual encodings are read without help."""
    assert decode("né à Paris".encode(encoding)) == "né à Paris"


def test_the_public_corpus_is_read_whole(shared: Path) -> None:
    """45 results, 515 facts, and the 231 that the headline figure is about."""
    corpus = load_corpus(shared / "corpus")
    assert (len(corpus.sources), len(corpus.facts), len(corpus.headline())) == (45, 515, 231)


def test_summaries_hold_most_gist_facts_of_the_public_corpus(shared: Path, shelf: Shelf, tokens: TokenCounter) -> None:
    """At 150 tokens at least three quarters of the gist facts, and 70 % of extremes and errors with their place."""
    corpus = load_corpus(shared / "corpus")
    found = measure(Ours(shelf), corpus, 150, tokens)
    assert (found.overall().value or 0) >= 0.75
    assert (located(found, corpus, shelf).share.value or 0) >= 0.70
    assert found.most_tokens <= 150
