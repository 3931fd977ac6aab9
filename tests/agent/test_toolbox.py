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
        ({"layer_id": "3"}, "layer_id must be of type integer"),
        ({"layer_id": True}, "layer_id must be of type integer"),
        ({"layer_id": 3, "part": "norm"}, "must be one of mlp, attention"),
        ({"layer_id": 3, "names": "a"}, "names must be of type array"),
    ],
)
def test_arguments_that_do_not_fit_are_told(arguments: dict[str, object], told: str) -> None:
    """The error names the argument and what it should be."""
    with pytest.raises(BadArguments, match=told):
        look.run(arguments)


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
