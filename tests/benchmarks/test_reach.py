"""The rule that asks find a question and opens what comes first."""

from benchmarks.corpus import Corpus
from benchmarks.ours import Ours, Shelf
from benchmarks.reach import CALL_TOKENS, MOST_CALLS, answers, reach, share_in_goal


def test_the_rule_asks_the_question_and_opens_what_comes_first(small: Corpus, shelf: Shelf) -> None:
    """Two calls: the question as it stands, then the first address it answered with; each within 250 tokens."""
    root = shelf.node(small.sources[0])
    asked = list(answers("Which city has the slowest request?", root, shelf))
    assert len(asked) == MOST_CALLS == 2
    assert all(shelf.pager.counter.count(text) <= CALL_TOKENS for text in asked)


def test_detail_facts_are_reached_within_the_limits(small: Corpus, shelf: Shelf) -> None:
    """Each fact takes at most 2 calls, and what the summary held takes none."""
    outcomes = reach(Ours(shelf), small, shelf)
    assert [outcome.fact.tier for outcome in outcomes] == ["detail", "detail"]
    assert all(outcome.calls <= MOST_CALLS for outcome in outcomes)
    assert all(outcome.tokens == 0 for outcome in outcomes if outcome.calls == 0)
    assert share_in_goal(outcomes).n == 2


def test_what_the_question_names_is_reached(small: Corpus, shelf: Shelf) -> None:
    """A log line named by its time is found within 2 calls and 500 tokens."""
    by_path = {outcome.fact.path: outcome for outcome in reach(Ours(shelf), small, shelf)}
    assert by_path["made/worker.log"].in_goal
