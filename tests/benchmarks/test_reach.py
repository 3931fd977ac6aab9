"""The rule that follows a question through find and open."""

from benchmarks.asking import read_question
from benchmarks.corpus import Corpus
from benchmarks.ours import Ours, Shelf
from benchmarks.reach import MOST_CALLS, moves, reach, share_in_goal
from pager import Pager, TokenCounter


def test_a_question_is_taken_apart_without_the_result() -> None:
    """Quoted names come first, then names as data has them; asking for parts or an end is noticed."""
    asked = read_question('Which category is the check "MFA on Root Account" in?')
    assert asked.marked[0] == "MFA on Root Account"
    assert asked.patterns[0] == r"(?i)MFA\ on\ Root\ Account"
    assert "c5.4xlarge" in read_question("How much memory (MiB) does c5.4xlarge have?").marked
    assert read_question("What are the columns?").parts
    assert read_question("What is the last hook name?").end
    assert read_question("What is the mean depth?").figure == "avg"


def test_the_rule_begins_with_the_most_telling_name(tokens: TokenCounter) -> None:
    """It searches the whole result for the name as it stands in data."""
    with Pager(counter=tokens) as pager:
        root = pager.node(pager.put([{"iata": "ORD", "city": "Chicago"}]).id)
        first = next(moves("In which city is ORD?", root))
    assert (first.verb, first.address) == ("find", "r1")
    assert "ORD" in first.argument


def test_detail_facts_are_reached_within_the_limits(small: Corpus, shelf: Shelf) -> None:
    """Each fact takes at most 4 calls, and what the summary held takes none."""
    outcomes = reach(Ours(shelf), small, shelf)
    assert [outcome.fact.tier for outcome in outcomes] == ["detail", "detail"]
    assert all(outcome.calls <= MOST_CALLS for outcome in outcomes)
    assert all(outcome.tokens == 0 for outcome in outcomes if outcome.calls == 0)
    assert share_in_goal(outcomes).n == 2


def test_what_the_question_names_is_reached(small: Corpus, shelf: Shelf) -> None:
    """A log line named by its time is found within 2 calls and 500 tokens."""
    by_path = {outcome.fact.path: outcome for outcome in reach(Ours(shelf), small, shelf)}
    assert by_path["made/worker.log"].in_goal
