"""Facts about a column of classes: the most common and their counts, the rare among many alike, alarms before all."""

import re
from collections.abc import Iterator

from .. import wording
from ..fact import Fact
from .columns import Column
from .scene import Scene

_LISTED = 3
_ALL_LISTED = 6
_LINE_LENGTH = 48  # characters of the values listed beside the first
_MOST_STATES = 30  # a column of more values classifies, but tells no state
_LONGEST_STATE = 24  # characters
ALARM = re.compile(
    r"\b(?:err|error|errors|errored|fail|fails|failed|failure|failing|fatal|critical|crit|crash\w*|exception|panic|abort\w*"
    r"|denied|refused|reject\w*|timeout|timed.?out|unhealthy|degraded|down|dead|oom\w*|killed|corrupt\w*|invalid|lost"
    r"|unreachable|evicted|not.?ready|emerg|alert|severe|overdue|blocked|backoff|crashloop\w*)\b",
    re.IGNORECASE,
)
WARNING = re.compile(r"\b(?:warn|warning|warnings|deprecated|skipped|pending|unknown|stale)\b", re.IGNORECASE)
STATE_NAME = re.compile(
    r"status|state|level|severity|result|outcome|conclusion|phase|health|ready|reason|condition|verdict", re.IGNORECASE
)
_ERROR_NAME = re.compile(
    r"(?:^|[^a-z])(?:error|errors|exception|err|failure|fault|traceback|stderr|error_?message|reason)$", re.I
)


def is_error_column(column: Column) -> bool:
    """Whether the column holds what went wrong where it is filled, and is filled in the minority of rows."""
    filled = len(column.values) - column.missing
    return bool(_ERROR_NAME.search(column.label)) and 0 < filled <= max(1, 0.6 * len(column.values))


def error_facts(scene: Scene, column: Column) -> Iterator[Fact]:
    """Each of the first few errors with its row, and how many there are."""
    rows = [index for index, value in enumerate(column.values) if value not in (None, False, 0, "")]
    for rank, row in enumerate(rows[:4]):
        text = wording.name(wording.excerpt(str(column.values[row])))
        yield scene.fact(column, text, 1.9 - 0.15 * rank, "error", row=row)
    yield scene.fact(column, f"in {len(rows)} of {scene.height}", 1.0, "error")


def category_facts(scene: Scene, column: Column) -> Iterator[Fact]:
    """Top values with counts; the odd ones of an otherwise constant column with their rows; alarming ones first."""
    ranked = sorted(column.counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    if not ranked:
        return
    present = sum(column.counts.values())
    if len(ranked) == 1:
        if wording.short(ranked[0][0]):
            yield scene.fact(column, f"always {wording.name(ranked[0][0])}", 0.12, "constant")
        return
    if len(ranked) <= max(3, 0.5 * present) or ranked[0][1] > 2:
        yield from _top(scene, column, ranked)
    if column.values and len(ranked) <= _MOST_STATES:
        yield from _alarms(scene, column, ranked)
    yield from _odd_ones(scene, column, ranked, present)


def flag_facts(scene: Scene, column: Column) -> Iterator[Fact]:
    """How many are true and how many false."""
    ranked = sorted(column.counts.items(), key=lambda pair: (pair[1], str(pair[0])))
    if len(ranked) == 1:
        yield scene.fact(column, f"always {wording.name(ranked[0][0])}", 0.2, "constant")
        return
    yield scene.fact(column, wording.counted(ranked), 0.6, "flag")


def _top(scene: Scene, column: Column, ranked: list[tuple[object, int]]) -> Iterator[Fact]:
    listed = _brief(ranked[: _ALL_LISTED if len(ranked) <= _ALL_LISTED else _LISTED])
    if not listed:
        return
    if len(ranked) > len(listed) and ranked[0][1] == ranked[-1][1]:
        yield scene.fact(column, f"{len(ranked)} distinct, {ranked[0][1]} each", 0.6, "top")
        return
    kinds = f" ({len(ranked)} distinct)" if len(ranked) > len(listed) else ""
    share = ranked[0][1] / sum(column.counts.values())
    telling = (0.6 if column.numbers is not None else 0.95) * min(1.0, 0.75 + share)
    yield scene.fact(column, f"{wording.counted(listed)}{kinds}", telling, "top")


def _brief(ranked: list[tuple[object, int]]) -> list[tuple[object, int]]:
    """As many of the first as stand in a short line, one at least where it is no text."""
    listed: list[tuple[object, int]] = []
    length = 0
    for value, count in ranked:
        length += len(str(value))
        if not wording.short(value) or (listed and length > _LINE_LENGTH):
            break
        listed.append((value, count))
    return listed


def _alarms(scene: Scene, column: Column, ranked: list[tuple[object, int]]) -> Iterator[Fact]:
    total = sum(count for _, count in ranked)
    for value, count in ranked:
        if not isinstance(value, str) or len(value) > _LONGEST_STATE or count > 0.5 * total:
            continue
        worth = _alarm_worth(column, value)
        if worth:
            row = _first_row(column, value)
            yield scene.fact(column, f"{wording.name(value)} {count}{_holder(scene, row)}", worth, "error", row=row)


def _alarm_worth(column: Column, value: str) -> float:
    states = bool(STATE_NAME.search(column.label))
    for pattern, worth in ((ALARM, 1.5), (WARNING, 0.8)):
        if pattern.fullmatch(value) or (states and pattern.search(value)):
            return worth
    return 0.0


def _odd_ones(scene: Scene, column: Column, ranked: list[tuple[object, int]], present: int) -> Iterator[Fact]:
    if present < 8 or ranked[0][1] < 0.9 * present or len(ranked) > 6:
        return
    for value, count in ranked[1:4]:
        if count == 1 and wording.short(value) and not (isinstance(value, str) and ALARM.search(value)):
            row = _first_row(column, value)
            text = f"{wording.name(value)} only{_holder(scene, row)}"
            yield scene.fact(column, text, 0.55, "odd", row=row)


def _first_row(column: Column, value: object) -> int | None:
    return column.values.index(value) if value in column.values else None


def _holder(scene: Scene, row: int | None) -> str:
    name = scene.name(row) if row is not None else ""
    return f" {name}" if name else ""
