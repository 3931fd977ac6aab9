"""What a person may ask of a run beyond its question: a plan, a typed answer, further questions, what was left out."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hostile import assert_grows_between_compactions, assert_paired, assert_under_the_ceiling, events_of, huge, thirds

from agent.coverage import ranges, unseen
from agent.errors import BadInput, BadSettings
from agent.investigation import Outcome, investigate, resume
from agent.messages import Message, ToolCall
from agent.models import ScriptedModel
from agent.models.scripted import Line
from agent.plan import read_plan
from agent.settings import Settings
from agent.tools import Tool, tool
from agent.typed import read_schema
from pager import Lazy, Pager

LAYERS = {
    "type": "object",
    "properties": {"layer": {"type": "integer", "minimum": 0}, "broken": {"type": "boolean"}},
    "required": ["layer", "broken"],
    "additionalProperties": False,
}
HUGE = ToolCall("huge", {"seed": 1})


def _record(finding: str, **more: object) -> ToolCall:
    return ToolCall("record_observation", {"finding": finding, "evidence": "r1", **more})


def _play(run: Path, script: Sequence[Line], max_turns: int = 10, **more: object) -> tuple[ScriptedModel, Outcome]:
    model = ScriptedModel(script, counter=thirds())
    settings = Settings(ceiling=8_000, max_turns=max_turns, max_new_tokens=128, answer_after=0)
    outcome = investigate("Which layer?", model=model, tools=[huge], run=run, settings=settings, **more)  # type: ignore[arg-type]
    return model, outcome


def test_a_typed_answer_is_asked_for_after_the_words_and_fits_its_schema(tmp_path: Path) -> None:
    """The words stay the answer; the JSON is decoded under the schema, validated, and kept in the events."""
    model, outcome = _play(
        tmp_path / "run", [HUGE, "It is layer 96.", '{"layer": 96, "broken": true}'], answer_schema=LAYERS
    )
    assert (outcome.answer, outcome.typed) == ("It is layer 96.", {"layer": 96, "broken": True})
    assert model.fed[-1].choice.schema == LAYERS
    assert model.fed[-1].choice.tools == ()
    assert events_of(tmp_path / "run")[-1]["typed"] == '{"layer": 96, "broken": true}'


def test_a_misfit_is_asked_for_once_more_and_then_let_be(tmp_path: Path) -> None:
    """Two tries; what fits no schema is no typed answer, and the run ends with its words."""
    model, outcome = _play(
        tmp_path / "run", [HUGE, "Layer 96.", '{"layer": -1, "broken": true}', "no JSON"], answer_schema=LAYERS
    )
    assert (outcome.answer, outcome.typed, outcome.reason) == ("Layer 96.", None, "answered")
    assert len(model.fed) == 4
    problems = [str(event["problem"]) for event in events_of(tmp_path / "run") if event.get("purpose") == "typed"]
    assert "minimum" in problems[0]
    assert "no JSON" in problems[1]


@pytest.mark.parametrize("schema", [None, LAYERS])
def test_a_run_that_answered_in_its_last_turn_was_not_cut_off(tmp_path: Path, schema: object) -> None:
    """Whether or not the answer is then asked for as JSON."""
    script = [HUGE, _record("layers seen and read"), "Layer 96.", '{"layer": 96, "broken": true}']
    _, outcome = _play(tmp_path / "run", script, max_turns=3, answer_schema=schema)
    assert (outcome.answer, outcome.reason, outcome.turns) == ("Layer 96.", "answered", 3)


@pytest.mark.parametrize("schema", [None, LAYERS])
def test_a_run_that_was_cut_off_says_so(tmp_path: Path, schema: object) -> None:
    """With a typed answer as without."""
    answer = '{"rests_on": [1], "answer": "Layer 96 it is."}'
    script = [HUGE, _record("layers seen and read"), answer, '{"layer": 96, "broken": true}']
    _, outcome = _play(tmp_path / "run", script, max_turns=2, answer_schema=schema)
    assert (outcome.reason, outcome.turns) == ("max_turns", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[1]", "not a JSON schema"),
        ('{"type": "colour"}', "colour"),
        ('{"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}}', "grammar|decoded"),
    ],
)
def test_a_bad_schema_is_refused_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    """Before anything is loaded or generated."""
    pytest.importorskip("llguidance")
    file = tmp_path / "schema.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=said):
        read_schema(file)


def test_a_schema_without_room_is_refused_with_the_numbers(tmp_path: Path) -> None:
    """A schema longer than half of the room would push out what it asks about."""
    wide = {"type": "object", "properties": {f"field_{number}": {"type": "string"} for number in range(900)}}
    with pytest.raises(BadSettings, match="schema takes"):
        _play(tmp_path / "run", [HUGE, "x"], answer_schema=wide)


def test_a_plan_is_read_from_a_list_of_lines(tmp_path: Path) -> None:
    """List marks and headings are left out; a JSON list serves as well; an empty one is refused."""
    file = tmp_path / "plan.md"
    file.write_text("# Plan\n\n1. scan  the weights\n- [ ] open the strangest layer\n* compare\n")
    assert read_plan(file) == ("scan the weights", "open the strangest layer", "compare")
    file.write_text('["a", "b"]')
    assert read_plan(file) == ("a", "b")
    file.write_text("# nothing\n")
    with pytest.raises(BadInput, match="no step"):
        read_plan(file)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("1.5x threshold check\n", ("1.5x threshold check",)),
        ("-1 as padding index\n- -1 again\n", ("-1 as padding index", "-1 again")),
        ("*args of forward\n", ("*args of forward",)),
        ("1) [x] scan\n -\n+ [ ] [CLS] rows\n", ("scan", "[CLS] rows")),
        ('[ "look at all", "open -1" ]', ("look at all", "open -1")),
        ('[\n  "look at all"\n]\n', ("look at all",)),
        ("[ ] look at all\n", ("look at all",)),
    ],
)
def test_only_list_marks_are_taken_from_a_step(tmp_path: Path, text: str, steps: tuple[str, ...]) -> None:
    """White space stands behind a mark; numbers, signs and stars of the step itself stay."""
    file = tmp_path / "plan.md"
    file.write_text(text)
    assert read_plan(file) == steps


def test_a_plan_stands_in_the_task_and_its_progress_in_the_receipts(tmp_path: Path) -> None:
    """A finding settles a step; the receipt names the next; the outcome says what is left."""
    script = [HUGE, _record("layers seen and read", step=1), "Layer 96."]
    model, outcome = _play(tmp_path / "run", script, plan=("scan it all", "open the strangest"))
    assert "1. scan it all\n2. open the strangest" in model.fed[0].messages[1].content
    assert "Next step: 2. open the strangest" in model.fed[-1].messages[-1].content
    assert outcome.steps_left == ("open the strangest",)
    assert outcome.findings[0].step == 1


def test_without_a_plan_nothing_speaks_of_steps(tmp_path: Path) -> None:
    """Not the task, not the schemas, not the receipts."""
    model, outcome = _play(tmp_path / "run", [HUGE, _record("layers seen and read"), "Layer 96."])
    assert "step" not in json.dumps([spec.schema() for spec in model.fed[0].tools])
    assert "step" not in model.fed[-1].prompt.text.lower()
    assert outcome.steps_left == ()


@tool
def get_layer(layer_id: int) -> dict[str, int]:
    """One layer."""
    return {"layer": layer_id}


@tool
def get_network() -> Lazy:
    """All layers."""
    return Lazy(keys=tuple(f"layers.{number}" for number in range(6)), child=lambda key: {"name": key, "rms": 2.0})


def _tools() -> list[Tool]:
    return [get_layer.bounded(layer_id={"minimum": 0, "maximum": 5}), get_network, huge]


def test_what_was_not_looked_at_is_worked_out(tmp_path: Path) -> None:
    """Tools never called, layers neither asked for nor opened, parts of results never opened."""
    script = [
        ToolCall("get_network", {}),
        ToolCall("get_layer", {"layer_id": 3}),
        ToolCall("open", {"address": "r1/layers.4"}),
        "Layer 3.",
    ]
    model = ScriptedModel(script, counter=thirds())
    settings = Settings(answer_after=0)
    outcome = investigate("Which?", model=model, tools=_tools(), run=tmp_path / "run", settings=settings)
    assert outcome.unseen.tools == ("huge",)
    assert outcome.unseen.axes == {"layer": (0, 1, 2, 5)}
    assert [(one.result, len(one.parts), one.of) for one in outcome.unseen.results] == [("r1", 5, 6)]
    assert "layers never opened: 0–2, 5" in outcome.unseen.lines()
    assert ranges([7]) == "7"


def test_places_may_be_asked_for_several_at_once(tmp_path: Path) -> None:
    """A list of layers looks at each."""

    @tool
    def get_layers(layer: list[int]) -> list[int]:
        """Some layers."""
        return layer

    script = [
        ToolCall("get_layers", {"layer": [1, 2]}),
        ToolCall("get_layers", {"layer": [5]}),
        "Layer 3.",
    ]
    tools = [get_layers, get_layer.bounded(layer_id={"minimum": 0, "maximum": 5})]
    model, settings = ScriptedModel(script, counter=thirds()), Settings(answer_after=0)
    outcome = investigate("Which?", model=model, tools=tools, run=tmp_path / "run", settings=settings)
    assert outcome.unseen.axes == {"layer": (0, 3, 4)}


@pytest.mark.parametrize("whole", [{"whole": True}, {"whole": False}, {}])
def test_what_a_tool_says_of_pages_is_no_look_at_the_whole(whole: dict[str, bool]) -> None:
    """The loop itself writes down whether all of a result was shown; a run from before it did so is still read."""
    look = {"event": "result", "status": "new", "name": "huge", "arguments": {}, "address": "r1", **whole}
    with Pager() as pager:
        pager.put({"weights": {"rms": [2.0] * 9}, "biases": {"rms": [3.0] * 9}, "note": "page 1 of 1, mapping"})
        left = unseen([{**look, "content": "[r1: page 1 of 1, mapping]"}], pager).results
    assert [one.parts for one in left] == ([] if whole.get("whole") else [("weights", "biases")])


def test_a_short_result_was_looked_at_as_a_whole(tmp_path: Path) -> None:
    """A tool's result shown on one page, and a part opened on one, leave nothing unopened."""

    @tool
    def get_parts() -> dict[str, object]:
        """Two parts."""
        return {"weights": {"rms": [2.0] * 9}, "biases": {"rms": [3.0] * 9}}

    script = [ToolCall("get_parts", {}), "Weights."]
    model, settings = ScriptedModel(script, counter=thirds()), Settings(answer_after=0)
    outcome = investigate("Which?", model=model, tools=[get_parts], run=tmp_path / "run", settings=settings)
    assert outcome.unseen.results == ()


def test_a_person_s_next_question_goes_on_in_the_same_run(tmp_path: Path) -> None:
    """The run opens again with all its turns; the prompt extends, nothing is orphaned, the ceiling holds."""
    run = tmp_path / "run"
    settings = Settings(ceiling=2_600, max_turns=6, max_new_tokens=128, answer_after=0)
    prompts, seen = [], []
    for number, message in enumerate([None, "And layer 3?", "And layer 4?"]):
        script: list[Line] = [ToolCall("huge", {"seed": 10 * number + turn}) for turn in range(4)]
        playing = iter([*script, f"Answer {number}."])

        def play(messages: Sequence[Message], playing: object = playing) -> Line:
            return "I saved it." if "shrink now" in messages[-1].content else next(playing)  # type: ignore[call-overload,no-any-return]

        model = ScriptedModel(play, counter=thirds())
        if message is None:
            outcome = investigate("Which?", model=model, tools=[huge], run=run, settings=settings)
        else:
            outcome = resume(run, model=model, tools=[huge], message=message)
        assert (outcome.answer, outcome.reason) == (f"Answer {number}.", "answered")
        prompts += [fed.prompt for fed in model.fed]
        seen += [fed.messages for fed in model.fed]
    assert any("And layer 4?" in message.content for message in seen[-1] if message.role == "user")
    assert "Which?" in seen[-1][1].content
    for messages in seen:
        assert_paired(messages)
    assert_under_the_ceiling(events_of(run), prompts, 2_600)
    assert_grows_between_compactions(events_of(run), prompts)


def test_a_message_too_long_for_the_ceiling_is_refused(tmp_path: Path) -> None:
    """With the numbers; the run stays as it was."""
    _play(tmp_path / "run", [HUGE, "Layer 96."])
    before = events_of(tmp_path / "run")
    with pytest.raises(BadInput, match="shorten"):
        resume(tmp_path / "run", model=ScriptedModel([], counter=thirds()), tools=[huge], message="why " * 9_000)
    assert events_of(tmp_path / "run") == before


def test_no_answer_counts_before_anything_was_looked_at(tmp_path: Path) -> None:
    """Not even where no finding is asked for."""
    model, outcome = _play(tmp_path / "run", ["Layer 96.", HUGE, "Layer 96."])
    assert [fed.choice.text for fed in model.fed] == [False, False, True]
    assert outcome.turns == 3
