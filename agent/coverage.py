"""What an investigation did not look at: worked out from its events and its results, never by the model."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pager import Node, Pager, PagerError, root_of

from .events import Event
from .messages import ToolSpec

_BRANCHES = ("mapping", "lazy")
_LOOKED = ("new", "view", "repeat")
_NAMED = 12
_LONGEST_AXIS = 10_000


@dataclass(frozen=True, slots=True)
class Unopened:
    """The parts of one result that were never opened, and how many it has."""

    result: str
    parts: tuple[str, ...]
    of: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """Tools never called; by axis (layer) the places never asked for nor opened; parts of results never opened."""

    tools: tuple[str, ...] = ()
    axes: Mapping[str, tuple[int, ...]] | None = None
    results: tuple[Unopened, ...] = ()

    def lines(self) -> list[str]:
        """In words, a line each; none where everything was looked at."""
        found = [f"tools never called: {', '.join(self.tools)}"] if self.tools else []
        found += [f"{axis}s never opened: {ranges(places)}" for axis, places in (self.axes or {}).items() if places]
        for one in self.results:
            more = f" and {len(one.parts) - _NAMED} more" if len(one.parts) > _NAMED else ""
            found.append(f"{one.result}, parts never opened: {', '.join(one.parts[:_NAMED])}{more} (of {one.of})")
        return found


def axes_of(specs: Iterable[ToolSpec]) -> dict[str, list[int]]:
    """The bounded whole numbers that tools are asked for, first and last: {"layer": [0, 29]}."""
    found: dict[str, list[int]] = {}
    for spec in specs:
        properties = cast("Mapping[str, Mapping[str, Any]]", spec.parameters.get("properties", {}))
        for name, schema in properties.items():
            first, last = schema.get("minimum"), schema.get("maximum")
            if isinstance(first, int) and isinstance(last, int) and last - first < _LONGEST_AXIS:
                found.setdefault(name.removesuffix("_id"), [first, last])
    return found


def unseen(events: Iterable[Event], pager: Pager) -> Unseen:
    """What the run of these events did not look at; nothing for a run that does not say which tools it had."""
    tools: Sequence[str] = ()
    axes: Mapping[str, Sequence[int]] = {}
    looks: list[Mapping[str, Any]] = []
    for event in events:
        if event["event"] == "start":
            start = cast("Mapping[str, Any]", event)
            tools, axes = start.get("tools", ()), start.get("axes", {})
        elif event["event"] == "result" and event["status"] in _LOOKED:
            looks.append(event)
    called = {str(look["name"]) for look in looks}
    opened = [str(look["address"]) for look in looks if look["address"]]
    left = {axis: _left(axis, bounds, looks, opened) for axis, bounds in axes.items()}
    return Unseen(tuple(name for name in tools if name not in called), left, tuple(_unopened(pager, looks, opened)))


def _left(
    axis: str, bounds: Sequence[int], looks: Sequence[Mapping[str, Any]], opened: Sequence[str]
) -> tuple[int, ...]:
    """The places of an axis that no call asked for and no address that was opened lies in."""
    given = [look["arguments"].get(name) for look in looks for name in (axis, f"{axis}_id")]
    places = [place for value in given for place in (value if isinstance(value, list) else [value])]
    asked = {place for place in places if isinstance(place, int)}
    within = re.compile(rf"\b{re.escape(axis)}s?[\[/._](\d+)")
    named = {int(number) for address in opened for number in within.findall(address)}
    return tuple(place for place in range(bounds[0], bounds[1] + 1) if place not in asked | named)


def _unopened(pager: Pager, looks: Sequence[Mapping[str, Any]], opened: Sequence[str]) -> Iterator[Unopened]:
    for result in dict.fromkeys(root_of(address) for address in opened):
        try:
            node = pager.node(result)
            names = _parts(node)
        except PagerError:
            continue
        whole = any(look["address"] == result and look.get("whole", False) for look in looks)
        seen = names if whole and node.kind != "lazy" else []
        left = tuple(name for name in names if name not in seen and not _is_opened(node.address_of(name), opened))
        if left and len(names) > 1:
            yield Unopened(result, left, len(names))


def _parts(node: Node) -> list[str]:
    """The names of a result's parts that have parts of their own; of a lazy one, all, for none is computed to see."""
    if node.kind not in _BRANCHES:
        return []
    keys = node.body.keys(0, _LONGEST_AXIS)
    return [str(key) for key in keys if node.kind == "lazy" or node.child(key).kind != "value"]


def _is_opened(address: str, opened: Sequence[str]) -> bool:
    return any(one == address or one.startswith((f"{address}/", f"{address}[", f"{address}#")) for one in opened)


def ranges(places: Sequence[int]) -> str:
    """Whole numbers in order, neighbours joined.

    >>> ranges([0, 1, 2, 5, 7, 8])
    '0–2, 5, 7–8'
    """
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
