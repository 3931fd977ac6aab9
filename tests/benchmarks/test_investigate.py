"""Loops side by side: each policy keeps its bounds, all have the same contract, and a cut-off run goes on."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.introspection import Plant
from agent.messages import Message, ToolCall
from agent.models import ScriptedModel
from agent.models.scripted import Line
from agent.settings import Settings
from agent.tools import tool
from benchmarks.investigate import LOOPS, TEMPLATES, Case, Network, run_cases, summed
from benchmarks.plainloop import LoopResult, as_json, investigated
from benchmarks.policies import POLICIES
from benchmarks.readme import investigate_table
from benchmarks.remembered import Remembered
from pager import Lazy

CEILING = 1_600
PLANT = Plant("made up", 7, "mlp", "layer 7: mlp is off", (r"layer 7\b", r"\bmlp\b"))


@tool
def get_rows(seed: int) -> list[dict[str, object]]:
    """Many rows."""
    return [{"layer": row, "module": "mlp", "std": (row * seed) % 13} for row in range(120)]


def _playing(messages: Sequence[Message]) -> Line:
    """Looks at one thing after the other, records once, and answers when it is asked to."""
    last, seen = messages[-1].content, sum(len(message.content) for message in messages)
    if "your last call" in last:
        return "It is layer 7, mlp."
    return ToolCall("get_rows", {"seed": seen % 997})


def _ended(name: str, **more: int) -> tuple[ScriptedModel, LoopResult]:
    model = ScriptedModel(_playing)
    settings = Settings(ceiling=CEILING, max_new_tokens=128, **{"max_turns": 9, **more})
    ended = investigated(
        "Which?", model=model, tools=[get_rows], policy=POLICIES[name], settings=settings, templates=TEMPLATES
    )
    return model, ended


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_keeps_under_the_ceiling_and_to_its_turns(name: str) -> None:
    """Each generation's prompt and reserve fit; the answer is asked for at the end, whatever was kept."""
    model, ended = _ended(name)
    assert all(len(fed.prompt.tokens) + fed.max_new_tokens <= CEILING for fed in model.fed)
    assert ended.totals.peak_tokens <= CEILING
    assert ended.turns <= (POLICIES[name].most_turns or 9)
    assert ended.answer == "It is layer 7, mlp."
    assert any("cut: " in message.content for message in model.fed[1].messages if message.role == "tool")


def test_the_policies_differ_in_what_stays() -> None:
    """Dumping ends when full; masking leaves placeholders; the original forgets; heads are short."""
    dumped, ended = _ended("dump")
    assert ended.reason == "full"
    masked = _ended("mask")[0].fed[-2].messages
    assert "[old result left out to make room]" in {message.content for message in masked}
    original, ended = _ended("original")
    assert ended.turns == 6
    assert [message.role for message in original.fed[-2].messages].count("tool") == 2
    heads = [message.content for message in _ended("head")[0].fed[-2].messages if message.role == "tool"]
    assert len(heads) > 2
    assert len({len(text) for text in heads}) <= 3
    assert max(map(len, heads)) < max(len(message.content) for message in dumped.fed[-1].messages)


def test_no_loop_answers_before_a_finding_is_recorded() -> None:
    """The contract is the same for all: text is no choice until something was recorded."""
    finding = ToolCall("record_observation", {"finding": "layer 7 mlp std is off"})
    model = ScriptedModel([ToolCall("get_rows", {"seed": 3}), finding, "Layer 7, mlp."])
    settings = Settings(ceiling=CEILING, max_new_tokens=128)
    policy = POLICIES["mask"]
    ended = investigated("Which?", model=model, tools=[get_rows], policy=policy, settings=settings, templates=TEMPLATES)
    assert [fed.choice.text for fed in model.fed] == [False, False, True]
    assert "record_observation" not in {spec.name for spec in model.fed[0].choice.tools}
    assert (ended.findings, ended.reason, ended.turns) == (("layer 7 mlp std is off",), "answered", 3)


def test_a_whole_result_is_plain_json_with_the_parts_of_a_lazy_one() -> None:
    """What a loop without a store would be given."""
    lazy = Lazy(keys=("a", "b"), child=lambda key: {"name": key}, about={"layers": 2})
    assert json.loads(as_json(lazy)) == {"layers": 2, "a": {"name": "a"}, "b": {"name": "b"}}
    assert as_json("text") == "text"


@contextmanager
def _network(kind: str, seed: int) -> Iterator[Network]:
    yield Network(PLANT, [get_rows])


def _cases(*plants: str) -> list[Case]:
    return [Case("scripted", 2_600, 4, kind, 0, loop) for kind in plants for loop in LOOPS]


def test_a_cut_off_measurement_goes_on_where_it_was(tmp_path: Path) -> None:
    """Each case is kept when it is over, none is run twice, and the sums are over networks that all loops had."""
    out, model = tmp_path / "kept.json", ScriptedModel(_playing)
    run_cases(_cases("one")[:3], model, out=out, networks=_network, show=False)
    assert len(json.loads(out.read_text())["cases"]) == 3
    before = len(model.fed)
    found = run_cases(_cases("one", "two"), model, out=out, networks=_network, show=False)
    assert len(found["cases"]) == 2 * len(LOOPS)
    again = len(model.fed)
    assert again > before
    assert run_cases(_cases("one", "two"), model, out=out, networks=_network, show=False) == found
    assert len(model.fed) == again
    assert {row["networks"] for row in found["loops"]} == {2}
    assert all(case["solved"] and case["peak_tokens"] <= 2_600 for case in found["cases"])
    assert (
        run_cases(_cases("three"), model, out=out, networks=_network, limit_seconds=-1, show=False)["cases"]
        == (found["cases"])
    )
    table = investigate_table(found)
    assert "| toolpager |" in table
    assert "2/2" in table


def test_sums_leave_out_networks_that_a_loop_has_not_had() -> None:
    """A loop is never compared on fewer or other networks than its rivals."""
    case = {
        "model": "m",
        "ceiling": 9,
        "max_turns": 1,
        "seed": 0,
        "solved": True,
        "worded": False,
        "found": False,
        "turns": 1,
    }
    cases = [{**case, "loop": "toolpager", "plant": plant} for plant in "ab"] + [{**case, "loop": "dump", "plant": "a"}]
    assert [(row["loop"], row["networks"]) for row in summed(cases)] == [("toolpager", 1), ("dump", 1)]


def test_a_remembered_reply_is_the_reply(tmp_path: Path) -> None:
    """The second time the model is not asked; another choice is another question."""
    model = ScriptedModel([ToolCall("get_rows", {"seed": 3}), "text"])
    remembered = Remembered(model, tmp_path / "replies.sqlite")
    from agent.messages import Choice

    prompt = remembered.prompt([Message("user", "x")], [get_rows.spec])
    first = remembered.generate(prompt, max_new_tokens=50, choice=Choice((get_rows.spec,), text=False))
    assert remembered.generate(prompt, max_new_tokens=50, choice=Choice((get_rows.spec,), text=False)) == first
    assert len(model.fed) == 1
    assert remembered.generate(prompt, max_new_tokens=50, choice=Choice((), text=True)).content == "text"


def test_a_reply_under_a_schema_is_another_reply(tmp_path: Path) -> None:
    """What is decoded under one schema answers no question under another, nor one without."""
    from agent.messages import Choice

    remembered = Remembered(ScriptedModel(["text", "1", '"b"']), tmp_path / "replies.sqlite")
    prompt = remembered.prompt([Message("user", "x")], [])
    choices = [Choice((), text=True, schema=schema) for schema in (None, {"type": "integer"}, {"type": "string"})] * 2
    said = [remembered.generate(prompt, max_new_tokens=50, choice=choice).content for choice in choices]
    assert said == ["text", "1", '"b"'] * 2
