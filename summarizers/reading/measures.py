"""Facts about a measured column: extremes with the row that holds them, outliers, spread, shifts along an order."""

from collections.abc import Iterator

from .. import wording
from ..fact import Fact
from .columns import Column
from .roles import names_a_coordinate
from .scene import Scene
from .statistics import Spread, outliers_of, rise_of, shift_of, spread_of

_COUNTER = 0.998  # rank correlation with the order of rows


def measure_facts(scene: Scene, column: Column, *, ordered: bool) -> Iterator[Fact]:
    """The column's facts; `ordered`: its rows follow a time, a step, a layer number."""
    if column.numbers is None or (spread := spread_of(column.numbers)) is None:
        return
    if spread.minimum == spread.maximum:
        yield scene.fact(column, f"always {_value(column, spread.lowest)}", 0.25, "constant")
        return
    if ordered and abs(rise := rise_of(column.numbers)) > _COUNTER:
        yield from _counter(scene, column, spread, rise)
        return
    outliers = [] if _is_coordinate(column) else outliers_of(column.numbers, spread)
    yield from _extremes(scene, column, spread, outliers)
    yield from _outliers(scene, column, spread, outliers)
    yield scene.fact(column, f"median {wording.rounded(spread.median)}", 0.28 + 0.45 * bool(outliers), "range")
    yield scene.fact(column, f"mean {wording.rounded(spread.mean)}", 0.2, "range")
    yield from _odd_values(scene, column, spread)
    if ordered:
        yield from _order(scene, column, spread)


def _is_coordinate(column: Column) -> bool:
    return names_a_coordinate(column.label) or bool(column.path and isinstance(column.path[-1], int))


def length_facts(scene: Scene, column: Column) -> Iterator[Fact]:
    """Facts about how many parts a nested list or mapping has."""
    spread = spread_of(column.numbers) if column.numbers is not None else None
    if spread is None:
        return
    if spread.minimum == spread.maximum:
        yield scene.fact(column, f"{_value(column, 0)} in each", 0.2, "constant")
        return
    most = f"most {_value(column, spread.highest)}{_who(scene, spread.highest, spread.at_maximum)}"
    yield scene.fact(column, most, 0.75 if column.telling else 0.35, "extreme", row=spread.highest)
    total = round(spread.mean * spread.count)
    yield scene.fact(column, f"{total} in all", 0.4, "count")
    if spread.zero and spread.zero < spread.count:
        yield scene.fact(column, f"none in {spread.zero} of {spread.count}", 0.35, "count")


def _extremes(scene: Scene, column: Column, spread: Spread, outliers: list[int]) -> Iterator[Fact]:
    high, low = spread.highest, spread.lowest
    for label, row, ties, worth in (("max", high, spread.at_maximum, 0.95), ("min", low, spread.at_minimum, 0.8)):
        named = label == "max" or scene.names.own  # the classes of a row are said once
        text = f"{label} {_value(column, row)}{_who(scene, row, ties) if named else ''}"
        if row in outliers:
            yield scene.fact(column, text, 0.6 + worth, "outlier", row=row)
        else:
            common = ties > max(2, 0.05 * spread.count)
            yield scene.fact(column, text, worth / 2.5 if common else worth, "extreme", row=row)


def _outliers(scene: Scene, column: Column, spread: Spread, outliers: list[int]) -> Iterator[Fact]:
    for rank, row in enumerate(outliers):
        if column.numbers is not None and column.numbers[row] not in (spread.minimum, spread.maximum):
            yield scene.fact(
                column, f"{_value(column, row)}{_who(scene, row, 1)}", 1.3 - 0.1 * rank, "outlier", row=row
            )


def _odd_values(scene: Scene, column: Column, spread: Spread) -> Iterator[Fact]:
    if column.numbers is None:
        return
    if spread.infinite:
        yield scene.fact(column, f"Infinity in {spread.infinite}", 1.4, "error")
    written = sum(1 for value in column.values if isinstance(value, float) and value != value) if spread.nan else 0
    if written:
        yield scene.fact(column, f"NaN in {written} of {len(column.values)}", 1.2, "missing")
    if spread.zero > 0.2 * spread.count:
        yield scene.fact(column, f"zero in {spread.zero} of {spread.count}", 0.4, "range")


def _counter(scene: Scene, column: Column, spread: Spread, rise: float) -> Iterator[Fact]:
    """A column that only rises (or falls) along the rows: its ends are its extremes, and neither is an outlier."""
    first, last = (spread.lowest, spread.highest) if rise > 0 else (spread.highest, spread.lowest)
    text = f"{'rises' if rise > 0 else 'falls'} {_value(column, first)} -> {_value(column, last)}"
    yield scene.fact(column, f"{text}{_who(scene, last, 1) if scene.names.own else ''}", 0.9, "trend", row=last)
    yield scene.fact(column, f"median {wording.rounded(spread.median)}", 0.2, "range")


def _order(scene: Scene, column: Column, spread: Spread) -> Iterator[Fact]:
    numbers = column.numbers
    assert numbers is not None
    first, last = _value(column, 0), _value(column, len(column.values) - 1)
    rise = rise_of(numbers)
    if abs(rise) > 0.9:
        yield scene.fact(column, f"{'rises' if rise > 0 else 'falls'} {first} -> {last}", 0.5, "trend")
    elif (shift := shift_of(numbers)) is not None:
        before, after = wording.rounded(shift.before), wording.rounded(shift.after)
        who = _who(scene, shift.index, 1)
        yield scene.fact(column, f"shifts from {before} to {after} at{who}", 0.65, "trend", row=shift.index)


def _value(column: Column, row: int) -> str:
    return wording.number(column.values[row])


def _who(scene: Scene, row: int, ties: int) -> str:
    name = scene.name(row)
    more = f" (+{ties - 1} more)" if ties > 1 else ""
    return f" {name}{more}" if name else more
