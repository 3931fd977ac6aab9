"""The figures of a quality run as tables for a terminal and as a plot of recall against tokens."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Fields = Mapping[str, Any]

# Okabe and Ito's colours, told apart with any colour vision; the first two are ours alone
_COLOURS = ("#D55E00", "#E69F00", "#0072B2", "#009E73", "#56B4E9", "#CC79A7", "#000000", "#8C8C00")
_MARKS = "osD^v<>Pxd*h"


def print_tables(methods: Sequence[Fields], reach: Mapping[str, Fields], skipped: Mapping[str, str]) -> None:
    """Recall by method and budget, ours by family, reach, and what was left out, on standard output."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 110)
    budgets = list(methods[0]["recall"])
    table = Table(title="gist facts held, by token budget; 95 % interval over files")
    for column in ("method", *budgets, "interval", "located"):
        table.add_column(column, justify="left" if column == "method" else "right", no_wrap=True)
    told = "150" if "150" in budgets else budgets[-1]
    for method in methods:
        cells = method["recall"]
        shares = [share(cells[budget]) for budget in budgets]
        table.add_row(method["name"], *shares, f"{told}: {interval(cells[told])}", share(method.get("located")))
    console.print(table)
    if "by_family" in methods[0]:
        console.print(_families(methods))
    for name, found in reach.items():
        goal = found["within_2_calls_500_tokens"]
        console.print(
            f"{name}: {goal['hits']} of {goal['n']} detail facts within 2 calls and 500 tokens, "
            f"{found['in_the_summary']} of them in the summary; {found['reached']} within 4 calls"
        )
    for name, why in skipped.items():
        console.print(f"{name} left out: {why}")


def _families(methods: Sequence[Fields]) -> Any:
    from rich.table import Table

    table = Table(title="gist facts held at 150 tokens, by family")
    best = max(
        methods[1:], key=lambda one: one["recall"]["150"]["hits"] if not one["name"].startswith("toolpager") else -1
    )
    for column in ("family", methods[0]["name"], best["name"], "facts"):
        table.add_column(column, justify="left" if column == "family" else "right")
    for family, held in methods[0]["by_family"].items():
        table.add_row(family, share(held), share(best["by_family"].get(family)), str(held["n"]))
    return table


def share(cell: Fields | None) -> str:
    """A share with two places, or nothing."""
    return "" if cell is None or cell["share"] is None else f"{cell['share']:.2f}"


def interval(cell: Fields) -> str:
    """The bounds of a share."""
    return f"{cell['low']:.2f}–{cell['high']:.2f}"


def write_plot(methods: Sequence[Fields], budgets: Sequence[int], path: Path) -> None:
    """`path` with .png and .svg: recall against tokens, a line a method, ours with its interval.

    Without matplotlib (the extra "plot") nothing is written.
    """
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    with pyplot.rc_context({"svg.hashsalt": "toolpager", "font.size": 10}):
        figure, axes = pyplot.subplots(figsize=(7.5, 4.8), layout="constrained")
        for number, method in enumerate(methods):
            _draw(axes, method, budgets, number)
        axes.set(xlabel="tokens (cl100k_base)", ylabel="gist facts held", ylim=(0, 1), xscale="log")
        axes.set_xticks(list(budgets), [str(budget) for budget in budgets])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, ncols=1, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
        figure.savefig(path.with_suffix(".png"), dpi=150, metadata={"Software": None})
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
        pyplot.close(figure)


def _draw(axes: Any, method: Fields, budgets: Sequence[int], number: int) -> None:
    ours = method["name"].startswith("toolpager")
    cells = [method["recall"][str(budget)] for budget in budgets]
    colour = _COLOURS[number] if ours else _COLOURS[2 + number % (len(_COLOURS) - 2)]
    axes.plot(
        list(budgets),
        [cell["share"] for cell in cells],
        label=method["name"],
        color=colour,
        marker=_MARKS[number % len(_MARKS)],
        markersize=5 if ours else 4,
        linewidth=2.5 if ours else 1,
        linestyle="--" if method["focused"] else "-",
    )
    if ours:
        axes.fill_between(
            list(budgets), [cell["low"] for cell in cells], [cell["high"] for cell in cells], color=colour, alpha=0.12
        )
