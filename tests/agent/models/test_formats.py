"""Reading and writing tool calls."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.messages import ToolCall
from agent.models.formats import Family, Parsed, parse_calls, write_calls

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
CALLS = st.builds(
    ToolCall, st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.dictionaries(st.text(), JSON_VALUES, max_size=3)
)
TAGS = [
    "<tool_call>",
    "</tool_call>",
    "<|python_tag|>",
    "```json\n",
    "```",
    '"name"',
    "'name'",
    '"arguments"',
    "parameters",
]
SHARDS = st.sampled_from([*TAGS, *"{}[]:,-\\'\"\n", "NaN", "1e999", "0x", "{" * 300])


@given(st.text() | st.lists(SHARDS | st.text(max_size=5), max_size=30).map("".join))
def test_any_text_is_read_without_raising(text: str) -> None:
    """Whatever a model writes comes back as calls, as a problem, or as plain text."""
    parsed = parse_calls(text)
    assert not (parsed.calls and parsed.problem)


@pytest.mark.parametrize(
    "text", ["<tool_call>" + "[" * 100_000, "<tool_call>{'a':" * 20_000, "<tool_call>" + "9" * 10_000]
)
def test_deep_and_huge_texts_are_a_problem(text: str) -> None:
    """Nesting and numbers beyond Python's limits are told as a problem."""
    assert parse_calls(text).problem


@pytest.mark.parametrize("family", ["hermes", "smollm", "llama"])
@given(
    calls=st.lists(CALLS.filter(lambda call: "tool_call>" not in json.dumps(call.arguments)), min_size=1, max_size=3)
)
def test_written_calls_are_read_back(family: Family, calls: list[ToolCall]) -> None:
    """What a family's writer writes, the reader reads, several calls and any JSON arguments included."""
    text = write_calls(calls, family)
    if "```" in text:
        return
    assert parse_calls(text).calls == tuple(calls)


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "open", "arguments": {"address": "r1"}}\n</tool_call>',
        '<tool_call>[{"name": "open", "arguments": {"address": "r1"}}]</tool_call>',
        'I will look.\n<tool_call>\n{"name": "open", "arguments": {"address": "r1"}}',
        "<tool_call>{'name': 'open', 'arguments': {'address': 'r1'}}</tool_call>",
        '<tool_call>{"name": "open", "arguments": {"address": "r1",},}</tool_call>',
        '<tool_call>\n```json\n{"name": "open", "arguments": {"address": "r1"}}\n```\n</tool_call>',
        '```json\n{"name": "open", "parameters": {"address": "r1"}}\n```',
        '<|python_tag|>{"name": "open", "parameters": {"address": "r1"}}',
        '{"function": {"name": "open", "arguments": "{\\"address\\": \\"r1\\"}"}, "parameters": {}}',
        '<tool_call>[[{"name": "open", "arguments": {"address": "r1"}}]]</tool_call>',
    ],
)
def test_careless_spellings_are_understood(text: str) -> None:
    """Quotes, commas, fences, a missing closing tag and foreign families do not hide a call."""
    assert parse_calls(text).calls == (ToolCall("open", {"address": "r1"}),)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("<tool_call></tool_call>", "empty"),
        ("<tool_call>open r1</tool_call>", "not valid JSON"),
        ('<tool_call>{"arguments": {}}</tool_call>', 'no "name"'),
        ('<tool_call>{"name": "open", "arguments": [1]}</tool_call>', "must be an object"),
        ('<tool_call>{"name": "open", "arguments": {"x": NaN}}</tool_call>', "NaN"),
        ("<tool_call>7</tool_call>", "must be an object"),
    ],
)
def test_a_broken_call_says_what_is_wrong(text: str, part: str) -> None:
    """A broken call yields its reason and no call."""
    parsed = parse_calls(text)
    assert parsed.calls == ()
    assert part in (parsed.problem or "")


def test_plain_text_is_no_call() -> None:
    """Prose and JSON that is no call are neither calls nor problems."""
    for text in ["", "Layer 17 looks odd.", '{"layer": 17}', "[1, 2]", 'see "name": x']:
        assert parse_calls(text) == Parsed()
