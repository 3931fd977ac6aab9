"""The figures of a memory run as tables for a terminal, as rows for the README, and as a plot."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from .plots import can_plot, saved_figure

Fields = Mapping[str, Any]
GIB = 1 << 30
MIB = 1 << 20
SURVIVAL = ("loop", "model", "cap", "turns", "ceiling", "peak", "prediction off by", "answer")
ACCURACY = ("model", "attention", "prompt")


def survival_rows(found: Fields) -> Iterator[list[str]]:
    """A row for each loop, model and cap: turns survived of those asked, peak, and what became of the answer."""
    for one in found["survival"].values():
        typical = _typical(one.get("turns", []))
        yield [
            "toolpager" if one["loop"] == "ours" else "original",
            one["model"],
            f"{one['cap_bytes'] / GIB:g} GiB",
            f"{one['survived']} of {one['turns_asked']}",
            f"{one['ceiling']:,}" if one.get("ceiling") else "none",
            f"{one['peak_bytes'] / GIB:.2f} GiB" if one.get("peak_bytes") else "",
            "" if typical is None else f"{typical:.0%}",
            _answer(one),
        ]


def _typical(turns: Sequence[Fields]) -> float | None:
    """How far the prediction of a generation was off, the median over a run; None where none was predicted."""
    offs = [abs(off) for turn in turns if "predicted_bytes" in turn and (off := off_by(turn)) is not None]
    return median(offs) if offs else None


def _answer(one: Fields) -> str:
    if one.get("died"):
        at = one.get("died_at_tokens")
        return f"dies at {at:,} tokens" if at else "dies"
    return "right" if one["answer_is_right"] else "wrong"


def accuracy_rows(found: Fields, sizes: Sequence[int]) -> Iterator[list[str]]:
    """A row for each model, attention and way of feeding: measured MiB, and how far off the prediction was."""
    for one in found["accuracy"].values():
        by_size = {cell["tokens"]: cell for cell in one["sizes"]}
        how = f"chunks of {one['chunk_tokens']}" if one["chunk_tokens"] else "at once"
        yield [one["model"], one["attention"], how, *(_cell(by_size.get(size)) for size in sizes)]


def sizes_of(found: Fields) -> list[int]:
    """The sizes that were measured."""
    return sorted({cell["tokens"] for one in found["accuracy"].values() for cell in one["sizes"]})


def off_by(cell: Fields) -> float | None:
    """How far the prediction was from the measured peak, as a share of it."""
    measured = cell.get("measured_bytes")
    return None if not measured else cell["predicted_bytes"] / measured - 1


def _cell(cell: Fields | None) -> str:
    off = None if cell is None else off_by(cell)
    return "" if cell is None or off is None else f"{cell['measured_bytes'] / MIB:,.0f} ({off:+.0%})"


def print_memory(found: Fields) -> None:
    """Both tables on standard output."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 130)
    sizes = sizes_of(found)
    for title, head, rows in (
        ("turns survived under a memory cap", SURVIVAL, list(survival_rows(found))),
        (
            "measured peak above the weights, MiB (prediction off by)",
            (*ACCURACY, *(f"{size:,}" for size in sizes)),
            list(accuracy_rows(found, sizes)),
        ),
    ):
        if not rows:
            continue
        table = Table(title=title)
        for number, column in enumerate(head):
            table.add_column(column, justify="left" if number < 2 else "right")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def write_memory_plot(found: Fields, path: Path) -> None:
    """`path` with .png and .svg: the peak of every turn of the original loop and of ours, under the cap.

    Without matplotlib (the extra "plot") nothing is written.
    """
    if not can_plot():
        return
    shown = [one for one in found["survival"].values() if one.get("turns") and one["turns_asked"] == 25]
    if not shown:
        return
    with saved_figure(path, inches=(7.5, 4.2)) as axes:
        for number, one in enumerate(shown):
            _draw(axes, one, number)
        axes.set(xlabel="generation", ylabel="peak beside the weights, GiB", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def _draw(axes: Any, one: Fields, number: int) -> None:
    ours = one["loop"] == "ours"
    colour = ("#D55E00", "#E69F00", "#0072B2", "#009E73", "#56B4E9", "#CC79A7")[number % 6]
    peaks = [turn["measured_bytes"] / GIB for turn in one["turns"] if turn["measured_bytes"]]
    places = range(1, len(peaks) + 1)
    label = f"{'toolpager' if ours else 'original'}, {one['model']}, {one['cap_bytes'] / GIB:g} GiB"
    axes.plot(places, peaks, label=label, color=colour, linewidth=2 if ours else 1.2, marker="" if ours else "o")
    if one.get("died"):
        axes.plot([len(peaks)], peaks[-1:], marker="X", markersize=11, color=colour)
