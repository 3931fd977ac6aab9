"""The tools and prompts of all servers under names that tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .message import Fields
from .upstream import Upstream

PREFIX = "toolpager_"


@dataclass(frozen=True, slots=True)
class Entry:
    """One tool or prompt: the name it goes by, its own, and whose it is."""

    name: str
    own: str
    owner: Upstream
    fields: Fields


def catalogue(listed: Sequence[tuple[Upstream, Fields]]) -> dict[str, Entry]:
    """By name; where two servers share one, both go by their server's name and theirs."""
    names = Counter(str(fields.get("name")) for _, fields in listed)
    found: dict[str, Entry] = {}
    for owner, fields in listed:
        own = str(fields.get("name"))
        name = own if names[own] == 1 else f"{owner.name}_{own}"
        found[name] = Entry(name, own, owner, {**fields, "name": name})
    return found


def verb_names(verbs: Sequence[str], taken: dict[str, Entry]) -> dict[str, str]:
    """The names our own tools go by: their own, or prefixed where a server has that name."""
    return {verb: f"{PREFIX}{verb}" if verb in taken else verb for verb in verbs}
