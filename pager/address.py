"""Addresses: `r1/features[3]/properties#2` names page 2 of a part of result r1.

Named children are `/key`, numbered items `[i]`, slices `[a:b]`, pages `#k`. In keys `/ # [ ] %`, control
characters and a last space are percent-encoded.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from .errors import UnknownAddress
from .types import Key


@dataclass(frozen=True, slots=True)
class Slice:
    """Items `start` to `stop` (exclusive) of a sequence; None is an open end."""

    start: int | None
    stop: int | None


Step: TypeAlias = str | int | Slice


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address. `page` is None where none was named; `part` is the rest number of a window cut again."""

    result: str
    steps: tuple[Step, ...] = ()
    page: int | None = None
    part: int = 1


_RESERVED = re.compile(r"[/#\[\]%\x00-\x1f\x7f]| \Z")
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_STEP = re.compile(r"/(?P<key>[^/#\[\]]*)|\[(?P<index>-?\d{1,18})\]|\[(?P<start>-?\d{0,18}):(?P<stop>-?\d{0,18})\]")
_HEAD = re.compile(r"[^/#\[\]]+")
_PAGE = re.compile(r"#(?P<page>\d{1,18})(?:\.(?P<part>\d{1,18}))?")


def join(address: str, *keys: Key) -> str:
    """The address of a descendant: str keys are names, int keys are item numbers.

    >>> join("r1", "features", 3, "a/b")
    'r1/features[3]/a%2Fb'
    """
    return address + "".join(format_step(key) for key in keys)


def format_step(step: Step) -> str:
    """One step as it stands in an address."""
    if isinstance(step, str):
        return "/" + _RESERVED.sub(lambda found: f"%{ord(found[0]):02X}", step)
    if isinstance(step, int):
        return f"[{step}]"
    start, stop = ("" if end is None else str(end) for end in (step.start, step.stop))
    return f"[{start}:{stop}]"


def page_address(address: str, page: int, part: int = 1) -> str:
    """The address of a node's page."""
    return f"{address}#{page}" if part == 1 else f"{address}#{page}.{part}"


def root_of(address: str) -> str:
    """The id of the result that an address lies in.

    >>> root_of("r3/layers[17]#2")
    'r3'
    """
    return re.split(r"[/\[#]", address, maxsplit=1)[0]


def without_page(address: str) -> str:
    """The address of the node that a page is of.

    >>> without_page("r3/layers[17]#2")
    'r3/layers[17]'
    """
    return address.partition("#")[0]


def parse_address(text: str) -> Address:
    """The parts of an address; raises UnknownAddress where it is not one."""
    text = text.strip(" \t\r\n")
    head = _HEAD.match(text)
    if head is None:
        raise UnknownAddress(text or "''", "an address starts with a result, such as r1")
    steps: list[Step] = []
    at = head.end()
    while found := _STEP.match(text, at):
        steps.append(_step(found))
        at = found.end()
    page, part = _page(text, at)
    return Address(head[0], tuple(steps), page, part)


def _page(text: str, at: int) -> tuple[int | None, int]:
    if at == len(text):
        return None, 1
    found = _PAGE.fullmatch(text, at)
    if found is None:
        raise UnknownAddress(text, f"{text[at:][:40]!r} is neither /key, [i], [a:b] nor #page", [text[:at]])
    return int(found["page"]), int(found["part"] or 1)


def _step(found: re.Match[str]) -> Step:
    if found["key"] is not None:
        return _ENCODED.sub(lambda code: chr(int(code[1], 16)), found["key"])
    if found["index"] is not None:
        return int(found["index"])
    return Slice(_end(found["start"]), _end(found["stop"]))


def _end(digits: str) -> int | None:
    return int(digits) if digits and digits != "-" else None
