"""The whole comes before its parts, by what may be called and not by what is said."""

from agent.breadth import broad
from agent.ledger import CallRecord
from agent.messages import ToolCall, ToolSpec

LAYER = {"type": "integer", "minimum": 0, "maximum": 29}


def _spec(name: str, *, layer: bool = False, needed: bool = False) -> ToolSpec:
    schema = {
        "type": "object",
        "properties": {"layer": LAYER} if layer else {},
        "required": ["layer"] if needed else [],
    }
    return ToolSpec(name, name, schema)


SPECS = [_spec("list_layers"), _spec("weights", layer=True), _spec("one_layer", layer=True, needed=True)]


def _made(name: str, status: str = "new", **arguments: object) -> CallRecord:
    return CallRecord(1, ToolCall(name, arguments), status, "r1")  # type: ignore[arg-type]


def _offered(made: list[CallRecord], question: str = "what is wrong?") -> dict[str, bool]:
    """Each tool that may be called, and whether a layer may be named."""
    return {spec.name: "layer" in spec.parameters["properties"] for spec in broad(SPECS, made, question)}  # type: ignore[operator]


def test_before_the_whole_was_seen_no_layer_may_be_named() -> None:
    """A list of what there is shows nothing of it, and neither does a call that failed."""
    narrowed = {"list_layers": False, "weights": False}
    assert _offered([]) == narrowed
    assert _offered([_made("list_layers")]) == narrowed
    assert _offered([_made("weights", "failed")]) == narrowed


def test_after_it_every_tool_may_look_closer() -> None:
    """So it is too where the question names the place."""
    everything = {"list_layers": False, "weights": True, "one_layer": True}
    assert _offered([_made("weights")]) == everything
    assert _offered([], "what is wrong with layer 17?") == everything


def test_where_nothing_can_be_seen_as_a_whole_all_may_be_called() -> None:
    """A toolbox of narrow tools is offered as it is."""
    narrow = [_spec("one_layer", layer=True, needed=True)]
    assert broad(narrow, [], "what is wrong?") == narrow
