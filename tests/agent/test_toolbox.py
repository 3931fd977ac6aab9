"""Tools: a schema from a signature, words from a docstring, and arguments that are checked."""

from collections.abc import Callable
from typing import Literal

import pytest

from agent.errors import BadArguments, BadTool, UnknownTool
from agent.tools import Tool, Toolbox, tool


@tool
def look(
    layer_id: int, part: Literal["mlp", "attention"] = "mlp", names: list[str] | None = None, share: float = 0.5
) -> dict[str, object]:
    """Statistics of one layer,
    with its name.

    What comes after the first paragraph is for people.

    Args:
        layer_id: number of the layer,
            from 0
        part: which half
    """
    return {"layer": layer_id, "part": part, "names": names, "share": share}


def test_the_schema_follows_the_signature() -> None:
    """Types, choices, optional arguments and descriptions are those of the function."""
    assert look.name == "look"
    assert look.spec.description == "Statistics of one layer, with its name."
    assert look.spec.parameters == {
        "type": "object",
        "properties": {
            "layer_id": {"type": "integer", "description": "number of the layer, from 0"},
            "part": {"type": "string", "enum": ["mlp", "attention"], "description": "which half"},
            "names": {"type": "array", "items": {"type": "string"}},
            "share": {"type": "number"},
        },
        "required": ["layer_id"],
    }


def test_a_call_runs_the_function() -> None:
    """Given arguments are passed by name, the others have their defaults."""
    assert look.run({"layer_id": 3, "share": 1}) == {"layer": 3, "part": "mlp", "names": None, "share": 1}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "needs the argument 'layer_id'"),
        ({"layer": 3}, "needs the argument 'layer_id'"),
        ({"layer_id": 3, "head": 1}, "has no argument 'head'; its arguments are: layer_id, part, names, share"),
        ({"layer_id": "3"}, "layer_id: '3' is not of type 'integer'"),
        ({"layer_id": 3.0}, "layer_id: 3.0 is not of type 'integer'"),
        ({"layer_id": True}, "layer_id: True is not of type 'integer'"),
        ({"layer_id": 3, "part": "norm"}, r"part: 'norm' is not one of \['mlp', 'attention'\]"),
        ({"layer_id": 3, "names": "a"}, "names: 'a' is not of type 'array'"),
        ({"layer_id": 3, "names": ["a", 1]}, "names/1: 1 is not of type 'string'"),
        ({"layer_id": 3, "names": "a" * 5000}, "a… is not of type 'array'"),
    ],
)
def test_arguments_that_do_not_fit_are_told(arguments: dict[str, object], told: str) -> None:
    """The error names the argument and what it should be."""
    with pytest.raises(BadArguments, match=told):
        look.run(arguments)


def test_a_bounded_tool_keeps_its_bounds() -> None:
    """What a schema says beyond types is checked too, and what it does not fit is said."""
    bounded = look.bounded(layer_id={"minimum": 0, "maximum": 29})
    assert bounded.run({"layer_id": 29})
    with pytest.raises(BadArguments, match="look: layer_id: 99 is greater than the maximum of 29"):
        bounded.run({"layer_id": 99})
    with pytest.raises(BadArguments, match="look: layer_id: -1 is less than the minimum of 0"):
        bounded.run({"layer_id": -1})


def test_choices_and_unions_keep_all_their_types() -> None:
    """A choice of words and numbers, either of two lists, a pair."""

    @tool
    def pick(one: Literal["a", 1], some: list[int] | str = "all", pair: tuple[int, str] | None = None) -> object:
        """Pick."""
        return one, some, pair

    assert pick.spec.parameters["properties"] == {
        "one": {"type": ["string", "integer"], "enum": ["a", 1]},
        "some": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string"}]},
        "pair": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "minItems": 2,
            "maxItems": 2,
        },
    }
    assert pick.run({"one": 1, "some": [2], "pair": [3, "b"]}) == (1, [2], [3, "b"])
    for wrong in ({"one": "b"}, {"one": 1, "some": ["x"]}, {"one": 1, "pair": ["b", 3]}):
        with pytest.raises(BadArguments, match="pick: "):
            pick.run(wrong)


def test_a_bound_method_is_a_tool() -> None:
    """`self` is no argument."""

    class Subject:
        def count(self, of: str | int) -> int:
            """Count."""
            return len(str(of))

    bound = tool(Subject().count)
    assert bound.run({"of": "four"}) == 4
    assert bound.spec.parameters["properties"] == {"of": {"type": ["string", "integer"]}}


def _untyped(x):  # type: ignore[no-untyped-def]  # the point of the test
    return x


def _starred(*x: int) -> None: ...


def _strange(x: complex) -> None: ...


@pytest.mark.parametrize("function", [_untyped, _starred, _strange])
def test_a_function_no_model_can_call_is_refused(function: Callable[..., object]) -> None:
    """The error names the parameter and the remedy."""
    with pytest.raises(BadTool, match="x"):
        tool(function)


def test_a_toolbox_knows_its_tools() -> None:
    """By name, in order; an unknown one is answered with those there are."""
    box = Toolbox([look])
    assert "look" in box
    assert box["look"] is look
    assert box.specs == (look.spec,)
    with pytest.raises(UnknownTool, match="the tools are: look"):
        box["lok"]
    with pytest.raises(BadTool, match="two tools"):
        Toolbox([look, Tool(look.spec, look.function)])
