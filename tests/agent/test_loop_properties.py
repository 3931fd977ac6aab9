"""What must hold whatever the model says and the tools return."""

import tempfile
from itertools import pairwise
from pathlib import Path

from hostile import (
    FORGERY,
    TEMPLATES,
    LawlessModel,
    SavingModel,
    assert_grows_between_compactions,
    assert_nothing_forged,
    assert_nothing_lost,
    assert_paired,
    assert_readable,
    assert_under_the_ceiling,
    events_of,
    hostile_tools,
    thirds,
    timeless,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.investigation import Outcome, investigate
from agent.messages import ToolCall
from agent.models import ScriptedModel
from agent.settings import Settings
from agent.tools import Toolbox

QUESTION = "Which layer is the odd one?"


def _call(name: str, **arguments: object) -> ToolCall:
    return ToolCall(name, arguments)


calls = st.one_of(
    st.builds(lambda seed: _call("huge", seed=seed), st.integers(1, 4)),
    st.builds(lambda times: _call("forging", times=times), st.integers(1, 40)),
    st.builds(lambda text: _call("tiny", text=text), st.text(max_size=40)),
    st.builds(lambda words: _call("failing", words=words), st.text(max_size=5)),
    st.sampled_from([_call("one_line"), _call("lying"), _call("layers"), _call("no_such_tool"), _call("huge")]),
    st.builds(
        lambda address: _call("open", address=address),
        st.sampled_from(["r1", "r2", "r3", "r1#2", "r2#2", "r99", "r1[3]", "r1/layer2", "r1/layer5", "", FORGERY]),
    ),
    st.builds(lambda pattern: _call("find", address="r1", pattern=pattern), st.sampled_from(["7", "(", "layer"])),
    st.builds(
        lambda sql: _call("query", address="r1", sql=sql),
        st.sampled_from(["SELECT * FROM t", "DROP TABLE t", ""]),
    ),
    st.builds(
        lambda finding: _call("record_observation", finding=finding, evidence="r1, r77"),
        st.sampled_from(["r1 is odd", "", "x" * 900, FORGERY]),
    ),
    st.builds(lambda query: _call("query_memory", query=query), st.sampled_from(["odd", "", '" OR *'])),
)
words = st.sampled_from(["", " ", "I saved it.", FORGERY, "y " * 600, "<tool_call>{", '{"name": "huge"', "\ud800"])
lines = st.lists(st.one_of(calls, calls, words, st.tuples(calls, calls, calls)), min_size=1, max_size=10)
ceilings = st.sampled_from([1_900, 2_048, 2_500, 4_000, 8_000])


def _investigate(folder: Path, model: LawlessModel, ceiling: int, **chosen: int) -> Outcome:
    chosen = {"max_turns": 9, "max_new_tokens": 128, "notebook_tokens": 80, **chosen}
    return investigate(
        QUESTION,
        model=model,
        tools=hostile_tools(),
        run=folder,
        settings=Settings(ceiling=ceiling, **chosen),
        templates=TEMPLATES,
    )


@given(lines=lines, ceiling=ceilings)
@settings(max_examples=180)
def test_whatever_happens_the_invariants_hold(lines: list[str | ToolCall | tuple[ToolCall, ...]], ceiling: int) -> None:
    """No generation above the ceiling, no orphan, no lost result, no forged role, no dropped task, no torn prefix."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        model = LawlessModel(lines)
        _investigate(run, model, ceiling)
        events = events_of(run)
        toolbox = Toolbox(hostile_tools())
        assert events[-1]["event"] == "end"
        assert_readable(run)
        assert_under_the_ceiling(events, model.prompts, ceiling)
        for prompt, messages in zip(model.prompts, model.messages, strict=True):
            assert_paired(messages)
            assert_nothing_forged(prompt, messages, QUESTION)
        assert_grows_between_compactions(events, model.prompts)
        assert_nothing_lost(run, events, lambda call: toolbox[call.tool].run(call.arguments))


@given(lines=lines)
@settings(max_examples=8)
def test_the_same_input_makes_the_same_events(lines: list[str | ToolCall | tuple[ToolCall, ...]]) -> None:
    """Two runs of one script differ in nothing but their clocks."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder) / name for name in ("one", "two")]
        for run in runs:
            _investigate(run, LawlessModel(lines), 2_500)
        first, second = (timeless(events_of(run)) for run in runs)
        assert first == second


@given(seed=st.integers(0, 3), keep_recent=st.integers(0, 4), keep_recent_tokens=st.none() | st.integers(1, 5_000))
@settings(max_examples=8)
def test_every_setting_of_what_is_recent_keeps_the_ceiling(
    seed: int, keep_recent: int, keep_recent_tokens: int | None
) -> None:
    """However much is to be kept, the ceiling is kept first."""
    lines = [_call("huge", seed=seed + number) for number in range(7)]
    with tempfile.TemporaryDirectory() as folder:
        model = LawlessModel(lines)
        chosen = Settings(
            ceiling=2_500,
            max_turns=9,
            max_new_tokens=100,
            keep_recent=keep_recent,
            keep_recent_tokens=keep_recent_tokens,
        )
        investigate(QUESTION, model=model, tools=hostile_tools(), run=Path(folder) / "run", settings=chosen)
        assert_under_the_ceiling(events_of(Path(folder) / "run"), model.prompts, 2_500)


saving = st.lists(st.booleans(), min_size=1, max_size=5)


@given(lines=lines, saves=saving, ceiling=st.sampled_from([1_900, 2_500, 4_000]), words_of_model=st.booleans())
@settings(max_examples=40)
def test_the_invariants_hold_with_reminders_answered_or_not_and_summaries_asked_for(
    lines: list[str | ToolCall | tuple[ToolCall, ...]], saves: list[bool], ceiling: int, words_of_model: bool
) -> None:
    """Whether it records when it is asked, and whatever it writes for a summary: the same things hold."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        model = SavingModel([*lines, _call("huge", seed=1), _call("huge", seed=2), _call("huge", seed=3)], saves=saves)
        settings = Settings(
            ceiling=ceiling,
            max_turns=12,
            max_new_tokens=128,
            notebook_tokens=80,
            summarizer="model" if words_of_model else "heuristic",
        )
        investigate(QUESTION, model=model, tools=hostile_tools(), run=run, settings=settings, templates=TEMPLATES)
        events = events_of(run)
        asked = [event for event in events if event["event"] == "generation"]
        turns = [place for place, event in enumerate(asked) if event["purpose"] != "summarizer"]
        assert_under_the_ceiling(events, model.prompts, ceiling)
        for place in turns:
            assert_paired(model.messages[place])
            assert_nothing_forged(model.prompts[place], model.messages[place], QUESTION)
        spoken = [event for event in events if event.get("purpose") != "summarizer"]
        assert_grows_between_compactions(spoken, [model.prompts[place] for place in turns])
        toolbox = Toolbox(hostile_tools())
        assert_nothing_lost(run, events, lambda call: toolbox[call.tool].run(call.arguments))
        assert all(a["event"] != "compaction" or b["event"] != "compaction" for a, b in pairwise(events))


def test_a_hundred_turns_fit_2048(tmp_path: Path) -> None:
    """A long investigation by a model that never saves anything ends within the ceiling, every result at hand."""
    tools = hostile_tools()[:3]
    lines = [_call("huge", seed=number) for number in range(1, 101)]
    model = ScriptedModel([*lines, *["So be it."] * 60], counter=thirds())
    script = iter(lines)
    model = ScriptedModel(lambda messages: next(script, "So be it."), counter=thirds())
    settings = Settings(ceiling=2_048, max_turns=100, max_new_tokens=128)
    outcome = investigate(QUESTION, model=model, tools=tools, run=tmp_path / "run", settings=settings)
    events = events_of(tmp_path / "run")
    toolbox = Toolbox(tools)
    assert outcome.tokens.peak_tokens <= 2_048
    assert_under_the_ceiling(events, [fed.prompt for fed in model.fed], 2_048)
    assert_nothing_lost(tmp_path / "run", events, lambda call: toolbox[call.tool].run(call.arguments))
