"""Where a pattern matches nothing, plain words find the records, lines and lists most about them."""

import json
from pathlib import Path

import pytest

from pager import Lazy, Pager, Statement, TokenCounter, counter
from pager.search.phrase import Phrase
from pager.search.terms import stem, words_of

RUN = {
    "action": "completed",
    "workflow_run": {
        "id": 28978,
        "run_number": 163,
        "head_sha": "71bc3f",
        "html_url": "https://example.org/head/commit/sha",
        "head_commit": {"id": "71bc3f", "message": "Mend the gate", "author": {"name": "Ada", "dob": "1815-12-10"}},
    },
    "totals": {"num_statements": 3134, "percent_covered": 99.68},
}


@pytest.fixture
def tokens() -> TokenCounter:
    """The default counter."""
    return counter()


@pytest.mark.parametrize(
    ("question", "first", "answer"),
    [
        ("What is the head commit SHA?", "r1/workflow_run", "71bc3f"),
        ("run number", "r1/workflow_run", "163"),
        ("How many statements are there in total?", "r1/totals", "3134"),
        ("the covered percentage", "r1/totals", "99.68"),
        ("date of birth of the author", "r1/workflow_run/head_commit/author", "1815-12-10"),
        ("Which top-level keys are there?", "r1", "action; workflow_run; totals"),
    ],
)
def test_a_question_is_answered_with_the_record_it_is_about(question: str, first: str, answer: str) -> None:
    """Key names are parted into words, words compared without endings, abbreviations known; links say nothing."""
    with Pager() as pager:
        pager.put(json.dumps(RUN))
        found = pager.find("r1", question)
        assert (found.total, found.matches) == (0, ())
        assert found.ranked[0].address == first
        assert answer in found.ranked[0].text
        assert pager.node(found.ranked[0].address).address == first


def test_a_row_is_found_by_its_name_and_rows_by_their_figures() -> None:
    """The cell asked for stands in the row that is named; a mean is computed over the rows that are."""
    kinds = ("small", "big", "big", "big")
    rows = [{"iata": f"A{n:02}", "city": f"Town {n}", "kind": kinds[n % 4], "feet": n} for n in range(60)]
    with Pager() as pager:
        pager.put(rows)
        assert "city Town 17" in pager.find("r1", "In which city is A17?").ranked[0].text
        mean = pager.find("r1", "What is the mean feet of small ones?").ranked[0].text
        assert "15 rows; feet mean 28, min 0 [0], max 56 [56]" in mean


def test_lines_come_with_those_after_them_and_headings_as_a_list() -> None:
    """A line of prose or code brings what follows it; who asks for headings gets them, of one level if named."""
    text = "# Guide\n\n## Install\n\nRun the installer.\n\n## Use\n\nThe default port\nis 8080.\n"
    with Pager() as pager:
        pager.put(text, name="guide.md")
        found = pager.find("r1", "Which port is the default?").ranked[0]
        assert (found.address, found.text) == ("r1[8]", "The default port / is 8080.")
        assert pager.find("r1", "level-2 headings").ranked[0].text == "level 2: Install; Use"


def test_json_within_a_string_is_read_and_opens_where_the_string_stands() -> None:
    """A tool's answer kept as a string is a record like any other."""
    inner = json.dumps({"user": "omar", "notes": "x" * 400, "membership": {"tier": "gold"}})
    with Pager() as pager:
        pager.put([{"role": "user", "content": "hello"}, {"role": "tool", "content": inner}])
        found = pager.find("r1", "membership tier").ranked[0]
        assert (found.address, "tier gold" in found.text) == ("r1[1]/content", True)


def test_a_pattern_that_matches_is_answered_as_a_pattern() -> None:
    """Words that stand in the result as they are come with their count, not ranked."""
    with Pager() as pager:
        pager.put("Invalid user admin\nok\nInvalid user root\n")
        found = pager.find("r1", "invalid user")
        assert (found.total, found.ranked) == (2, ())


def test_statements_are_ranked_beside_the_parts_and_asked_only_then() -> None:
    """What is known of the result answers a question that its own words do not."""

    def known() -> list[Statement]:
        asked.append("once")
        return [Statement("r1[1]", "max 187.2 in layer 17", "kurtosis")]

    asked: list[str] = []
    with Pager() as pager:
        pager.put("layer 3 fine\nlayer 17 odd\n")
        assert pager.find("r1", "layer 17", statements=known).total == 1
        assert asked == []
        found = pager.find("r1", "the highest kurtosis", statements=known).ranked[0]
        assert (found.address, found.text, asked) == ("r1[1]", "max 187.2 in layer 17", ["once"])


def test_an_answer_by_words_keeps_its_limit_and_says_what_was_found_nowhere(tokens: TokenCounter) -> None:
    """Words that no part has are named; a limit of any size holds."""
    with Pager(counter=tokens) as pager:
        pager.put([{"name": f"worker {n}", "state": "idle"} for n in range(300)])
        found = pager.find("r1", "state of the zeppelin workers", limit_tokens=120)
        assert "nowhere zeppelin" in found.text
        for limit in (1, 8, 20, 60, 120):
            cut = pager.find("r1", "state of the zeppelin workers", limit_tokens=limit)
            assert tokens.count(cut.text) == cut.tokens <= limit
            assert all(f"{match.address}: " in cut.text for match in cut.ranked)


def test_words_that_are_nowhere_show_how_the_result_begins() -> None:
    """An answer is never empty: it says what was searched, what is near, and shows the beginning."""
    with Pager() as pager:
        pager.put("alpha one\nbeta two\n")
        found = pager.find("r1", "Which zeppelin departed?")
        assert "searched 2 lines of r1" in found.text
        assert "r1: alpha one / beta two" in found.text


def test_parts_never_opened_are_said_not_searched() -> None:
    """A ranked search computes nothing either, but knows the names of parts."""
    with Pager() as pager:
        result = pager.put(Lazy(("embed", "layers"), lambda key: {"stat": key}))
        found = pager.find(result.id, "names of the layers of the network")
        assert "embed; layers" in found.ranked[0].text
        assert f"{result.id}/embed" in found.text


def test_a_ranked_search_ends_in_time() -> None:
    """A search that runs out of time says where it stopped."""
    with Pager() as pager:
        pager.put("".join(f"worker {n} idle since monday\n" for n in range(60_000)))
        found = pager.find("r1", "why did the worker stop", timeout_seconds=0.05)
        assert "ran out" in found.text


def test_the_same_question_has_the_same_answer(shared: Path) -> None:
    """Nothing depends on hashing or time."""
    path = shared / "corpus" / "json_api" / "github_webhook_workflow_run.json"
    texts = set()
    for _ in range(2):
        with Pager() as pager:
            pager.put_file(path)
            texts.add(pager.find("r1", "who authored the head commit").text)
    assert len(texts) == 1


@pytest.mark.parametrize("text", ["", "?", "   ", "((", '"', "``", "a" * 5_000, "\x00\ud800", "the of a", "é" * 300])
def test_any_phrase_is_answered(text: str) -> None:
    """Odd and empty phrases raise nothing."""
    Phrase(text)
    with Pager() as pager:
        pager.put({"a": [1, {"b": "text\nof lines\n" * 40}], "": None})
        assert pager.find("r1", text or "zzz", limit_tokens=100).tokens <= 100


def test_words_are_compared_without_endings() -> None:
    """Forms of one word, and its usual abbreviation, have one stem; identifiers are parted."""
    assert stem("percentage") == stem("percent") == stem("pct")
    assert stem("categories") == stem("category")
    assert stem("required") == stem("requires")
    assert stem("ids") == stem("identifier")
    assert list(words_of("num_statements2 HTTPServer")) == ["num", "statements", "2", "http", "server"]
