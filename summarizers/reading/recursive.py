"""A tree that repeats one key at every level (dependencies, children): how many, how deep, who disagrees."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pager import join

from .. import wording
from ..fact import Fact

_MOST_ENTRIES = 200_000


@dataclass(slots=True)
class _Branching:
    names: Counter[str] = field(default_factory=Counter)
    said: dict[tuple[str, str], dict[object, str]] = field(default_factory=lambda: defaultdict(dict))
    deepest: int = 0


def recursive_facts(value: Mapping[str, Any], address: str, key: str, weight: float) -> Iterator[Fact]:
    """Facts of a mapping whose entries hold, under the mapping's own key, mappings like it; none where they don't."""
    if not key or not any(isinstance(child, dict) and isinstance(child.get(key), dict) for child in value.values()):
        return
    seen = _Branching()
    below = {name: _gather(child, key, seen, join(address, name), 1, name) for name, child in value.items()}
    total = sum(below.values())
    group = f"{key} at all levels:"
    yield Fact(f"{group} {total} entries", address, 0.9 * weight, "count", group)
    yield Fact(f"{group} {len(seen.names)} distinct names", address, 1.0 * weight, "count", group)
    yield Fact(f"{group} {seen.deepest} levels deep", address, 0.8 * weight, "count", group)
    largest = max(below, key=lambda name: below[name])
    text = f"{group} most under {wording.name(largest)}: {below[largest] - 1}"
    yield Fact(text, join(address, largest), 1.0 * weight, "extreme", group)
    name, count = seen.names.most_common(1)[0]
    if count > 1:
        yield Fact(f"{group} most often {wording.name(name)} {count}", address, 0.6 * weight, "top", group)
    yield from _disagreements(seen, weight)


def _gather(entry: Any, key: str, seen: _Branching, address: str, depth: int, name: str) -> int:
    """How many entries the branch holds, itself included; what they say is noted in `seen`."""
    todo = [(entry, address, depth, name)]
    count = 0
    while todo and count < _MOST_ENTRIES:
        entry, address, depth, name = todo.pop()
        count += 1
        seen.names[name] += 1
        seen.deepest = max(seen.deepest, depth)
        if not isinstance(entry, dict):
            continue
        for field_name, said in entry.items():
            if isinstance(said, str) and len(said) < 60:
                seen.said[name, field_name].setdefault(said, address)
        children = entry.get(key)
        if isinstance(children, dict):
            for child_name, child in children.items():
                todo.append((child, join(address, key, child_name), depth + 1, child_name))
    return count


def _disagreements(seen: _Branching, weight: float) -> Iterator[Fact]:
    """Entries of one name that say different things: a package in two versions."""
    several = [(names, said) for names, said in seen.said.items() if len(said) > 1]
    if len(several) > 12:
        several = sorted(several, key=lambda pair: (-len(pair[1]), pair[0]))[:12]
    for (name, field_name), said in several:
        values = ", ".join(wording.name(value) for value in list(said)[:4])
        text = f"{wording.name(name)} in {len(said)} {field_name}s: {values}"
        yield Fact(text, list(said.values())[-1], 1.0 * weight, "odd", "")
