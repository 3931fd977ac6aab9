"""What an agent's calls were about: the distinct values that each tool was given for each argument."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from ..fact import Fact
from .conversation import Called
from .lines import clip

_LONGEST = 60  # characters of a value that names something
_VALUES = 8
_FACTS = 6


def argument_facts(calls: Sequence[tuple[Called, int]], places: Sequence[str]) -> Iterator[Fact]:
    """Yield, for the tools and arguments with most values, `TOOL ARGUMENT: values` in the order of the calls."""
    given: dict[tuple[str, str], dict[str, int]] = {}
    for call, at in calls:
        for name, value in _arguments(call.arguments):
            given.setdefault((call.tool, name), {}).setdefault(value, at)
    told = sorted(given.items(), key=lambda entry: -len(entry[1]))[:_FACTS]
    for rank, ((tool, name), values) in enumerate(told):
        listed = ", ".join(list(values)[:_VALUES])
        more = f", +{len(values) - _VALUES} more" if len(values) > _VALUES else ""
        yield Fact(f"{tool} {name}: {listed}{more}", places[next(iter(values.values()))], 0.8 - 0.06 * rank, "argument")


def _arguments(text: str) -> Iterator[tuple[str, str]]:
    """The short plain values among a call's arguments."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return
    if isinstance(parsed, Mapping):
        for name, value in parsed.items():
            said = value if isinstance(value, str) else json.dumps(value) if isinstance(value, int | float) else ""
            if said and len(said) <= _LONGEST and "\n" not in said:
                yield str(name), clip(said, _LONGEST)
