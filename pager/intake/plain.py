"""Any Python value as a plain one: dict with str keys, list, str, int, float, bool, None.

Types of packages that may not be there (numpy, torch, pandas, polars, pyarrow, pydantic) are told by their shape.
"""

import dataclasses
import datetime as dt
import decimal
import enum
import traceback
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from pathlib import PurePath
from typing import Any
from uuid import UUID

from ..errors import NotStorable
from ..escape import escape
from ..types import Lazy
from .jsontext import Number, number

SCALARS = frozenset({str, int, float, bool, type(None), Number})


def to_plain(value: object) -> Any:
    """The plain value of any Python value, at any depth; raises NotStorable for one that contains itself."""
    root: list[Any] = []
    stack = [_Frame(root.append, iter((("", value),)), None, "")]
    inside: set[int] = set()
    while stack:
        frame = stack[-1]
        entry = next(frame.entries, None)
        if entry is None:
            inside.discard(frame.identity or 0)
            stack.pop()
            continue
        key, child = entry
        opened = _open(child, frame.put if frame.key is None else frame.member(key), inside, key, stack)
        if opened is not None:
            stack.append(opened)
    return root[0]


@dataclasses.dataclass(slots=True)
class _Frame:
    """A container being filled: `entries` are its (key, child) pairs still to come."""

    put: Callable[[Any], None]
    entries: Iterator[tuple[Any, Any]]
    identity: int | None
    label: str
    key: str | None = None
    target: dict[str, Any] | None = None

    def member(self, key: Any) -> Callable[[Any], None]:
        target = self.target
        assert target is not None
        name = _free_key(key, target)
        target[name] = None
        return lambda plain: target.__setitem__(name, plain)


def _open(child: Any, put: Callable[[Any], None], inside: set[int], key: Any, stack: list[_Frame]) -> _Frame | None:
    """Put a plain child in its place; a container comes back as a frame still to be filled."""
    value = child
    for _ in range(100):
        if type(value) in SCALARS:
            put(value)
            return None
        if type(value) in (dict, list):
            break
        simple = _attempt(_simplify, value)
        if simple is value:
            break
        value = simple
    if isinstance(value, (dict, list)):
        return _frame(value, child, put, inside, key, stack)
    put(str(_attempt(repr, value)))
    return None


def _attempt(step: Callable[[Any], Any], value: Any) -> Any:
    """What a step makes of a value; where the value's own code fails, a word on that in its place."""
    try:
        return step(value)
    except Exception as error:  # noqa: BLE001  a foreign type's own code: one bad part must not lose the result
        return f"<{type(value).__name__} that cannot be read: {type(error).__name__}: {error}>"


def _frame(
    value: dict[Any, Any] | list[Any], child: Any, put: Callable[[Any], None], inside: set[int], key: Any,
    stack: list[_Frame],
) -> _Frame | None:  # fmt: skip
    if isinstance(value, list) and set(map(type, value)) <= SCALARS:
        put(list(value))
        return None
    if isinstance(value, dict) and set(map(type, value)) == {str} and set(map(type, value.values())) <= SCALARS:
        put(dict(value))
        return None
    if id(child) in inside:
        where = "/".join(frame.label for frame in stack[1:]) or "its root"
        raise NotStorable(f"the value contains itself: {key!r} under {where} leads back up; put a copy without it")
    inside.add(id(child))
    if isinstance(value, dict):
        members: dict[str, Any] = {}
        put(members)
        return _Frame(put, iter(list(value.items())), id(child), str(key), "", members)
    elements: list[Any] = []
    put(elements)
    return _Frame(elements.append, iter([(index, item) for index, item in enumerate(value)]), id(child), str(key))


def _free_key(key: Any, taken: Mapping[str, Any]) -> str:
    """A key as text; two keys with the same text stay two."""
    name = key_text(key)
    if name not in taken:
        return name
    name = f"{name} ({type(key).__name__})"
    while name in taken:
        name += "'"
    return name


def key_text(key: Any) -> str:
    """How a mapping's key is written: JSON's words for None and booleans, str for the rest."""
    if type(key) is str:
        return str(key)
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, enum.Enum):
        return key_text(key.value)
    return str(_attempt(str, key))


def _simplify(value: Any) -> Any:
    """One step towards a plain value: an equal thing of a simpler type, or the value itself when there is none."""
    if type(value).__name__ in _MISSING:
        return None
    for types_, simplify in _BUILTIN:
        if isinstance(value, types_):
            return simplify(value)
    for attribute, foreign in _FOREIGN:
        if hasattr(type(value), attribute):
            return foreign(value)
    if hasattr(value, "__dict__") and not _has_repr(value) and not callable(value):
        return {"type": type(value).__qualname__, **vars(value)}
    return value


def _has_repr(value: Any) -> bool:
    own: Any = type(value).__repr__
    return own is not object.__repr__


def _exception(error: BaseException) -> dict[str, Any]:
    lines = "".join(traceback.format_exception(error, chain=True))
    return {"type": type(error).__qualname__, "message": str(error), "traceback": lines}


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}


def _sorted(value: Iterable[Any]) -> list[Any]:
    return sorted(
        value, key=lambda item: (type(item).__name__, item if isinstance(item, (int, float)) else 0, repr(item))
    )


def _bytes(value: Any) -> str:
    data = bytes(value)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return escape(data)


def _decimal(value: decimal.Decimal) -> Any:
    return number(f"{value:f}") if value.is_finite() and abs(value.adjusted()) < 300 else str(value)


def _tuple(value: tuple[Any, ...]) -> Any:
    return value._asdict() if hasattr(value, "_asdict") else list(value)


def _frame_records(value: Any) -> Any:
    """A pandas DataFrame as records; a named or non-default index becomes columns."""
    default = type(value.index).__name__ == "RangeIndex"
    return (value if default else value.reset_index()).to_dict("records")


def _pandas(value: Any) -> Any:
    """A DataFrame as records; a Series as its values, or as records where its index says something."""
    if hasattr(value, "columns"):
        return _frame_records(value)
    if type(value.index).__name__ == "RangeIndex":
        return value.tolist()
    return _frame_records(value.rename("value" if value.name is None else value.name).to_frame())


def _torch(value: Any) -> Any:
    if value.is_meta:
        return f"{value.dtype} of shape {list(value.shape)}, without data"
    dense = value.detach().to_dense() if value.is_sparse else value.detach()
    dense = dense.cpu()
    return (dense.float() if str(dense.dtype) == "torch.bfloat16" else dense).tolist()


def _listed(value: Any) -> Any:
    """A structured array as records; numbers of a type that Python has none for as floats."""
    plain = value.tolist()
    names = getattr(getattr(value, "dtype", None), "names", None)
    if names:
        return [dict(zip(names, row, strict=True)) for row in plain] if isinstance(plain, list) else plain
    return float(value) if plain is value or type(plain) is type(value) else plain


def _pydantic(value: Any) -> dict[str, Any]:
    return {**{name: getattr(value, name) for name in type(value).model_fields}, **(value.model_extra or {})}


_BUILTIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: value.value),
    (bool, bool),
    (int, int),
    (float, float),
    (str, str.__str__),
    (dict, dict),
    (list, list),
    (tuple, _tuple),
    (type(None), lambda value: value),
    ((set, frozenset, Set), _sorted),
    (Mapping, dict),
    ((bytes, bytearray, memoryview), _bytes),
    ((dt.datetime, dt.date, dt.time), lambda value: value.isoformat()),
    (Lazy, lambda value: {"about": dict(value.about), "children": list(value.keys)}),
    ((dt.timedelta, PurePath, UUID, complex, type, types.ModuleType), str),
    (decimal.Decimal, _decimal),
    (BaseException, _exception),
)
_MISSING = ("NaTType", "NAType")  # what pandas has in the place of a missing time or value
_FOREIGN: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("__dataclass_fields__", _fields),
    ("model_fields", _pydantic),
    ("to_dicts", lambda value: value.to_dicts()),
    ("to_pylist", lambda value: value.to_pylist()),
    ("as_py", lambda value: value.as_py()),
    ("collect_schema", lambda value: value.collect()),
    ("iloc", _pandas),
    ("is_sparse", _torch),
    ("tolist", _listed),
    ("isoformat", lambda value: value.isoformat()),
    ("to_list", lambda value: value.to_list()),
    ("__iter__", list),
)
