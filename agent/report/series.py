"""What of the results can be drawn: numbers along the layers of a network, and tables of layer by head."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pager import Node, Pager, PagerError

LEAST_LAYERS = 4
MOST_SERIES = 6  # of one result: those in which a layer stands out most
MOST_MAPS = 4
MOST_CELLS = 4096
_DEPTH = 4  # levels of a result that are looked into
_STANDS_OUT = 8.0  # robust standard deviations …
_SIBLINGS = 8  # … among at least so many layers
_FEW = 0.15  # of the layers: where more stand out, none does
_PLACES = frozenset(("position", "dimension", "index", "row", "column", "token", "id"))  # they name, they don't measure
_TOLD_FIRST = 10.0  # a series of a layer that the result itself names comes before others that stand out
_AXES = ("layer", "layer_id", "block")
_HEADS = ("head", "head_id")
_MOST_PARTS = 512  # of a lazy result that are asked for
_READ_BYTES = 30_000_000  # a result larger than this is not drawn

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """One statistic along the layers; `flagged` are the layers that the result names or that stand out by far."""

    address: str
    name: str
    layers: tuple[int, ...]
    values: tuple[float, ...]
    flagged: tuple[int, ...]
    outlying: float


@dataclass(frozen=True, slots=True)
class HeadMap:
    """One statistic by layer and head; None where a head has no number."""

    address: str
    name: str
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    values: tuple[tuple[float | None, ...], ...]
    flagged: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Drawable:
    """What one result has to draw."""

    result: str
    series: tuple[Series, ...]
    maps: tuple[HeadMap, ...]


def drawables(pager: Pager) -> list[Drawable]:
    """The results that have anything to draw; what is lazy and was not computed is left alone."""
    found = [_drawable(pager, result.id) for result in pager.results()]
    return [one for one in found if one is not None and (one.series or one.maps)]


def _drawable(pager: Pager, result: str) -> Drawable | None:
    try:
        value = _value(pager.node(result))
    except PagerError:
        return None
    return read(result, value)


def read(result: str, value: object) -> Drawable:
    """What of a result's value can be drawn."""
    alarms = list(_alarms(value))
    series: list[Series] = []
    maps: list[HeadMap] = []
    for address, rows in _tables(result, value, _DEPTH):
        axis = _axis(rows, _AXES)
        heads = _axis(rows, _HEADS)
        if axis and heads and _is_unique(rows, (axis, heads)):
            maps += _maps(address, rows, axis, heads)
        elif axis:
            series += _series(address, rows, axis, alarms)
    series.sort(key=lambda one: -one.outlying)
    return Drawable(result, tuple(series[:MOST_SERIES]), tuple(maps[:MOST_MAPS]))


def _value(node: Node) -> object:
    """A result's value; of a lazy one, a row for each layer that was computed."""
    if node.kind == "lazy":
        return [row for row in _computed_rows(node) if row is not None]
    if node.kind not in ("table", "mapping", "list") or (node.size_bytes or 0) > _READ_BYTES:
        return None
    return node.value()


def _computed_rows(node: Node) -> Iterator[Row | None]:
    computed = getattr(node.body, "computed", lambda key: None)
    for key in node.body.keys(0, _MOST_PARTS):
        found = re.search(r"(\d+)$", str(key))
        if found and computed(str(key)) is not None:
            value = node.child(key).value()
            yield {"layer": int(found[1]), **_flat(value)} if isinstance(value, Mapping) else None


def _flat(value: Row) -> Row:
    """The numbers of a mapping, and of the mappings right below it."""
    inner = (
        (f"{key} {name}", each) for key, one in value.items() if isinstance(one, Mapping) for name, each in one.items()
    )
    own = ((key, one) for key, one in value.items() if key != "layer")
    return {str(key): one for key, one in (*own, *inner) if _number(one) is not None}


def _tables(address: str, value: object, depth: int) -> Iterator[tuple[str, list[Row]]]:
    """The lists of rows in a value, with their addresses; a list of modules by layer is one of rows as well."""
    if depth == 0:
        return
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _tables(f"{address}/{key}", one, depth - 1)
    elif isinstance(value, list) and len(value) >= LEAST_LAYERS and all(isinstance(one, Mapping) for one in value):
        by_module = all(one and all(isinstance(each, Mapping) for each in one.values()) for one in value)
        yield address, list(_modules(value)) if by_module else value


def _modules(layers: Sequence[Mapping[str, Row]]) -> Iterator[Row]:
    for layer, modules in enumerate(layers):
        yield from ({"layer": layer, "module": name, **row} for name, row in modules.items())


def _axis(rows: Sequence[Row], names: Sequence[str]) -> str | None:
    return next((name for name in names if all(_is_place(row.get(name)) for row in rows)), None)


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_unique(rows: Sequence[Row], names: Sequence[str]) -> bool:
    return len({tuple(row[name] for name in names) for row in rows}) == len(rows)


def _series(address: str, rows: Sequence[Row], axis: str, alarms: Sequence[Row]) -> Iterator[Series]:
    """A series for each numeric column and module that has one number a layer."""
    label = next((name for name in ("module", "component", "name") if isinstance(rows[0].get(name), str)), None)
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    labels = {str(row.get(label)) for row in rows} if label else set()
    for row in rows:
        groups[str(row.get(label)) if label and len(labels) < len(rows) else ""].append(row)
    for module, group in groups.items():
        if len(group) < LEAST_LAYERS or not _is_unique(group, (axis,)):
            continue
        for column in [name for name in group[0] if name not in (axis, label) and not _is_name(name)]:
            points = [(row[axis], _number(row.get(column))) for row in group]
            known = sorted((layer, value) for layer, value in points if value is not None)
            if len(known) >= LEAST_LAYERS and len({value for _, value in known}) > 1:
                yield _one(address, f"{module} {column}".strip(), known, _named(alarms, module))


def _is_name(column: str) -> bool:
    return column.rpartition(" ")[2] in _PLACES


def _one(address: str, name: str, points: Sequence[tuple[int, float]], named: set[int]) -> Series:
    layers, values = tuple(layer for layer, _ in points), tuple(value for _, value in points)
    scores = robust_scores(values)
    standing = {layer for layer, score in zip(layers, scores, strict=True) if score >= _STANDS_OUT}
    if len(values) < _SIBLINGS or len(standing) > _FEW * len(values):  # too few to compare, or a trend
        standing = set()
    flagged = tuple(layer for layer in layers if layer in named | standing)
    told = [score for layer, score in zip(layers, scores, strict=True) if layer in named]
    outlying = max(scores) + _TOLD_FIRST * max(told, default=0.0)
    return Series(address, name, layers, values, flagged, outlying)


def robust_scores(values: Sequence[float]) -> list[float]:
    """Each value's distance from the median in robust standard deviations (1.4826 times the median distance).

    >>> [round(score) for score in robust_scores([1.0, 2.0, 3.0, 4.0, 100.0])]
    [1, 1, 0, 1, 65]
    """
    middle = median(values)
    away = [abs(value - middle) for value in values]
    scale = 1.4826 * median(away) or max(away) / 3 or 1.0
    return [one / scale for one in away]


def _maps(address: str, rows: Sequence[Row], axis: str, heads: str) -> Iterator[HeadMap]:
    layers, numbers = (tuple(sorted({row[name] for row in rows})) for name in (axis, heads))
    if len(layers) * len(numbers) > MOST_CELLS:
        return
    for column in [name for name in rows[0] if name not in (axis, heads)]:
        found = {(row[axis], row[heads]): _number(row.get(column)) for row in rows}
        known = {place: value for place, value in found.items() if value is not None}
        if len(known) < LEAST_LAYERS or len(set(known.values())) < 2:
            continue
        scores = zip(known, robust_scores(list(known.values())), strict=True)
        flagged = tuple(place for place, score in scores if score >= _STANDS_OUT)
        cells = tuple(tuple(found.get((layer, head)) for head in numbers) for layer in layers)
        yield HeadMap(address, column, layers, numbers, cells, flagged)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _alarms(value: object) -> Iterator[Row]:
    """The rows in which a scan names what stands out."""
    found = value.get("anomalies") if isinstance(value, Mapping) else None
    if isinstance(found, list):
        yield from (row for row in found if isinstance(row, Mapping) and _is_place(row.get("layer")))


def _named(alarms: Iterable[Row], module: str) -> set[int]:
    return {row["layer"] for row in alarms if not module or str(row.get("module", "")).endswith(module)}
