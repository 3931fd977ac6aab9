"""The facts of one table: what it is, then what each of its columns says."""

from collections.abc import Iterator

from .. import wording
from ..fact import Fact
from ..rows import Records
from .categories import category_facts, error_facts, flag_facts, is_error_column
from .columns import Column
from .flatten import flatten
from .measures import length_facts, measure_facts
from .scene import Scene, scene_of
from .sought import sought_rows
from .times import is_ordered, time_facts

_DEEPEST_POOL = 3
_FEW, _MANY = 2, 8  # rows that lack a value are named where they are few among many


def table_facts(records: Records, focus: str | None, *, head: bool, depth: int = 0) -> Iterator[Fact]:
    """All facts of the records and of those nested in them; `head`: with a "shape" fact that heads their lines."""
    flat = flatten(records)
    scene = scene_of(records, flat.columns)
    yield from _shape(scene, head=head)
    ordered = any(map(is_ordered, flat.columns)) or _numbered_keys(records)
    for column in flat.columns:
        yield from column_facts(scene, column, ordered=ordered)
    yield from _missing(scene)
    if not flat.pools and records.keys is None and not records.path:
        yield from _duplicates(scene)
    yield from sought_rows(scene, focus)
    if depth < _DEEPEST_POOL:
        for pool in flat.pools:
            yield from table_facts(pool, focus, head=False, depth=depth + 1)


def _shape(scene: Scene, *, head: bool) -> Iterator[Fact]:
    records = scene.records
    if records.path:
        return
    if head:
        width = len(next(iter(records.rows)))
        flat = width == len(scene.columns)  # where fields hold others, their number tells little
        text = f"{scene.height} rows × {width} fields" if flat else f"{scene.height} rows"
        yield Fact(text, records.address, 1.6 * records.weight, "shape", "")
    labels = list(dict.fromkeys(label for label in scene.labels if "." not in label))
    text = "fields: " + ", ".join(labels[:30]) + (f", +{len(labels) - 30}" if len(labels) > 30 else "")
    if labels:
        yield Fact(text, records.address, 0.4 * records.weight, "schema", "")


def column_facts(scene: Scene, column: Column, *, ordered: bool) -> Iterator[Fact]:
    """What one column says, by its role."""
    if is_error_column(column):
        yield from error_facts(scene, column)
    elif column.role == "measure":
        yield from measure_facts(scene, column, ordered=ordered)
    elif column.role == "length":
        yield from length_facts(scene, column)
    elif column.role == "category":
        yield from category_facts(scene, column)
    elif column.role == "flag":
        yield from flag_facts(scene, column)
    elif column.role == "time":
        yield from time_facts(scene, column)
    else:
        yield from _identity(scene, column)


def _identity(scene: Scene, column: Column) -> Iterator[Fact]:
    present = len(column.values) - column.missing
    if column.role in ("name", "identifier") and present:
        if column.distinct < present:
            value, count = max(column.counts.items(), key=lambda pair: pair[1])
            repeated = f", most often {wording.name(value)} {count}" if count > 2 and wording.short(value) else ""
            yield scene.fact(column, f"{column.distinct} distinct{repeated}", 0.45, "distinct")
        elif scene.height > 1:
            yield scene.fact(column, "all distinct", 0.1, "distinct")


def _missing(scene: Scene) -> Iterator[Fact]:
    """Where values lack, said once for a field and the fields inside it."""
    said: set[tuple[tuple[str | int, ...], int]] = set()
    for column in scene.columns:
        missing, height = column.missing, scene.height
        inherited = any((column.path[:length], missing) in said for length in range(len(column.path)))
        said.add((column.path, missing))
        if not missing or inherited or is_error_column(column):
            continue
        if missing == height:
            yield scene.fact(column, "never set", 0.12, "missing")
        elif missing <= height / 2:
            lacking = _names_of_lacking(scene, column) if missing <= _FEW and height >= _MANY else ""
            yield scene.fact(column, f"missing {missing}{lacking}", 0.3, "missing")
        else:
            yield scene.fact(column, f"set in {height - missing} of {height}", 0.45, "missing")


def _names_of_lacking(scene: Scene, column: Column) -> str:
    names = [scene.name(row) for row, value in enumerate(column.values) if value is None]
    return f": {', '.join(names)}" if names and all(names) else ""


def _duplicates(scene: Scene) -> Iterator[Fact]:
    columns = [column.values for column in scene.columns if len(column.values) == scene.height]
    if scene.height < 2 or len(columns) < 2 or any(column.distinct == scene.height for column in scene.columns):
        return
    repeated = scene.height - len(set(zip(*columns, strict=True)))
    if repeated:
        text = f"{repeated} row{'s' if repeated > 1 else ''} repeating another"
        yield Fact(text, scene.records.address, 0.6 * scene.records.weight, "duplicate", "")


def _numbered_keys(records: Records) -> bool:
    if records.keys is None or len(records.keys) < 5 or records.path:
        return False
    digits = ["".join(filter(str.isdigit, key)) for key in records.keys]
    if not all(digits):
        return False
    numbers = [int(digit[:15]) for digit in digits]
    return numbers == sorted(set(numbers))
