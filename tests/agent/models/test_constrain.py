"""Constrained decoding: what comes is a valid call or text, whatever the model would like to say."""

import random

import jsonschema
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import BadTool
from agent.messages import Choice, ToolCall, ToolSpec
from agent.models.constrain import Grammars, bounded
from agent.models.encoder import Encoder
from agent.models.formats import Family, parse_calls
from agent.typed import misfit

SCALARS = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "enum": ["a b", 'q"uote', "r1"]},
        {"type": "string", "minLength": 2, "maxLength": 5},
        {"type": "integer"},
        {"type": "integer", "minimum": 0, "maximum": 30},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
    ]
)
VALUES = SCALARS | st.builds(lambda items: {"type": "array", "items": items, "maxItems": 3}, SCALARS)

OPEN = ToolSpec("open", "d", {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})


@st.composite
def tools(draw: st.DrawFn) -> ToolSpec:
    """A tool with a few required and optional arguments."""
    properties = draw(st.dictionaries(st.sampled_from(["address", "layer_id", "n", "x y"]), VALUES, max_size=3))
    required = [name for name in properties if draw(st.booleans())]
    name = draw(st.sampled_from(["open", "get_layer_list", "zahl_ü"]))
    return ToolSpec(name, "d", {"type": "object", "properties": properties, "required": required})


def wild(grammars: Grammars, choice: Choice, *, room: int, seed: int) -> tuple[list[int], bool]:
    """What a model with random wishes says under the grammar, and whether it is complete."""
    generator = torch.Generator().manual_seed(seed)
    picker = grammars.picker(choice, max_new_tokens=room)
    said: list[int] = []
    while len(said) < room and not picker.done:
        said += picker.pick(torch.randn(grammars._tokenizer.vocab_size, generator=generator), room=room - len(said))
    return said, picker.complete


@pytest.fixture(scope="module", params=[("hermes", True), ("hermes", False), ("smollm", False), ("llama", False)])
def speaker(request: pytest.FixtureRequest, make_tokenizer: object) -> tuple[Grammars, object, Family]:
    """The grammars of one family, <tool_call> being one token or spelled out."""
    family, tags = request.param
    tokenizer = make_tokenizer(tags=tags)  # type: ignore[operator]
    ends = [tokenizer.eos_token_id]
    return (
        Grammars(Encoder(tokenizer, "t"), family=family, vocabulary=len(tokenizer) + 7, end_tokens=ends),
        tokenizer,
        family,
    )


@settings(max_examples=40, deadline=None)
@given(spec=tools(), other=tools(), seed=st.integers(0, 999))
def test_a_due_call_always_comes_whole_and_valid(
    speaker: tuple[Grammars, object, Family], spec: ToolSpec, other: ToolSpec, seed: int
) -> None:
    """Random wishes still give one call of one of the tools, valid against its schema, within the limit."""
    grammars, tokenizer, _ = speaker
    choice = Choice((spec, other), text=False)
    said, complete = wild(grammars, choice, room=300, seed=seed)
    text = tokenizer.decode(said)  # type: ignore[attr-defined]
    parsed = parse_calls(text)
    assert (complete, parsed.problem, len(parsed.calls)) == (True, None, 1), text
    fitting = [tool for tool in choice.tools if tool.name == parsed.calls[0].name and valid(tool, parsed.calls[0])]
    assert fitting, text


def valid(tool: ToolSpec, call: ToolCall) -> bool:
    """Whether the arguments fit the tool's schema."""
    return bool(jsonschema.Draft202012Validator(dict(tool.parameters)).is_valid(dict(call.arguments)))


TYPED = {
    "type": "object",
    "properties": {
        "layers": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 29}},
        "why": {"type": "string"},
        "kind": {"enum": ["zero", "scaled", "nan"]},
        "place": {"type": "object", "properties": {"head": {"type": ["integer", "null"]}}, "required": ["head"]},
    },
    "required": ["layers", "why", "kind", "place"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("seed", range(6))
def test_an_answer_under_a_schema_is_json_that_fits(speaker: tuple[Grammars, object, Family], seed: int) -> None:
    """Random wishes still give a whole answer within the limit, whatever form the model's calls have."""
    grammars, tokenizer, _ = speaker
    said, complete = wild(grammars, Choice((), text=True, schema=TYPED), room=400, seed=seed)
    text = tokenizer.decode(said)  # type: ignore[attr-defined]
    assert complete, text
    assert misfit(text, TYPED) is None


def test_either_gives_text_or_a_whole_call(speaker: tuple[Grammars, object, Family]) -> None:
    """With text allowed too, what comes is text without a call, or ends in a valid one, or is known to be cut."""
    grammars, tokenizer, _ = speaker
    spec = ToolSpec("open", "d", {"type": "object", "properties": {"address": {"type": "string"}}})
    for seed in range(25):
        said, complete = wild(grammars, Choice((spec,), text=True), room=random.Random(seed).randint(1, 120), seed=seed)
        parsed = parse_calls(tokenizer.decode(said))  # type: ignore[attr-defined]
        assert not complete or parsed.problem is None


def test_text_alone_holds_no_marker_and_no_call(speaker: tuple[Grammars, object, Family]) -> None:
    """Where no call is wanted none comes, and no special token but the end."""
    grammars, tokenizer, family = speaker
    for seed in range(10):
        said, _ = wild(grammars, Choice((), text=True), room=60, seed=seed)
        special = {id for id in tokenizer.all_special_ids if id != tokenizer.eos_token_id}  # type: ignore[attr-defined]
        assert not special & set(said)
        assert family == "llama" or "<tool_call>" not in tokenizer.decode(said)  # type: ignore[attr-defined]


@pytest.mark.parametrize("choice", [Choice((), text=True), Choice((OPEN,), text=False)])
def test_a_reply_that_goes_in_circles_is_closed(speaker: tuple[Grammars, object, Family], choice: Choice) -> None:
    """A model that would say the same for ever ends soon, its text as text and its call as a whole call."""
    grammars, tokenizer, _ = speaker
    loop: list[int] = tokenizer.encode(" 120:140")  # type: ignore[attr-defined]
    picker = grammars.picker(choice, max_new_tokens=400)
    said: list[int] = []
    while len(said) < 400 and not picker.done:
        logits = torch.zeros(grammars._tokenizer.vocab_size)
        logits[loop[len(said) % len(loop)]] = 9.0
        logits[loop] += 1.0
        said += picker.pick(logits, room=400 - len(said))
    assert picker.complete
    assert len(said) < 150, tokenizer.decode(said)  # type: ignore[attr-defined]


def test_a_schema_without_a_grammar_is_named(speaker: tuple[Grammars, object, Family]) -> None:
    """A schema that nothing can satisfy is an error that names the tool."""
    spec = ToolSpec("broken_tool", "d", {"type": "object", "properties": {"a": {"type": "strange"}}, "required": ["a"]})
    with pytest.raises(BadTool, match="broken_tool"):
        speaker[0].picker(Choice((spec,), text=False), max_new_tokens=50)


def test_every_open_string_and_integer_gets_a_bound() -> None:
    """Bounds are added where there are none and left alone elsewhere."""
    schema = {
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "string", "enum": ["x"]},
            "c": {"items": {"type": "integer"}},
        }
    }
    got = bounded(schema, 64)["properties"]
    assert got["a"] == {"type": "string", "maxLength": 64}
    assert got["b"] == {"type": "string", "enum": ["x"]}
    assert got["c"]["items"] == {"type": "integer", "minimum": -(10**12), "maximum": 10**12}
