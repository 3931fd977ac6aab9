"""Facts about a column of points in time: the first, the last, and the longest silence between."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ..fact import Fact
from .columns import Column
from .scene import Scene

_DAY = 86_400
_FORMS = (
    "%b %d %Y",
    "%b %d, %Y",
    "%d %b %Y",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%b %d %H:%M:%S",
    "%b %d %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S %Y %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%d/%b/%Y:%H:%M:%S %z",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
)


def time_facts(scene: Scene, column: Column) -> Iterator[Fact]:
    """From when to when; a number of seconds (milliseconds, ...) since 1970 as a date in UTC too."""
    if column.numbers is not None and column.divisor is not None:
        import numpy as np

        first, last = float(np.nanmin(column.numbers)), float(np.nanmax(column.numbers))
        seconds = [first / column.divisor, last / column.divisor]
        written = [instant(value, seconds[1] - seconds[0] < _DAY) for value in seconds]
    else:
        written = _ends([value for value in column.counts if isinstance(value, str | int)])
    if not written:
        return
    if written[0] == written[1]:
        yield scene.fact(column, f"always {written[0]}", 0.3, "time")
    else:
        yield scene.fact(column, f"{written[0]} .. {written[1]}", 0.9, "time")


def _ends(values: list[str | int]) -> list[str]:
    """The earliest and the latest, as written; forms that don't sort as text are read first."""
    form = next((form for form in _FORMS if isinstance(values[0], str) and _read(values[0], form)), None)
    if form is not None:
        moments = [(moment, str(value)) for value in values if (moment := _read(str(value), form)) is not None]
        return [min(moments)[1], max(moments)[1]]
    numbers = all(isinstance(value, int) for value in values)
    ordered = sorted(values, key=int) if numbers else sorted(map(str, values))
    return [str(ordered[0]), str(ordered[-1])]


def _read(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=None)
    except ValueError:
        return None


def instant(seconds: float, exact: bool = True) -> str:
    """Seconds since 1970 as a UTC time, to the second or (not `exact`) to the minute."""
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if exact else "%Y-%m-%d %H:%MZ")


def is_ordered(column: Column) -> bool:
    """Whether the rows follow this column: a time or a running number that never steps back."""
    if column.role not in ("time", "index") or column.missing:
        return False
    values = list(column.values)
    if not values or len({type(value) for value in values}) > 1:
        return False
    return all(map(_in_order, values, values[1:]))


def _in_order(earlier: object, later: object) -> bool:
    """Whether two values of one column are in order."""
    return bool(earlier <= later)  # type: ignore[operator]  # one type, told above
