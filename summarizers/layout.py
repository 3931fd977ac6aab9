"""How chosen facts become lines: under the part they are about, grouped, with addresses relative to it."""

from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from .fact import Fact


def lines_of(facts: Sequence[Fact], root: str) -> list[str]:
    """The facts as lines, best first; a part's facts stand under its "shape" fact, facts of one group on one line."""
    heads = sorted({fact.address for fact in facts if fact.topic == "shape" and fact.address != root}, key=len)
    sections: dict[str, list[Fact]] = {root: []}
    for fact in facts:
        home = next((head for head in reversed(heads) if is_within(fact.address, head)), root)
        sections.setdefault(home, []).append(fact)
    ordered = sorted(sections, key=lambda head: (head != root, -_best(sections[head])))
    return [line for head in ordered for line in _section(sections[head], head, root)]


def is_within(address: str, head: str) -> bool:
    """Whether the address is the head's or below it."""
    return address.startswith(head) and address[len(head) : len(head) + 1] in ("", "/", "[", "#")


def relative(fact: Fact, home: str) -> str:
    """What a reader needs to add to `home` to find the fact: "[310]", "files/a.py", or "" where the text says it."""
    if not is_within(fact.address, home):
        return fact.address
    rest = fact.address[len(home) :].lstrip("/")
    name = rest[rest.rfind("/") + 1 :]
    if not rest or ("[" not in name and unquote(name) in fact.text):
        return ""
    return rest


def _best(facts: Iterable[Fact]) -> float:
    return max((fact.salience for fact in facts), default=0.0)


def _section(facts: Sequence[Fact], home: str, root: str) -> list[str]:
    groups: dict[str, list[Fact]] = {}
    for fact in sorted(facts, key=lambda fact: fact.topic != "shape"):
        key = "\0head" if fact.topic == "shape" and fact.address == home else fact.group or "\0" + fact.text
        groups.setdefault(key, []).append(fact)
    lines = [line_of(members, home) for members in groups.values()]
    if home != root and lines:
        lines[0] = f"{home[len(root) :].lstrip('/')}: {lines[0]}"
    return lines


def line_of(facts: Sequence[Fact], home: str) -> str:
    """Facts of one group on one line, each with what a reader adds to `home` to find it."""
    parts = [_with_address(facts[0].text, relative(facts[0], home))]
    said = facts[0]
    for fact in facts[1:]:
        text = fact.text
        if fact.group and said.text.startswith(fact.group) and text.startswith(fact.group):
            text = text[len(fact.group) :].lstrip(" :")
        parts.append(_with_address(text, relative(fact, home)))
    return ", ".join(parts)


def _with_address(text: str, address: str) -> str:
    return f"{text} {address}" if address else text
