"""Breadth before depth: until something was seen as a whole, no call may be narrowed to one place of it.

A place is a whole number with both bounds in a tool's schema, such as a layer. Only the choice of the next call is
narrowed; the schemas in the prompt stay, and with them its prefix.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from .ledger import CallRecord
from .messages import ToolSpec


def places_of(spec: ToolSpec) -> list[str]:
    """The parameters of a tool that name a place."""
    properties = cast("Mapping[str, Mapping[str, Any]]", spec.parameters.get("properties", {}))
    return [
        name
        for name, schema in properties.items()
        if isinstance(schema.get("minimum"), int) and isinstance(schema.get("maximum"), int)
    ]


def broad(specs: Iterable[ToolSpec], made: Sequence[CallRecord], question: str) -> list[ToolSpec]:
    """The tools as they may be called now: all, or while nothing was seen as a whole, without places.

    What could be narrowed and was not has been seen as a whole; a list of what there is shows nothing of it. A question
    that names a place may begin there. Where every tool needs a place, all may be called.
    """
    specs = list(specs)
    of = {spec.name: places_of(spec) for spec in specs}
    if _has_seen_a_whole(specs, made, of) or _names_a_place(
        question, {name for names in of.values() for name in names}
    ):
        return specs
    wide = [_without(spec, of[spec.name]) for spec in specs if not _needed(spec) & set(of[spec.name])]
    return wide or specs


def _has_seen_a_whole(specs: Iterable[ToolSpec], made: Sequence[CallRecord], of: Mapping[str, Sequence[str]]) -> bool:
    telling = {spec.name for spec in specs if set(of[spec.name]) - _needed(spec)} or set(of)
    return any(
        one.status == "new" and one.call.name in telling and not set(of[one.call.name]) & set(one.call.arguments)
        for one in made
    )


def _names_a_place(question: str, places: Iterable[str]) -> bool:
    words = "|".join(re.escape(name.removesuffix("_id")) for name in places)
    return bool(words) and re.search(rf"\b(?:{words})s?\W{{0,3}}\d", question, re.IGNORECASE) is not None


def _needed(spec: ToolSpec) -> set[str]:
    return set(cast("Sequence[str]", spec.parameters.get("required", ())))


def _without(spec: ToolSpec, places: Sequence[str]) -> ToolSpec:
    properties = cast("Mapping[str, object]", spec.parameters.get("properties", {}))
    kept = {name: schema for name, schema in properties.items() if name not in places}
    return replace(spec, parameters={**spec.parameters, "properties": kept})
