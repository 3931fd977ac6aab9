"""Tracebacks: the exception and its causes, where it was raised, how many frames, the file most of them are in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.lines import ANSI, TEXTUAL, clip, head, listing, plural, stream
from ..reading.passage import quotes
from ..reading.trace import Frame, Raised, frame_of, raised_in

if TYPE_CHECKING:
    from pager import Node

_SEARCHED = 5_000  # lines


def matches(node: Node) -> bool:
    """Whether a stack trace starts near the text's beginning and fills much of it."""
    if node.kind not in TEXTUAL:
        return False
    lines = [line for line in head(node, 200) if line.strip()]
    if not lines:
        return False
    frames = sum(1 for line in lines if frame_of(line))
    starts = any("Traceback (most recent call last)" in line or line.startswith("Caused by: ") for line in lines)
    return frames >= 2 and (frames * 5 >= len(lines) or (starts and frames * 14 >= len(lines)))


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield the chain of exceptions, the innermost frame, and the frames' files."""
    lines = list(enumerate(stream(node, 0, _SEARCHED)))
    chain = raised_in(lines)
    frames = [frame for raised in chain for frame in raised.frames]
    if chain:
        yield from _chain(node, chain)
    else:
        frames = [found[0] for _, line in lines if (found := frame_of(line))]
    yield from _frames(node, frames)
    escapes = sum(len(ANSI.findall(line)) for line in node.lines(0, _SEARCHED) if "\x1b" in line)
    if escapes:
        yield Fact(f"{escapes} ANSI escape sequences (left out here)", node.address, 0.9, "format")
    if focus:
        yield from quotes(node, focus)


def _chain(node: Node, chain: list[Raised]) -> Iterator[Fact]:
    """What reached the reader, then its causes; each with the frame that raised it."""
    last = chain[0] if chain[0].innermost_first else chain[-1]
    ordered = [last, *(raised for raised in chain if raised is not last)]
    for number, raised in enumerate(ordered[:6]):
        word = "" if not number else "cause: " if raised.frames else "also: "
        yield Fact(f"{word}{clip(str(raised), 200)}", node.address_of(raised.index), 2.4 - 0.25 * number, "error")
        if raised.innermost is not None:
            place = f"raised at {_full(raised.innermost)}"
            yield Fact(place, node.address_of(raised.index), 1.9 - 0.25 * number, "place")


def _full(frame: Frame) -> str:
    file = "/".join(frame.file.replace("\\", "/").split("/")[-3:])
    return f"{file}:{frame.line}" + (f", in {frame.function}" if frame.function else "")


def _frames(node: Node, frames: list[Frame]) -> Iterator[Fact]:
    if not frames:
        return
    files = Counter(frame.file.replace("\\", "/").rsplit("/", 1)[-1] for frame in frames)
    yield Fact(f"{plural(len(frames), 'frame')}: {listing(files, 4)}", node.address, 1.5, "top")
    outer = frames[0]
    yield Fact(f"outermost {outer}", node.address, 0.7, "range")
    own = [frame for frame in frames if "site-packages" not in frame.file and "/lib/" not in frame.file]
    if own and len(own) < len(frames):
        yield Fact(f"last own frame {own[-1]}", node.address, 0.9, "place")
