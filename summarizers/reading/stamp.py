"""Timestamps at the start of log lines: recognised, kept as written, compared in seconds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Style:
    """One way of writing a time: where it stands, and how to read it (strptime; "" is ISO, "epoch" seconds)."""

    pattern: re.Pattern[str]
    reading: str


def _style(pattern: str, reading: str) -> Style:
    return Style(re.compile(pattern), reading)


_TIME = r"\d{1,2}:\d\d:\d\d"
STYLES = (
    _style(rf"\d{{4}}-\d\d-\d\d[T ]{_TIME}(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", ""),
    _style(rf"\d{{4}}/\d\d/\d\d {_TIME}(?:[.,]\d+)?", "%Y/%m/%d %H:%M:%S"),
    _style(r"\d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d\.\d{6}", "%Y-%m-%d-%H.%M.%S.%f"),
    _style(rf"[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} +\d{{1,2}} {_TIME}(?:\.\d+)? \d{{4}}", "%a %b %d %H:%M:%S %Y"),
    _style(rf"[A-Z][a-z]{{2}} +\d{{1,2}} {_TIME}(?:\.\d+)?", "%b %d %H:%M:%S"),
    _style(rf"\d{{1,2}}/[A-Z][a-z]{{2}}/\d{{4}}:{_TIME}(?: [+-]\d{{4}})?", "%d/%b/%Y:%H:%M:%S %z"),
    _style(r"(?<!\d)\d{6} \d{6}(?!\d)", "%y%m%d %H%M%S"),
    _style(rf"(?<!\d)\d\d/\d\d/\d\d {_TIME}", "%y/%m/%d %H:%M:%S"),
    _style(rf"(?<!\d)\d\d-\d\d {_TIME}\.\d+", "%m-%d %H:%M:%S.%f"),
    _style(rf"(?<!\d)\d\d\.\d\d {_TIME}", "%m.%d %H:%M:%S"),
    _style(r"\d{8}-\d{1,2}:\d{1,2}:\d{1,2}:\d+", "%Y%m%d-%H:%M:%S:%f"),
    _style(rf"(?<=[IWEF])\d{{4}} {_TIME}\.\d+", "%m%d %H:%M:%S.%f"),
    _style(r"(?<=\[) *\d+\.\d{3,}(?=\])", "epoch"),
    _style(r"(?<![\d.])1\d{9}(?:\.\d+)?(?![\d.])", "epoch"),
    _style(rf"(?<![\d:]){_TIME}(?:[.,]\d+)?", "%H:%M:%S"),
)
_WITHIN = 90  # characters from the line's start in which a stamp begins


def style_of(lines: Sequence[str]) -> Style | None:
    """Return how most of the lines write the time, or None when fewer than a third carry one."""
    votes: Counter[int] = Counter()
    filled = [line for line in lines if line.strip()]
    for line in filled:
        number = _first_style(line)
        if number is not None:
            votes[number] += 1
    if not votes:
        return None
    number, count = votes.most_common(1)[0]
    return STYLES[number] if count * 3 >= len(filled) else None


def _first_style(line: str) -> int | None:
    window = line[:_WITHIN]
    return next((n for n, style in enumerate(STYLES) if style.pattern.search(window)), None)


def starts_with_stamp(line: str, style: Style) -> bool:
    """Whether a line's first or second word begins the stamp; a time in a table's column is no start."""
    found = style.pattern.search(line[:_WITHIN])
    return found is not None and (
        found.start() <= 12 or line.startswith(("- ", '"')) or "] " in line[: found.end() + 3]
    )


def seconds(stamp: str, style: Style) -> float | None:
    """Read a stamp as seconds on the style's own clock; None where it is no valid time."""
    text = " ".join(stamp.split())
    try:
        if style.reading == "epoch":
            return float(text)
        if not style.reading:
            return datetime.fromisoformat(text.replace(",", ".")).replace(tzinfo=None).timestamp()
        return _strptime(text, style.reading)
    except ValueError:
        return None


def _strptime(text: str, reading: str) -> float:
    if "%f" not in reading:
        text = re.sub(r"(:\d\d)[.,]\d+", r"\1", text)
    if "%z" in reading and not re.search(r"[+-]\d{4}$", text):
        reading = reading.removesuffix(" %z")
    if "%Y" not in reading and "%y" not in reading:
        text, reading = f"2000 {text}", f"%Y {reading}"  # a leap year, so that every day exists
    return datetime.strptime(text, reading).replace(tzinfo=None).timestamp()


def lasting(duration: float) -> str:
    """Write a duration as a reader says it.

    >>> lasting(0.25), lasting(42), lasting(3700), lasting(200000)
    ('0.25s', '42s', '62min', '2.3d')
    """
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if duration >= 2 * size or (unit == "min" and duration >= 90):
            return (
                f"{duration / size:.1f}".rstrip("0").rstrip(".") + unit if unit != "min" else f"{duration / 60:.0f}min"
            )
    return f"{duration:.2f}".rstrip("0").rstrip(".") + "s"
