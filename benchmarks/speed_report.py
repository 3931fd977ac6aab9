"""The figures of a speed run as tables for a terminal and as a plot of the cases beside the peers."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .plots import can_plot, saved_figure

Fields = Mapping[str, Any]
Table = tuple[str, list[str], list[list[str]]]

_OURS, _PEERS = "#D55E00", ("#0072B2", "#009E73", "#56B4E9", "#CC79A7", "#8C8C00")


def print_speed(speed: Fields) -> None:
    """Every table of a run, on standard output."""
    from rich.console import Console
    from rich.table import Table as Drawn

    console = Console(width=None if sys.stdout.isatty() else 110)
    for title, columns, rows in tables(speed):
        drawn = Drawn(title=title)
        for column in columns:
            drawn.add_column(column, justify="left" if column == columns[0] else "right", no_wrap=True)
        for row in rows:
            drawn.add_row(*row)
        console.print(drawn)
    for name, why in _skipped(speed).items():
        console.print(f"{name} left out: {why}")


def tables(speed: Fields) -> Iterable[Table]:
    """Title, columns and rows of each part of a run that there is."""
    if isinstance(speed["cases"], Mapping):
        times: Mapping[str, Mapping[str, object]] = speed["cases"]["milliseconds"]
        names = list(next(iter(times.values())))
        rows = [[who, *(shown(by_name[name]) for name in names)] for who, by_name in times.items()]
        yield "milliseconds", ["", *names], rows
    yield (
        "work",
        ["", "ms", "fastest"],
        [[name, shown(one["milliseconds"]), shown(one["fastest"])] for name, one in speed["works"].items()],
    )
    yield "a whole process", ["", "ms"], [[name, shown(ms)] for name, ms in speed["start"].items()]
    if speed["logs"]:
        rows = [[size, *_summarized(one)] for size, one in speed["logs"].items()]
        yield "store and summarize a log, in a process of its own", ["", "seconds", "MB over its start", "MB"], rows
    if speed["first_page"]:
        rows = [[name, *first_page_cells(one)] for name, one in speed["first_page"].items()]
        yield "first page of a large file", FIRST_PAGE, rows


FIRST_PAGE = [
    "",
    "read, s",
    "first page, s",
    "ratio",
    "from disk: read",
    "first page",
    "ratio",
    "MB",
    "page 1, ms",
    "1000",
]


def first_page_cells(one: Fields) -> list[str]:
    """The figures of one large file, in the order of FIRST_PAGE."""
    seconds = one["seconds"]
    return [
        f"{seconds['read']:.2f}",
        f"{seconds['page']:.2f}",
        f"{one['first_page_to_read']:.1f}",
        f"{seconds['read_cold']:.2f}",
        f"{seconds['page_cold']:.2f}",
        f"{one['first_page_to_read_cold']:.1f}",
        f"{one['peak_megabytes'] + one['base_megabytes']:.0f}",
        f"{one['page_1_milliseconds']:.1f}",
        f"{one['page_1000_milliseconds']:.1f}",
    ]


def shown(value: object) -> str:
    """Milliseconds as they are told: whole ones, below ten with one place."""
    if not isinstance(value, float):
        return "failed"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _summarized(one: Fields) -> list[str]:
    peak = one["peak_megabytes"]
    return [f"{one['seconds']:.1f}", f"{peak:.0f}", f"{peak + one['base_megabytes']:.0f}"]


def _skipped(speed: Fields) -> Mapping[str, str]:
    skipped: Mapping[str, str] = speed["cases"]["skipped"] if isinstance(speed["cases"], Mapping) else {}
    return skipped


def write_speed_plot(speed: Fields, path: Path) -> None:
    """`path` with .png and .svg: milliseconds of each case, a bar a method, on a logarithmic scale.

    Without cases, or without matplotlib (the extra "plot"), nothing is written.
    """
    if not can_plot():
        return
    if not isinstance(speed["cases"], Mapping):
        return
    times: Mapping[str, Mapping[str, object]] = speed["cases"]["milliseconds"]
    with saved_figure(path, inches=(7.5, 3.6)) as axes:
        names = list(next(iter(times.values())))
        for number, (who, by_name) in enumerate(times.items()):
            _draw(axes, who, [by_name[name] for name in names], number, len(times))
        axes.set(ylabel="milliseconds", yscale="log")
        axes.set_xticks(range(len(names)), names)
        axes.grid(alpha=0.3, axis="y")
        axes.legend(fontsize=8, frameon=False, ncols=len(times), loc="lower center", bbox_to_anchor=(0.5, 1))


def _draw(axes: Any, who: str, values: list[object], number: int, methods: int) -> None:
    width = 0.8 / methods
    heights = [value if isinstance(value, float) else 0.0 for value in values]
    places = [at + (number - (methods - 1) / 2) * width for at in range(len(values))]
    axes.bar(places, heights, width, label=who, color=_PEERS[(number - 1) % len(_PEERS)] if number else _OURS)
