"""How long each step takes, as Markdown."""

from collections.abc import Mapping
from typing import Any

from ..speed_report import FIRST_PAGE, first_page_cells, shown
from .markdown import markdown_table

Fields = Mapping[str, Any]


def speed_table(speed: Fields) -> str:
    """Milliseconds of put + card and of the peers on the five cases, then large files, as Markdown."""
    times: Mapping[str, Mapping[str, object]] = speed["cases"]["milliseconds"]
    names = list(next(iter(times.values())))
    rows = [[who, *(shown(by_name[name]) for name in names)] for who, by_name in times.items()]
    works = ", ".join(f"{name} {shown(found['milliseconds'])}" for name, found in speed["works"].items())
    starts = ", ".join(f"{name} {shown(ms)}" for name, ms in speed["start"].items())
    logs = ", ".join(
        f"{size} in {found['seconds']:.1f} s and {found['peak_megabytes'] + found['base_megabytes']:.0f} MB"
        for size, found in speed["logs"].items()
    )
    large = [
        [f"{found['megabytes']} MB of {name}", *first_page_cells(found)] for name, found in speed["first_page"].items()
    ]
    parts = [
        markdown_table(["milliseconds", *names], rows),
        f"In milliseconds: {works}.",
        f"A whole process: {starts}.",
    ]
    parts += [f"Storing and summarizing a log: {logs}."] * bool(logs)
    parts += [markdown_table(FIRST_PAGE, large)] * bool(large)
    return "\n\n".join(parts)
