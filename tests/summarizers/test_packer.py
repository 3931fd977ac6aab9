"""The packer fills a budget exactly, the best facts first, and says each thing once."""

from counting import WordCounter
from hypothesis import given
from hypothesis import strategies as st

from pager import counter
from summarizers.fact import Fact
from summarizers.layout import lines_of
from summarizers.packer import Packed, distinct, pack


def _frame(lines: list[str], left_out: int) -> str:
    return "\n".join(["[r1]", *lines, f"[+{left_out}]"])


def _pack(facts: list[Fact], budget: int) -> Packed | None:
    return pack(facts, _frame, root="r1", budget_tokens=budget, counter=WordCounter())


_FACTS = st.lists(
    st.builds(
        Fact,
        text=st.text(alphabet="abc 12,", min_size=1, max_size=40),
        address=st.sampled_from(["r1", "r1/a", "r1/a[3]", "r1/b%2Fc"]),
        salience=st.floats(0, 2),
        topic=st.sampled_from(["shape", "outlier", "extreme", "top"]),
        group=st.sampled_from(["", "a", "b"]),
    ),
    max_size=30,
)


@given(_FACTS, st.integers(10, 200))
def test_a_budget_is_never_exceeded(facts: list[Fact], budget: int) -> None:
    """Whatever the facts: the count is that of the whole text, at most the budget, and nothing is lost uncounted."""
    packed = _pack(facts, budget)
    assert packed is not None
    assert packed.tokens == WordCounter().count(packed.text) <= budget
    assert len(packed.facts) + packed.left_out == len(distinct(facts))


@given(_FACTS)
def test_the_order_facts_are_found_in_does_not_matter(facts: list[Fact]) -> None:
    """The same facts in another order make the same bytes."""
    distinct = list({(fact.text, fact.topic): fact for fact in facts}.values())
    forth, back = _pack(distinct, 60), _pack(distinct[::-1], 60)
    assert forth is not None
    assert back is not None
    assert forth.text == back.text


def test_no_room_for_the_frame_is_none() -> None:
    """Where even the bare frame is too long, there is nothing to show."""
    assert _pack([], 3) is None


def test_other_topics_come_before_the_fifth_outlier() -> None:
    """Ten equal outliers leave room for the one range."""
    facts = [Fact(f"value {n} far", f"r1[{n}]", 1.0, "outlier") for n in range(10)]
    packed = _pack([*facts, Fact("median 3 here", "r1", 0.8, "range")], 45)
    assert packed is not None
    topics = [fact.topic for fact in packed.facts]
    assert "range" in topics
    assert topics.count("outlier") >= 3


def test_facts_of_one_group_share_a_line_and_its_first_words() -> None:
    """`mag` is said once."""
    facts = [
        Fact("mag max 6.4", "r1/features[72]", 1.0, "extreme", "mag"),
        Fact("mag median 1.2", "r1/features", 0.5, "range", "mag"),
        Fact("1707 rows", "r1/features", 1.5, "shape"),
    ]
    assert lines_of(facts, "r1") == ["features: 1707 rows", "mag max 6.4 [72], median 1.2"]


def test_an_address_is_given_once_and_relative() -> None:
    """Below the part that heads the lines only the rest is said, and nothing where the text names it already."""
    facts = [
        Fact("23 rows", "r1/files", 1.5, "shape"),
        Fact("covered min 94 httpx/_main.py", "r1/files/httpx%2F_main.py", 1.0, "extreme", "covered"),
        Fact("odd one", "r1/other[3]", 0.9, "odd"),
    ]
    assert lines_of(facts, "r1") == ["odd one other[3]", "files: 23 rows", "covered min 94 httpx/_main.py"]


def test_a_group_longer_than_its_facts_is_packed() -> None:
    """Facts that say less than their line's label are still facts, whatever counts them."""
    facts = [Fact(text, "r1", 1.0, "value", "a label of many characters ") for text in ("a", "b", "c")]
    packed = pack(facts, lambda lines, _: "\n".join(lines), root="r1", budget_tokens=90, counter=counter(len))
    assert packed is not None
    assert len(packed.facts) == 3


def test_the_same_words_at_the_same_place_are_said_once() -> None:
    """Two readers of one line may state the same of it."""
    facts = [Fact("open failed", "r1[3]", 1.0, "error"), Fact("open failed", "r1[3]", 0.5, "pair")]
    assert distinct(facts) == facts[:1]


def test_what_answers_a_focus_is_in_and_leaves_room_for_the_rest() -> None:
    """Facts that answer come first but take no more than their share; without relevance nothing changes."""
    plain = [Fact(f"fact number {n} of the general ones", f"r1[{n}]", 1.5 - n / 50, "top") for n in range(20)]
    asked = [Fact(f"what was asked, part {n}", f"r1[{n}]", 0.1, f"topic {n}", relevance=0.9) for n in range(20)]
    packed = _pack([*plain, *asked], 120)
    assert packed is not None
    answering = [fact for fact in packed.facts if fact.relevance]
    assert len(answering) >= 2
    assert len(packed.facts) - len(answering) >= 4
    unrelated = [Fact(fact.text, fact.address, fact.salience, fact.topic, relevance=0.3) for fact in asked]
    alone, beside = _pack(plain, 120), _pack([*plain, *unrelated], 120)
    assert alone is not None
    assert beside is not None
    assert {fact.text for fact in beside.facts} == {fact.text for fact in alone.facts}
