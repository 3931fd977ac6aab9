"""What is read of a result too large to be read whole: stretches of lines or rows, spread over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pager import Node

READ_WHOLE_BYTES = 64 << 20
"""Logs and tables up to this size are read whole, and all that is said of them is exact."""
_SAMPLED_BYTES = 16 << 20
_STRETCHES = 16
_FIRST = 4  # times the others' length


@dataclass(frozen=True, slots=True)
class Stretch:
    """Adjacent lines or rows as a node of their own, and the number of the first of them."""

    start: int
    node: Node


def is_sampled(node: Node) -> bool:
    """Whether the node is a log or a table too large to be read whole."""
    return node.kind in ("log", "table") and (node.size_bytes or 0) > READ_WHOLE_BYTES


def stretches(node: Node) -> Sequence[Stretch]:
    """The node where it is read whole; else its beginning, its end, and what lies evenly between, 16 MiB in all."""
    if not is_sampled(node):
        return (Stretch(0, node),)
    size = max(1, len(node) * _SAMPLED_BYTES // (node.size_bytes or 1) // (_STRETCHES - 1 + _FIRST))
    return [Stretch(span.start, node.slice(span.start, span.stop)) for span in spread(len(node), size)]


def spread(length: int, size: int) -> Sequence[range]:
    """Up to 16 stretches of so many out of `length`, the first four times as long: the beginning, the end, and between.

    >>> found = spread(1000, 10)
    >>> found[0], found[1], found[-1]
    (range(0, 40), range(108, 118), range(990, 1000))
    """
    begin = _FIRST * size
    gap = max(size, (length - begin - size) // (_STRETCHES - 1))
    later = [length - size - gap * back for back in reversed(range(_STRETCHES - 1))]
    return [range(min(begin, length)), *(range(start, start + size) for start in later if start >= begin)]


def basis(node: Node, parts: Sequence[Stretch]) -> str:
    """How much of a node was read, in its own unit: "1200000 of 36000000 lines, in 16 stretches"."""
    read = sum(len(part.node) for part in parts)
    return f"{read} of {len(node)} {node.unit}, in {len(parts)} stretches"
