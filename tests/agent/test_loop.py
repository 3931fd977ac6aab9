"""The loop, example by example: what it does with each kind of reply and result."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hostile import LawlessModel, assert_under_the_ceiling, events_of, failing, hostile_tools, huge, thirds, tiny

from agent.investigation import Outcome, investigate
from agent.messages import Message, ToolCall
from agent.models import ScriptedModel
from agent.models.scripted import Line
from agent.settings import Settings
from agent.tools import Tool, tool
from pager import Lazy

HUGE = ToolCall("huge", {"seed": 1})


def _huge(seed: int) -> ToolCall:
    return ToolCall("huge", {"seed": seed})


def _play(
    run: Path, script: Sequence[Line], *, tools: Sequence[Tool] = (huge, tiny, failing), **chosen: int
) -> tuple[ScriptedModel, Outcome, list[dict[str, object]]]:
    model = ScriptedModel(script, counter=thirds())
    chosen = {"ceiling": 8_000, "max_turns": len(script) + 1, "max_new_tokens": 128, "answer_after": 0, **chosen}
    outcome = investigate("Which layer?", model=model, tools=tools, run=run, settings=Settings(**chosen))
    return model, outcome, events_of(run)


def _results(events: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    return [event for event in events if event["event"] == "result"]


def test_an_investigation_ends_with_the_models_answer(tmp_path: Path) -> None:
    """A call, its card, an answer: the outcome holds it, the turns and the tokens."""
    model, outcome, events = _play(tmp_path / "run", [HUGE, "It is layer 96."])
    assert (outcome.answer, outcome.reason, outcome.turns) == ("It is layer 96.", "answered", 2)
    assert outcome.tokens.generations == 2
    assert [event["event"] for event in events] == ["start", "generation", "result", "generation", "end"]
    assert str(_results(events)[0]["content"]).startswith("[r1")
    assert (tmp_path / "run/prompts/0002.txt").read_text(encoding="utf-8") == model.fed[1].prompt.text


def test_no_answer_counts_before_a_finding_is_recorded(tmp_path: Path) -> None:
    """A model that answers at once is told to call a tool; once it has recorded a finding, its answer ends the run."""
    finding = ToolCall("record_observation", {"finding": "layer 96 is off", "evidence": "r1"})
    script: list[Line] = [HUGE, "It is layer 96.", finding, "It is layer 96."]
    _, outcome, events = _play(tmp_path / "run", script, answer_after=1)
    assert (outcome.answer, outcome.turns) == ("It is layer 96.", 4)
    assert [event["where"] for event in events if event["event"] == "error"] == ["reply"]


def test_a_tool_without_arguments_is_withheld_once_it_was_asked_for_in_vain(tmp_path: Path) -> None:
    """Its result stays under its address, so asking again and again can only cost turns."""

    @tool
    def layers() -> list[int]:
        """All layers."""
        return list(range(30))

    script: list[Line] = [ToolCall("layers", {})] * 3 + [HUGE, ToolCall("open", {"address": "r1"}), "Done."]
    _, _, events = _play(tmp_path / "run", script, tools=[layers, huge], narrow_after=2)
    withheld = [event["withheld"] for event in events if event["event"] == "generation"]
    assert withheld[1:] == [[], [], ["layers"], ["layers"], ["layers"]]


def test_a_call_that_fails_again_and_again_is_withheld_for_a_turn(tmp_path: Path) -> None:
    """A model that makes the same useless call for ever is led to another one."""
    useless = ToolCall("record_observation", {"finding": "1"})
    _, _, events = _play(tmp_path / "run", [HUGE, useless, useless, _huge(2), useless, "Done."], narrow_after=2)
    withheld = [event["withheld"] for event in events if event["event"] == "generation"]
    assert withheld[1:] == [[], [], ["record_observation"], [], []]


def test_the_first_call_is_of_a_tool(tmp_path: Path) -> None:
    """While nothing was looked at there is nothing to open, to search or to record."""
    model, _, _ = _play(tmp_path / "run", [HUGE, ToolCall("open", {"address": "r1"}), "Done."])
    assert {tool.name for tool in model.fed[0].choice.tools} == {"huge", "tiny", "failing"}
    assert {"open", "record_observation"} < {tool.name for tool in model.fed[1].choice.tools}
    assert {tool.name for tool in model.fed[0].tools} == {tool.name for tool in model.fed[1].tools}


def test_a_generation_is_logged_with_all_its_numbers(tmp_path: Path) -> None:
    """What went in, what was reserved, the ceiling, what came, what was reused, how long, what for, and the prompt."""
    _, _, events = _play(tmp_path / "run", [HUGE, "Done."])
    generation = events[1]
    named = "event turn purpose input_tokens max_new_tokens ceiling new_tokens reused_tokens seconds prompt"
    assert set(named.split()) <= set(generation)
    assert (generation["purpose"], generation["prompt"]) == ("turn", "prompts/0001.txt")


def test_an_observer_hears_every_event_once_it_is_written(tmp_path: Path) -> None:
    """What is shown live is what the file says."""
    heard: list[object] = []
    model = ScriptedModel([HUGE, "Done."], counter=thirds())
    settings = Settings(answer_after=0)
    investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=settings, observer=heard.append)
    assert heard == events_of(tmp_path / "run")


def test_a_call_that_cannot_be_read_is_told_what_was_wrong(tmp_path: Path) -> None:
    """The next prompt holds the problem, and the loop goes on."""
    model, outcome, _ = _play(tmp_path / "run", ['<tool_call>{"name": "huge", </tool_call>', HUGE, "Layer 96."])
    assert "could not be used" in model.fed[1].messages[-1].content
    assert "JSON" in model.fed[1].messages[-1].content
    assert outcome.answer == "Layer 96."


def test_unusable_replies_in_a_row_end_in_the_answer(tmp_path: Path) -> None:
    """Retries are bounded; then the model is asked for its answer in words."""
    model, outcome, _ = _play(tmp_path / "run", ["", " ", "", "I could not tell."], max_turns=20)
    assert [fed.choice.tools == () for fed in model.fed] == [False, False, False, True]
    assert (outcome.answer, outcome.reason) == ("I could not tell.", "slips")


def test_the_last_turn_is_the_answer(tmp_path: Path) -> None:
    """At max_turns the model has no calls left, only words."""
    model, outcome, events = _play(tmp_path / "run", [HUGE, _huge(2), "Layer 96."], max_turns=2)
    assert (outcome.turns, outcome.reason, outcome.answer) == (2, "max_turns", "Layer 96.")
    assert events[-2]["purpose"] == "answer"
    assert "your last call" in model.fed[-1].messages[-1].content


def test_a_tool_that_raises_is_a_result(tmp_path: Path) -> None:
    """The failure is told within bounds, logged as an error, and the loop goes on."""
    call = ToolCall("failing", {"words": "why"})
    _, outcome, events = _play(tmp_path / "run", [call, HUGE, "Layer 96."])
    told = _results(events)[0]
    assert told["status"] == "failed"
    assert "RuntimeError" in str(told["content"])
    assert int(str(told["tokens"])) < 150
    assert [event["where"] for event in events if event["event"] == "error"] == ["failing"]
    assert outcome.answer == "Layer 96."


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (ToolCall("hug", {"seed": 1}), "there is no tool 'hug'; the tools are: "),
        (ToolCall("huge", {}), "needs the argument 'seed'"),
        (ToolCall("open", {"address": "r7"}), "r7"),
        (ToolCall("record_observation", {"finding": " "}), "states nothing of a result"),
    ],
)
def test_a_call_that_cannot_be_made_is_told_why(tmp_path: Path, call: ToolCall, told: str) -> None:
    """An unknown tool, a missing argument, an unknown address: each is a result that says so."""
    model = LawlessModel([HUGE, call, "Layer 96."], counter=thirds())
    investigate("Which?", model=model, tools=[huge], run=tmp_path / "run")
    result = _results(events_of(tmp_path / "run"))[1]
    assert result["status"] == "failed"
    assert told in str(result["content"])


@pytest.mark.parametrize("given", [{"finding": "r1"}, {"finding": "seed", "evidence": "r1[96]"}])
def test_a_finding_that_only_points_is_written_out_once(tmp_path: Path, given: dict[str, str]) -> None:
    """What stands at the address is copied into the notebook, with the address as its evidence."""
    points = ToolCall("record_observation", given)
    _, outcome, events = _play(tmp_path / "run", [HUGE, points, points, "Layer 96."])
    (finding,) = outcome.findings
    assert finding.author == "model"
    assert finding.evidence == (given.get("evidence", "r1"),)
    assert "96" in finding.finding
    assert finding.finding in str(_results(events)[1]["content"])
    assert _results(events)[2]["content"] == "Already recorded as finding 1."


def test_what_the_loop_said_is_no_finding(tmp_path: Path) -> None:
    """A receipt or a remark said back is written out from the result it names, or refused where it names none."""
    echoes = ["same call as in turn 1; what it showed (r1) stands above", "Recorded as finding 1"]
    calls = [ToolCall("record_observation", {"finding": echo}) for echo in echoes]
    _, outcome, events = _play(tmp_path / "run", [HUGE, HUGE, *calls, "Layer 96."])
    (finding,) = outcome.findings
    assert finding.evidence == ("r1",)
    assert "same call" not in finding.finding
    assert "states nothing of a result" in str(_results(events)[3]["content"])


def test_what_stands_out_is_saved_though_another_part_was(tmp_path: Path) -> None:
    """A finding on one record of a result does not stand for the odd one, which the loop then saves itself."""
    recorded = ToolCall("record_observation", {"finding": "record 3 is as expected", "evidence": "r1[3]"})
    _, outcome, _ = _play(tmp_path / "run", [HUGE, recorded, "Layer 96."], max_turns=2)
    assert [one.author for one in outcome.findings] == ["model", "loop"]
    assert "96" in outcome.findings[1].finding


def test_the_same_call_again_is_answered_from_the_store(tmp_path: Path) -> None:
    """The tool runs once; while its card stands above, the answer only points there."""
    ran: list[int] = []

    @tool
    def count(seed: int) -> list[dict[str, int]]:
        """Count."""
        ran.append(seed)
        return [{"row": row, "seed": seed} for row in range(300)]

    script = [ToolCall("count", {"seed": 1}), ToolCall("count", {"seed": 1}), "Done."]
    _, _, events = _play(tmp_path / "run", script, tools=[count])
    assert ran == [1]
    assert [event["status"] for event in _results(events)] == ["new", "repeat"]
    assert "Same call as in turn 1" in str(_results(events)[1]["content"])


def test_a_tool_called_the_same_way_over_and_over_is_not_offered_for_a_turn(tmp_path: Path) -> None:
    """After a repeat the tool is left out of the choice once, then offered again."""
    script = [HUGE, HUGE, ToolCall("tiny", {"text": "x"}), _huge(2), "Done."]
    model, _, events = _play(tmp_path / "run", script, narrow_after=1)
    offered = [{spec.name for spec in fed.choice.tools} for fed in model.fed]
    assert ["huge" in names for names in offered] == [True, True, False, True, True]
    assert [event["withheld"] for event in events if event["event"] == "generation"][2] == ["huge"]


def test_who_goes_in_circles_is_offered_to_record(tmp_path: Path) -> None:
    """A look asked for again, with nothing recorded since, leaves record_observation; then everything again."""
    finding = ToolCall("record_observation", {"finding": "layer 96 is off"})
    script = [HUGE, HUGE, finding, _huge(2), "Done."]
    model, outcome, _ = _play(tmp_path / "run", script, answer_after=1, narrow_after=1)
    offered = [{spec.name for spec in fed.choice.tools} for fed in model.fed]
    assert offered[2] == {"record_observation"}
    assert {"huge", "open"} <= offered[3]
    assert outcome.answer == "Done."


def test_the_first_look_is_at_the_whole(tmp_path: Path) -> None:
    """Until something was seen as a whole no call may name a layer, unless the question does; the schemas stay."""

    @tool
    def scan(layer: int | None = None) -> dict[str, int | None]:
        """All layers, or one."""
        return {"layer": layer}

    @tool
    def look(layer_id: int) -> dict[str, int]:
        """One layer."""
        return {"layer": layer_id}

    bounds = {"minimum": 0, "maximum": 9}
    tools = [scan.bounded(layer=bounds), look.bounded(layer_id=bounds)]
    script = [ToolCall("scan", {}), ToolCall("look", {"layer_id": 3}), "Layer 3."]
    model, _, _ = _play(tmp_path / "run", script, tools=tools)
    first, second = model.fed[0], model.fed[1]
    assert [(spec.name, list(spec.parameters["properties"])) for spec in first.choice.tools] == [("scan", [])]
    assert {"scan", "look", "open"} <= {spec.name for spec in second.choice.tools}
    assert first.tools == second.tools
    named = ScriptedModel([ToolCall("look", {"layer_id": 3}), "Layer 3."], counter=thirds())
    settings = Settings(answer_after=0)
    investigate("What of layer 3?", model=named, tools=tools, run=tmp_path / "named", settings=settings)
    assert {spec.name for spec in named.fed[0].choice.tools} == {"scan", "look"}


def test_several_calls_of_one_reply_are_each_answered(tmp_path: Path) -> None:
    """Up to four; a call beyond them is not made, and the pairs stay whole."""
    calls = [ToolCall("tiny", {"text": f"{number}"}) for number in range(6)]
    model, _, events = _play(tmp_path / "run", [calls, "Done."], max_new_tokens=400)
    assert len(_results(events)) == 4
    assert events[1]["not_made"] == 2
    assert [message.role for message in model.fed[1].messages[2:]] == ["assistant", "tool", "tool", "tool", "tool"]


def _saving(messages: Sequence[Message]) -> Line:
    """Looks at one thing after the other, and records when it is asked to."""
    last = messages[-1].content
    if "shrink now" in last:
        named = [word for word in last.replace(",", " ").split() if word.startswith("r") and word[1:].isdigit()]
        return ToolCall("record_observation", {"finding": f"seen {named}", "evidence": ", ".join(named)})
    return "Done." if "your last call" in last else _huge(len(messages) + len(last))


def _careless(messages: Sequence[Message]) -> Line:
    return "I saved it." if "shrink now" in messages[-1].content else _saving(messages)


def test_before_a_batch_shrinks_the_model_is_asked_by_name_to_save(tmp_path: Path) -> None:
    """The reminder names the results, offers only the notebook, and what the model saves is its own."""
    model = ScriptedModel(_saving, counter=thirds())
    settings = Settings(ceiling=2_400, max_turns=12, max_new_tokens=128)
    outcome = investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=settings)
    events = events_of(tmp_path / "run")
    reminders = [event for event in events if event["event"] == "reminder"]
    asked = [fed for fed in model.fed if "shrink now" in fed.messages[-1].content]
    assert reminders
    assert all(str(name) in fed.messages[-1].content for fed, event in zip(asked, reminders, strict=True)
               for name in list(event["about"])[:6])  # fmt: skip
    assert all([spec.name for spec in fed.choice.tools] == ["record_observation"] for fed in asked)
    assert any(finding.author == "model" for finding in outcome.findings)


def test_what_the_model_does_not_save_the_loop_saves(tmp_path: Path) -> None:
    """Saying so is not saving: each result that left its page is named by a finding, the loop's if need be."""
    model = ScriptedModel(_careless, counter=thirds())
    settings = Settings(ceiling=2_400, max_turns=12, max_new_tokens=128)
    outcome = investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=settings)
    events = events_of(tmp_path / "run")
    changes = [change for event in events if event["event"] == "compaction" for change in event["changes"]]
    left = {change["address"] for change in changes if change["from"] == "page" and change["address"]}
    cited = {address.partition("/")[0].partition("[")[0] for one in outcome.findings for address in one.evidence}
    assert left <= cited
    assert {finding.author for finding in outcome.findings} == {"loop"}


def test_the_message_after_a_batch_says_what_shrank_and_how_it_is_seen_again(tmp_path: Path) -> None:
    """The notice is the last message of the next prompt, and its example opens."""
    model = ScriptedModel(_careless, counter=thirds())
    settings = Settings(ceiling=2_400, max_turns=12, max_new_tokens=128)
    investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=settings)
    notices = [message.content for fed in model.fed for message in fed.messages[-1:] if "Shortened" in message.content]
    assert notices
    assert 'open("r1") shows it again' in notices[0]


def test_what_was_shortened_leaves_by_the_ladder(tmp_path: Path) -> None:
    """No result goes up again, and each compaction frees tokens."""
    model = ScriptedModel(_careless, counter=thirds())
    settings = Settings(ceiling=6_000, max_turns=30, max_new_tokens=128, answer_after=0)
    investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=settings)
    compactions = [event for event in events_of(tmp_path / "run") if event["event"] == "compaction"]
    order = ["page", "summary", "stub", "folded"]
    levels: dict[object, str] = {}
    for event in compactions:
        assert int(str(event["tokens_after"])) < int(str(event["tokens_before"]))
        for change in event["changes"]:
            key = (change["generation"], change["call"])
            assert levels.get(key, "page") == change["from"]
            assert order.index(change["to"]) > order.index(change["from"])
            levels[key] = change["to"]
    assert {"summary", "stub", "folded"} <= {change["to"] for event in compactions for change in event["changes"]}


def test_opening_an_aged_result_pins_it(tmp_path: Path) -> None:
    """What was asked for again stays for some turns."""
    looks = [_huge(seed) for seed in range(1, 9)]
    script = iter([*looks, ToolCall("open", {"address": "r1"}), "Done."])

    def play(messages: Sequence[Message]) -> Line:
        return _careless(messages) if "shrink now" in messages[-1].content else next(script)

    model = ScriptedModel(play, counter=thirds())
    settings = Settings(ceiling=2_400, max_turns=20, max_new_tokens=128, answer_after=0)
    investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=settings)
    opened = [event for event in _results(events_of(tmp_path / "run")) if event["name"] == "open"]
    assert [event["pinned_until"] for event in opened] == [9 + settings.pin_turns]


def test_a_lazy_result_costs_what_is_opened_of_it(tmp_path: Path) -> None:
    """A layer that was not asked for is not computed."""
    computed: list[str] = []

    @tool
    def network() -> Lazy:
        """All layers."""

        def child(key: str) -> object:
            computed.append(key)
            return {"name": key, "kurtosis": 3.0}

        return Lazy(keys=("a", "b", "c"), child=child, about={"layers": 3})

    _play(tmp_path / "run", [ToolCall("network", {}), ToolCall("open", {"address": "r1/b"}), "b."], tools=[network])
    assert computed == ["b"]


def test_the_schemas_in_the_prompt_never_change(tmp_path: Path) -> None:
    """Reminders, narrowed turns and the answer narrow the choice, not the prompt: its prefix stays."""
    model = ScriptedModel(_careless, counter=thirds())
    settings = Settings(ceiling=2_400, max_turns=12, max_new_tokens=128)
    investigate("Which?", model=model, tools=hostile_tools()[:3], run=tmp_path / "run", settings=settings)
    assert len({json.dumps([spec.schema() for spec in fed.tools]) for fed in model.fed}) == 1
    assert len({len(fed.choice.tools) for fed in model.fed}) > 1


def test_what_no_finding_names_is_saved_before_the_answer_is_asked_for(tmp_path: Path) -> None:
    """A run that ends at its last turn has a finding for every result, and the request for the answer shows them."""
    _, outcome, events = _play(tmp_path / "run", [HUGE, _huge(2), "Layer 96."], max_turns=2, answer_after=1)
    assert [(one.author, one.evidence[0].partition("[")[0]) for one in outcome.findings] == [
        ("loop", "r1"),
        ("loop", "r2"),
    ]
    request = next(str(event["content"]) for event in events if event["event"] == "finish")
    assert outcome.findings[0].finding[:30] in request
    assert outcome.answer == "Layer 96."


def test_evidence_that_is_no_address_is_named_once(tmp_path: Path) -> None:
    """A sentence in the place of an address is one thing that is not known, with what is near, and no list of words."""
    call = ToolCall("record_observation", {"finding": "layer 96 is off", "evidence": "the address it rests on"})
    _, outcome, events = _play(tmp_path / "run", [HUGE, call, "Layer 96."])
    assert "There is no the address it rests on; near: r1." in str(_results(events)[1]["content"])
    assert [one.evidence for one in outcome.findings] == [()]


def test_pages_that_are_opened_in_turn_for_ever_are_noticed(tmp_path: Path) -> None:
    """Restoring one aged result after the other is answered, from the third time on with a word, under the ceiling."""
    looks = [_huge(seed) for seed in range(1, 9)]
    again = [ToolCall("open", {"address": f"r{number}"}) for number in (1, 2, 3, 4)] * 4
    script = iter([*looks, *again])

    def play(messages: Sequence[Message]) -> Line:
        return _careless(messages) if "shrink now" in messages[-1].content else next(script, "Done.")

    model = ScriptedModel(play, counter=thirds())
    settings = Settings(ceiling=2_400, max_turns=40, max_new_tokens=128, answer_after=0)
    investigate("Which?", model=model, tools=[huge], run=tmp_path / "run", settings=settings)
    events = events_of(tmp_path / "run")
    opened = [event for event in _results(events) if event["name"] == "open"]
    assert "Opened 3 times now" in str(opened[8]["content"])
    assert {event["status"] for event in opened[8:]} == {"repeat"}
    assert_under_the_ceiling(events, [fed.prompt for fed in model.fed], 2_400)
