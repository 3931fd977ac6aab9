"""Numeric arrays and tensors."""

from __future__ import annotations

from collections.abc import Iterator

from pager import Node

from ..fact import Fact
from ..reading.elements import array_facts


def matches(node: Node) -> bool:
    """Nodes that are numbers all through."""
    return node.kind == "array"


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Facts of all elements, then of the slices along each axis."""
    import numpy as np

    yield from array_facts(np.asarray(node.value()), node.address)
