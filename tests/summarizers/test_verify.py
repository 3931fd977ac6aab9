"""What a sentence may say: nothing that the facts or the result do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizers.reply import fault_of, read_reply
from summarizers.verify import verified

FACTS = [
    "max_abs max 41.178 r1/layers[17]",
    "mlp.down_proj dead 12 of 2048 r1/layers[3]",
    "error TimeoutError: no answer from db-7.internal r1[310]",
    "rows 1,300",
    "mean -0.0213",
]


@pytest.mark.parametrize(
    "sentence",
    [
        "Layer 17 has the max, 41.178.",
        "Layer 17 has the max, 41.2.",
        "It is mlp.down_proj in layers[3], where 12 of 2048 are dead.",
        "A TimeoutError came from `db-7.internal`.",
        'Row 310 says "no answer from db-7.internal".',
        "There are 1300 rows.",
        "There are 1,300 rows.",
        "The mean is -0.0213.",
        "Twelve of 2048 are dead.",
    ],
)
def test_what_the_facts_say_is_kept(sentence: str) -> None:
    """Values as they are or rounded, names and quotations as they stand."""
    assert verified([sentence], FACTS) == [sentence]


@pytest.mark.parametrize(
    "sentence",
    [
        "Layer 17 has the max, 41.3.",
        "Layer 17 has the max, 4.12.",
        "Layer 3 has the max, 41.178.",
        "Layer 18 is broken.",
        "It is mlp.up_proj in layers[3].",
        "It is mlp.down in layers[4].",
        "A ValueError came from db-7.internal.",
        "A TimeoutError came from db-8.internal.",
        'It says "no answer from anybody" in row 310.',
        "The GPU of layer 17 failed.",
        "The mean is 0.0213.",
        "About thousands of rows, 1300 in all.",
        "Five of 2048 are dead.",
        "The max is 41.178e3 in layer 17.",
        "The model is fine.",
        "",
    ],
)
def test_what_the_facts_do_not_say_is_dropped(sentence: str) -> None:
    """Lying numbers, true numbers at the wrong place, invented names, and claims that nothing can check."""
    assert verified([sentence], FACTS) == []


def test_the_results_text_confirms_what_no_fact_says() -> None:
    """A line that holds both the number and the name is enough; two lines that hold one each are not."""
    lines = ["worker-9 restarted 4 times", "worker-8 is up", "load 7"]
    said = ["worker-9 restarted 4 times.", "worker-8 restarted 7 times."]
    assert verified(said, FACTS, lines) == said[:1]


def test_text_is_not_read_once_everything_is_confirmed() -> None:
    """The result is opened only for what the facts leave open."""

    def unread() -> "list[str]":
        raise AssertionError("the text was read")

    lines = (line for _ in (0,) for line in unread())
    assert verified([], FACTS, iter(())) == []
    with pytest.raises(AssertionError, match="was read"):
        verified(["worker-9 is up."], FACTS, lines)


def test_a_long_line_confirms_only_what_stands_together() -> None:
    """On one line of minified JSON a number and a name far apart have nothing to do with each other."""
    line = '{"name":"first_layer","v":1.25,' + '"x":0,' * 400 + '"name":"last_layer","v":99.5}'
    assert verified(["The last_layer has 99.5."], [], [line]) == ["The last_layer has 99.5."]
    assert verified(["The first_layer has 99.5."], [], [line]) == []


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(2, 6))
def test_a_number_rounded_as_it_is_written_is_confirmed(value: float, digits: int) -> None:
    """Two significant digits are enough, at any size."""
    written = f"{value:.{digits - 1}e}"
    fact = f"score_a {value!r}"
    assert verified([f"The score_a is {written}."], [fact]) == [f"The score_a is {written}."]


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_verified(sentence: str, fact: str) -> None:
    """Whatever a model writes about whatever a tool returned: an answer, never an error."""
    assert set(verified([sentence], [fact], [fact])) <= {sentence}


@pytest.mark.parametrize(
    ("reply", "chosen", "sentences"),
    [
        ("Facts: 3, 1\nAnswer: Layer 17 is off. It is 41.2.", (2, 0), ("Layer 17 is off.", "It is 41.2.")),
        ("2 and 4", (1, 3), ()),
        ("2. max 41.178\n4. rows 1,300", (1, 3), ()),
        ("Facts: 9, 99, 0", (), ()),
        ("The answer has no end", (), ()),
        ("One. One. Two. Three.", (), ("One.", "Two.")),
        ("**Facts:** 5\n**Answer:** It is mlp.down_proj.", (4,), ("It is mlp.down_proj.",)),
    ],
)
def test_a_reply_is_taken_apart(reply: str, chosen: tuple[int, ...], sentences: tuple[str, ...]) -> None:
    """Numbers of facts there are, in the model's order; two whole sentences, each once."""
    said = read_reply(reply, 5)
    assert (said.chosen, said.sentences) == (chosen, sentences)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("", "wrote nothing"),
        (" \n\t ", "wrote nothing"),
        ("the same thing again " * 4, "repeated itself"),
        ("aaaaaaaaaaaaaaaaaaaaaaa", "repeated itself"),
        (" ".join(f"word{n}" for n in range(61)) + ".", "61 words"),
    ],
)
def test_a_reply_of_no_use_says_why(reply: str, fault: str) -> None:
    """Empty, looping and endless replies are told apart."""
    assert fault in str(fault_of(reply))


def test_a_list_of_every_fact_is_no_loop() -> None:
    """What is asked for is not mistaken for a fault."""
    assert fault_of("Facts: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16\nAnswer: It is layer 17.") is None
