"""The ceiling: checked before each generation, shared out at the start, refused with numbers where it is too low."""

from pathlib import Path

import pytest
from hostile import LawlessModel, hostile_tools, thirds

from agent.ceiling import check_ceiling, share_out
from agent.errors import BadSettings, BadTool, CeilingExceeded, CeilingTooLow
from agent.investigation import investigate
from agent.messages import Prompt
from agent.settings import Settings
from agent.tools import tool
from agent.verbs import verb_specs
from pager import counter

PARTS = {"system": 300, "tool schemas": 700, "question": 20}


def test_the_ceiling_is_inclusive() -> None:
    """Prompt and reserve may fill it to the last token and not one more."""
    check_ceiling(Prompt("", (0,) * 90), max_new_tokens=10, ceiling=100, purpose="turn")
    with pytest.raises(CeilingExceeded, match=r"91 tokens and reserves 10: 101 in all, over the ceiling of 100"):
        check_ceiling(Prompt("", (0,) * 91), max_new_tokens=10, ceiling=100, purpose="turn")


@pytest.mark.parametrize("ceiling", [1_900, 2_048, 4_000, 8_000, 32_000])
def test_what_is_shared_out_is_no_more_than_there_is(ceiling: int) -> None:
    """Fixed parts, bounds, reserve and room make the ceiling; a card, a page and a call fit the room."""
    budget = share_out(Settings(ceiling=ceiling), PARTS)
    assert budget.fixed + budget.reserve + budget.room == ceiling
    assert budget.page + budget.card <= budget.room // 2
    assert budget.summary <= budget.card
    assert budget.landing <= budget.room // 3


def test_a_ceiling_below_the_fixed_cost_names_each_part() -> None:
    """The error holds each part's tokens, the least ceiling, and the remedy for the largest part."""
    with pytest.raises(
        CeilingTooLow, match=r"system 300, tool schemas 700, question 20, notebook 62.*offer fewer tools"
    ) as told:
        share_out(Settings(ceiling=1_000), PARTS)
    assert told.value.parts["reserve"] == 256
    assert told.value.needed == sum(told.value.parts.values())
    assert share_out(Settings(ceiling=told.value.needed + 100), PARTS).room > 0


def test_a_question_too_long_is_told_before_anything_is_written(tmp_path: Path) -> None:
    """No folder is left behind, and the question is named as what is too long."""
    model = LawlessModel(["x"])
    with pytest.raises(CeilingTooLow, match="shorten the question"):
        investigate("why " * 3_000, model=model, tools=[], run=tmp_path / "run", settings=Settings(ceiling=2_048))
    assert not (tmp_path / "run").exists()


def test_a_ceiling_above_what_the_model_can_read_is_refused(tmp_path: Path) -> None:
    """The model's own context is a ceiling too."""
    model = LawlessModel(["x"], context_tokens=2_048)
    with pytest.raises(BadSettings, match="lower the ceiling to 2,048"):
        investigate("why", model=model, tools=[], run=tmp_path / "run", settings=Settings(ceiling=4_096))


def test_a_tool_cannot_take_the_name_of_a_verb(tmp_path: Path) -> None:
    """The verbs are the same for every model."""

    @tool
    def find(what: str) -> str:
        """Find."""
        return what

    with pytest.raises(BadTool, match="find is one of the verbs"):
        investigate("why", model=LawlessModel(["x"]), tools=[find], run=tmp_path / "run")


def test_the_verbs_cost_little() -> None:
    """The schemas of all five verbs are at most 450 tokens of cl100k_base."""
    import json

    assert counter().count(json.dumps([spec.schema() for spec in verb_specs()])) <= 450
    assert [spec.name for spec in verb_specs()] == ["open", "find", "query", "record_observation", "query_memory"]


def test_2048_suffices_for_five_tools_and_the_verbs(tmp_path: Path) -> None:
    """The demonstration's ceiling leaves room for a card, with a counter less thrifty than most."""
    outcome = investigate(
        "Which layer was tampered with, and how?",
        model=LawlessModel(["It is layer 3."], counter=thirds()),
        tools=hostile_tools()[:5],
        run=tmp_path / "run",
        settings=Settings(ceiling=2_048, max_new_tokens=128, answer_after=0),
    )
    assert outcome.answer == "It is layer 3."


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"ceiling": 0}, "ceiling=0 is too small"),
        ({"max_turns": 0}, "max_turns=0 is too small"),
        ({"keep_recent": -1}, "keep_recent=-1 is too small"),
        ({"max_new_tokens": 8_000}, "leaves nothing of the ceiling"),
        ({"low_water": 0.9, "high_water": 0.85}, "low_water=0.9 and high_water=0.85"),
        ({"high_water": 1.5}, "high_water=1.5"),
        ({"min_shrink": 1.0}, "min_shrink=1.0"),
    ],
)
def test_a_setting_out_of_range_is_told(chosen: dict[str, float], told: str) -> None:
    """The error names the setting, its value and what it may be."""
    with pytest.raises(BadSettings, match=told):
        Settings(**chosen)  # type: ignore[arg-type]  # floats stand for the counts among them
