"""Which kind a plain value is."""

import math
from typing import Any

from .types import Kind

LONG = 200
INT64 = 1 << 63
MAX_AXES = 16


def kind_of(value: Any) -> Kind:
    """The kind of a plain value.

    >>> kind_of([{"a": 1}]), kind_of([[1, 2], [3, 4]]), kind_of({}), kind_of("x")
    ('table', 'array', 'mapping', 'value')
    """
    if isinstance(value, dict):
        return "mapping"
    if isinstance(value, list):
        return _kind_of_list(value)
    if isinstance(value, str) and (len(value) > LONG or "\n" in value):
        return "text"
    return "value"


def _kind_of_list(value: list[Any]) -> Kind:
    types = set(map(type, value))
    if types == {dict}:
        return "table"
    return "array" if types and array_shape(value) else "list"


def array_shape(value: list[Any]) -> tuple[int, ...] | None:
    """The shape of nested lists of numbers when they are rectangular, else None."""
    level, shape = value, [len(value)]
    while set(map(type, level)) == {list}:
        lengths = set(map(len, level))
        if len(shape) >= MAX_AXES or len(lengths) != 1 or math.prod(shape) * (length := lengths.pop()) == 0:
            return None
        shape.append(length)
        level = [item for row in level for item in row]
    types = set(map(type, level))
    if not types or not types <= {int, float}:
        return None
    whole = [item for item in level if type(item) is int] if int in types else []
    return tuple(shape) if not whole or (min(whole) >= -INT64 and max(whole) < INT64) else None


def unit_of(kind: Kind) -> str:
    """What `len` of a node of this kind counts."""
    return {
        "table": "rows", "mapping": "keys", "list": "items", "array": "elements", "bytes": "bytes", "lazy": "children",
    }.get(kind, "lines")  # fmt: skip
