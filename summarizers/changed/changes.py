"""A result of a call that was made before: what changed since, with old and new values and their places."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from pager import Node

from .. import wording
from ..fact import Fact
from .difference import Difference, differences, leaves
from .linechange import line_change

_COMPARED_BYTES = 4 << 20  # of each; longer values are compared by length alone
_MOST_DIFFERENCES = 20_000
_MOST_ELEMENTS = 1 << 23
_SHOWN = 6
_HEAD, _FIRST, _STEP = 1.95, 1.7, 0.05  # salience: how much changed, the first of what changed, and each after it
_MANY, _MOST = 5, 0.5  # a field that changed in as many items, and as large a part of them, is told once
_RELATED = 0.3  # of their leaves or lines that results which merely share a name must share to be compared


@dataclass(frozen=True, slots=True)
class Since:
    """Facts about what changed since an earlier result, and which part of both is the same, from 0 to 1."""

    facts: tuple[Fact, ...]
    alike: float


def changes(node: Node) -> Iterator[Fact]:
    """What is different from the result that the same call gave before; nothing for a first result.

    A result put by name alone is compared with the last of that name where they have something in common.
    """
    old = node.previous()
    if old is None:
        return
    since = _since(old, node)
    if node.result.call is not None or since.alike >= _RELATED:
        yield from since.facts


def _since(old: Node, new: Node) -> Since:
    begin = f"since {old.result.id}:"
    if old.kind != new.kind:
        return Since((Fact(f"{begin} now {new.kind}, was {old.kind}", new.address, _HEAD, "change", begin),), 0.0)
    compare = _COMPARISONS.get(new.kind)
    sizes = [old.size_bytes, new.size_bytes]
    if compare is None or (compare is not _arrays and any(size is None or size > _COMPARED_BYTES for size in sizes)):
        return _by_length(old, new, begin)
    try:
        return compare(old, new, begin)
    except (RecursionError, ValueError, OverflowError):  # nested deeper, or a number longer, than can be compared
        return _by_length(old, new, begin)


def _by_length(old: Node, new: Node, begin: str) -> Since:
    if len(old) == len(new):
        return Since((), 0.0)
    text = f"{begin} {len(new)} {new.unit}, were {len(old)}"
    return Since((Fact(text, new.address, _HEAD, "change", begin),), min(len(old), len(new)) / max(len(old), len(new)))


def _values(old: Node, new: Node, begin: str) -> Since:
    """Mappings, lists, tables and scalars, leaf by leaf."""
    before, after = (node.rows() if node.kind == "table" else node.value() for node in (old, new))
    found = list(islice(differences(before, after, old.address, new.address), _MOST_DIFFERENCES))
    if not found:
        return Since((), 1.0)
    whole = max(leaves(before), leaves(after), 1)
    touched = sum(max(leaves(one.old), leaves(one.new)) for one in found)
    told = [Fact(f"{begin} {_counted(found)}", new.address, _HEAD, "change", begin)] if len(found) > 1 else []
    return Since((*told, *_facts(found, _items(after), begin)), max(0.0, 1 - touched / whole))


def _known(old: Node, new: Node, begin: str) -> Since:
    """What is known of lazy results without computing a part."""
    since = _values(old, new, begin)
    return Since(tuple(replace(fact, address=new.address) for fact in since.facts), since.alike)


def _counted(found: Sequence[Difference]) -> str:
    counts = Counter(one.what for one in found)
    more = "over " if len(found) == _MOST_DIFFERENCES else ""
    return ", ".join(f"{more}{counts[what]} {what}" for what in ("changed", "added", "gone") if counts[what])


def _facts(found: Sequence[Difference], items: int, begin: str) -> Iterator[Fact]:
    """Fields that changed all over, once each; then single differences, the furthest moved first."""
    fields = Counter(one.field for one in found if one.what == "changed")
    over = {name for name, count in fields.items() if count >= max(_MANY, _MOST * items)}
    single = [one for one in found if one.what != "changed" or one.field not in over]
    shown = sorted(single, key=lambda one: -one.size)[:_SHOWN]
    for rank, name in enumerate(sorted(over)):
        furthest = max((one for one in found if one.field == name and one.what == "changed"), key=lambda one: one.size)
        text = f"{begin} {wording.name(name or 'values')} changed {fields[name]} times, furthest {_moved(furthest)}"
        yield Fact(text, furthest.address, _FIRST - _STEP * (len(shown) + rank), "change", begin)
    for rank, one in enumerate(shown):
        yield Fact(f"{begin} {_said(one)}", one.holder, _FIRST - _STEP * rank, "change", begin)


def _items(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _said(one: Difference) -> str:
    field = wording.name(one.field) if one.field else ""
    if one.what == "changed":
        return " ".join(filter(None, (field, _moved(one), one.item and f"({one.item})")))
    if one.item and one.address.endswith("]"):
        return f"{one.what} {one.item}"
    value = _value(one.new if one.what == "added" else one.old)
    return " ".join(filter(None, (one.what, field, value, one.item and f"({one.item})")))


def _moved(one: Difference) -> str:
    return f"{_value(one.old)} -> {_value(one.new)}"


def _value(value: object) -> str:
    """A leaf as it is, the beginning of a long one, a branch by its size."""
    if isinstance(value, Mapping | list):
        return f"{len(value)} {'keys' if isinstance(value, Mapping) else 'items'}"
    return wording.excerpt(wording.name(value), at_most=60)


def _arrays(old: Node, new: Node, begin: str) -> Since:
    """Shapes, or elements one by one; NaN is the same as NaN."""
    import numpy as np

    before, after = np.asarray(old.value()), np.asarray(new.value())
    if before.shape != after.shape:
        text = f"{begin} shape {'×'.join(map(str, before.shape))} -> {'×'.join(map(str, after.shape))}"
        return Since((Fact(text, new.address, _HEAD, "change", begin),), 0.0)
    if before.dtype.kind not in "iuf" or after.dtype.kind not in "iuf" or not 0 < after.size <= _MOST_ELEMENTS:
        return Since((), 0.0)
    moved = np.abs(after.astype(np.float64) - before.astype(np.float64))
    differs = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    count = int(differs.sum())
    if not count:
        return Since((), 1.0)
    at = np.unravel_index(int(np.argmax(np.where(differs, np.nan_to_num(moved, nan=np.inf), -1.0))), after.shape)
    place = new.address + "".join(f"[{int(index)}]" for index in at)
    text = f"{begin} {count} of {after.size} elements changed"
    most = f"{begin} most {wording.number(before[at].item())} -> {wording.number(after[at].item())}"
    facts = (Fact(text, new.address, _HEAD, "change", begin), Fact(most, place, _FIRST, "change", begin))
    return Since(facts, 1 - count / after.size)


def _lines(old: Node, new: Node, begin: str) -> Since:
    change = line_change(old, new)
    saliences = [_HEAD, *(_FIRST - _STEP * rank for rank in range(len(change.texts)))]
    told = zip(change.texts, saliences, strict=False)
    facts = [Fact(f"{begin} {text}", address, salience, "change", begin) for (text, address), salience in told]
    return Since(tuple(facts), change.alike)


_COMPARISONS: Mapping[str, Callable[[Node, Node, str], Since]] = {
    "table": _values,
    "mapping": _values,
    "list": _values,
    "value": _values,
    "lazy": _known,
    "array": _arrays,
    "text": _lines,
    "log": _lines,
    "code": _lines,
}
