"""The answer: what the model picks is copied by code, and words that say nothing are not shown."""

import json
from pathlib import Path

import pytest
from hostile import events_of, thirds

from agent.conclusion import Conclusion, says_nothing, unsupported
from agent.investigation import Outcome, investigate, resume
from agent.messages import ToolCall
from agent.models import ScriptedModel
from agent.report import write_report
from agent.settings import Settings
from agent.tools import tool

QUESTION = "In which layer and module is the fault, and what is wrong with it?"
LOOPING = "the layer of the layer of the layer of the layer of the layer"


@tool
def norms() -> list[dict[str, object]]:
    """The norm of every layer."""
    return [{"layer": number, "norm": 90.5 if number == 17 else 1.0 + number / 100} for number in range(30)]


def _asked(run: Path, reply: str) -> tuple[ScriptedModel, Outcome]:
    """One look, one finding, and what comes of the reply when the answer is asked for."""
    recorded = ToolCall("record_observation", {"finding": "layer 17 has a norm of 90.5", "evidence": "r1"})
    model = ScriptedModel([ToolCall("norms", {}), recorded, reply], counter=thirds())
    settings = Settings(ceiling=4_000, max_turns=2, max_new_tokens=128)
    return model, investigate(QUESTION, model=model, tools=[norms], run=run, settings=settings)


def _reply(*numbers: int, answer: str) -> str:
    return json.dumps({"rests_on": list(numbers), "answer": answer})


def test_an_answer_shows_the_words_and_the_picked_findings_with_their_evidence(tmp_path: Path) -> None:
    """The finding is copied from the notebook, its number and evidence with it; the parts stay apart."""
    model, outcome = _asked(tmp_path / "run", _reply(1, answer="It is layer 17."))
    assert outcome.answer == "It is layer 17.\n\nIt rests on:\n1. layer 17 has a norm of 90.5 (r1)"
    assert (outcome.said, outcome.rests_on, outcome.by) == ("It is layer 17.", (1,), "model")
    schema = model.fed[-1].choice.schema
    assert schema is not None
    assert schema["properties"]["rests_on"]["items"] == {"enum": [1]}  # type: ignore[index]  # a JSON schema


@pytest.mark.parametrize(
    ("said", "lacking"),
    [("No fault was planted.", ("No",)), ("Its norm isn't 90.5 but 12.", ("isn't", "12")), ("It's layer 3.", ("3",))],
)
def test_words_that_the_findings_do_not_bear_out_come_behind_them(
    tmp_path: Path, said: str, lacking: tuple[str, ...]
) -> None:
    """A denial or a number that no picked finding has is named, and the finding is what a person reads first."""
    _, outcome = _asked(tmp_path / "run", _reply(1, answer=said))
    first, _, last = outcome.answer.partition(f"Its own words, of which they do not say {', '.join(lacking)}:\n")
    assert "1. layer 17 has a norm of 90.5 (r1)" in first
    assert last == said
    assert unsupported(said, ["layer 17 has a norm of 90.5"], QUESTION) == lacking


@pytest.mark.parametrize(("said", "alarm_first"), [("There are 30 layers.", False), ("", True)])
def test_an_alarm_that_the_model_does_not_pick_is_shown(tmp_path: Path, said: str, alarm_first: bool) -> None:
    """The loop saved it, the model rests its answer on something else: both stand there, the words first if any are."""

    @tool
    def check() -> dict[str, str]:
        """Check the disk."""
        return {"name": "disk-7", "status": "FAILED: 12 bad sectors"}

    recorded = ToolCall("record_observation", {"finding": "there are 30 layers", "evidence": "r1"})
    model = ScriptedModel(
        [ToolCall("norms", {}), recorded, ToolCall("check", {}), _reply(1, answer=said)], counter=thirds()
    )
    settings = Settings(ceiling=4_000, max_turns=3, max_new_tokens=128)
    outcome = investigate(QUESTION, model=model, tools=[norms, check], run=tmp_path / "run", settings=settings)
    picked, alarm = "1. there are 30 layers (r1)", "An alarm that the model did not pick:\n2. "
    assert (outcome.answer.index(alarm) < outcome.answer.index(picked)) == alarm_first
    assert outcome.answer.startswith(alarm if alarm_first else said)
    assert "FAILED: 12 bad sectors" in outcome.answer
    assert "(saved by the loop)" in outcome.answer
    assert outcome.rests_on == (1,)


def test_a_denial_that_a_finding_makes_is_borne_out() -> None:
    """A clean network may be called one, and a rounded number is the finding's."""
    assert not unsupported("Nothing was planted, the norm is 91.", ["no alarm, max 90.5"], QUESTION)


@pytest.mark.parametrize(
    "said",
    [
        LOOPING,
        "",
        "…",
        QUESTION,
        "your own words, with values and places",
        "Your last call.",
        "1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0",
    ],
)
def test_words_that_say_nothing_are_left_out_of_the_answer(tmp_path: Path, said: str) -> None:
    """Looping, empty or echoing words stay apart as what was said; the picked finding is the answer."""
    _, outcome = _asked(tmp_path / "run", _reply(1, 1, 9, answer=said))
    assert outcome.answer.startswith("The model picked these findings; its own words said nothing and are left out:")
    assert "1. layer 17 has a norm of 90.5 (r1)" in outcome.answer
    assert (outcome.said, outcome.rests_on, outcome.by) == (said, (1,), "model")


def test_without_a_usable_reply_the_best_finding_is_the_answer(tmp_path: Path) -> None:
    """It is marked as no choice of the model's."""
    _, outcome = _asked(tmp_path / "run", _reply(answer=LOOPING))
    assert outcome.answer.startswith("The model gave no answer that can be used.")
    assert (outcome.by, outcome.rests_on) == ("loop", (1,))


def test_a_reply_in_plain_words_is_an_answer(tmp_path: Path) -> None:
    """A model that no grammar holds may answer as it likes; of JSON that was cut off, what came counts."""
    _, plain = _asked(tmp_path / "plain", "It is layer 17.")
    assert (plain.answer, plain.rests_on, plain.by) == ("It is layer 17.", (), "model")
    _, cut = _asked(tmp_path / "cut", '{"rests_on": [1], "answer": "It is layer 1')
    assert (cut.said, cut.rests_on) == ("It is layer 1", (1,))


@pytest.mark.parametrize(
    "reply", ['{"rests_on": "all", "answer": 3}', '{"answer": null}', "[" * 5_000, "[r1 table]\n</tool_response>", "{}"]
)
def test_no_reply_breaks_the_answer(tmp_path: Path, reply: str) -> None:
    """Whatever comes, the run ends with an answer, and what stands in later prompts is within the reserve."""
    _, outcome = _asked(tmp_path / "run", reply)
    last = [event for event in events_of(tmp_path / "run") if event["event"] == "generation"][-1]
    assert outcome.answer
    assert thirds().count(str(last["content"])) <= 128


def test_a_run_of_before_resumes_with_its_answer(tmp_path: Path) -> None:
    """Events that hold an answer in words alone are read, resumed and reported."""
    run = tmp_path / "run"
    _asked(run, "It is layer 17.")
    events = events_of(run)
    for event in events:
        event.pop("conclusion", None)
        event.pop("findings" if event["event"] == "finish" else "rests_on", None)
    text = "".join(json.dumps(event) + "\n" for event in events if event["event"] != "end")
    (run / "events.jsonl").write_text(text, encoding="utf-8")
    outcome = resume(run, model=ScriptedModel([], counter=thirds()), tools=[norms])
    assert (outcome.answer, outcome.said, outcome.by) == ("It is layer 17.", "It is layer 17.", "model")
    write_report(run)
    assert "It is layer 17." in (run / "report.md").read_text(encoding="utf-8")


def test_a_turn_that_goes_round_in_a_loop_is_no_answer(tmp_path: Path) -> None:
    """It is told so, and has another turn."""
    model = ScriptedModel([ToolCall("norms", {}), LOOPING, "Layer 17."], counter=thirds())
    settings = Settings(ceiling=4_000, max_turns=5, max_new_tokens=128, answer_after=0)
    outcome = investigate(QUESTION, model=model, tools=[norms], run=tmp_path / "run", settings=settings)
    assert (outcome.answer, outcome.turns) == ("Layer 17.", 3)


@pytest.mark.parametrize(
    "said",
    [
        "Nothing was planted.",
        "Yes",
        "17",
        "第17層のノルムが大きい。",
        "The fault is in layer 17, module mlp.down_proj, and it is too large.",
        "layer 1: 2.0, layer 2: 2.1, layer 3: 2.2, layer 4: 9.7",
    ],
)
def test_words_that_say_something_are_kept(said: str) -> None:
    """Short answers, lists and other scripts are no loops."""
    assert not says_nothing(said, QUESTION)


def test_a_conclusion_survives_its_event() -> None:
    """What is written into the event is what is read out of it."""
    made = Conclusion("a", "b", (2, 1), "loop", ("not",), 3)
    assert Conclusion.of({"conclusion": json.loads(json.dumps(made.fields()))}) == made
