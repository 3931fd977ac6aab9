"""The figures of a quality run as tables for a terminal and as a plot of recall against tokens."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .plots import can_plot, saved_figure

Fields = Mapping[str, Any]

# Okabe and Ito's colours, told apart with any colour vision: two ours alone, four for peers; baselines are grey
_OURS = ("#D55E00", "#E69F00")
_PEERS = ("#0072B2", "#009E73", "#56B4E9", "#CC79A7")
_GREY = "#8A8A8A"
_MARKS = "osD^v<>Pxd*h"


def print_tables(quality: Fields) -> None:
    """Recall by method and budget, by family and kind, readers, reach, and what was left out, on standard output."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 110)
    methods: Sequence[Fields] = quality["methods"]
    console.print(_recall(methods))
    for key, title in (("by_family", "family"), ("by_kind", "kind")):
        if key in methods[0]:
            console.print(_parts(methods, key, title))
    if quality["reader"]:
        console.print(_readers(quality["reader"]))
    for line in (*_reached(quality["reach"]), *_said(methods), *_raw(methods), *_left_out(quality["skipped"])):
        console.print(line, highlight=False)


def _recall(methods: Sequence[Fields]) -> Any:
    budgets = list(methods[0]["recall"])
    told = "150" if "150" in budgets else budgets[-1]
    rows = [
        (
            method["name"],
            *(share(method["recall"].get(budget)) for budget in budgets),
            interval(method["recall"][told]),
            share(method.get("located")),
        )
        for method in methods
    ]
    return _table(
        "gist facts held, by token budget; 95 % interval over files",
        ("method", *budgets, f"95 % at {told}", "located"),
        rows,
    )


def _parts(methods: Sequence[Fields], key: str, title: str) -> Any:
    """Ours and the best of the others, family by family or kind by kind."""
    ours, best = methods[0], _best_other(methods)
    rows = [
        (name, share(held), interval(held), share(best[key].get(name)), interval(best[key][name]), str(held["n"]))
        for name, held in ours[key].items()
    ]
    head = (title, ours["name"], "95 %", best["name"], "95 %", "facts")
    return _table(f"gist facts held at 150 tokens, by {title}", head, rows)


def _best_other(methods: Sequence[Fields]) -> Fields:
    others = [method for method in methods if not method["name"].startswith("toolpager")]
    return max(others, key=lambda one: one["recall"]["150"]["hits"])


def _readers(readers: Mapping[str, Fields]) -> Any:
    methods = list(next(iter(readers.values()))["right"])
    rows = [
        (name, *(f"{share(found['right'][one])} {interval(found['right'][one])}" for one in methods))
        for name, found in readers.items()
    ]
    about = next(iter(readers.values()))
    title = f"questions answered right from {about['budget']} tokens, of {about['questions']}; 95 % interval over files"
    return _table(title, ("reader", *methods), rows)


def _reached(reach: Mapping[str, Fields]) -> Iterator[str]:
    for name, found in reach.items():
        goal = found["within_2_calls_500_tokens"]
        yield (
            f"{name}: {goal['hits']} of {goal['n']} detail facts within 2 calls and 500 tokens, "
            f"{found['in_the_summary']} of them in the summary; {found['reached']} within 4 calls"
        )


def _said(methods: Sequence[Fields]) -> Iterator[str]:
    for method in methods:
        if counts := method.get("said", {}).get("150"):
            yield f"{method['name']} at 150: " + ", ".join(f"{what} {count}" for what, count in counts.items())


def _raw(methods: Sequence[Fields]) -> Iterator[str]:
    """What peers give before the cut."""
    for method in methods:
        if "median_tokens_before_cut" in method:
            failures = f"; failed: {'; '.join(method['failures'])}" if method["failures"] else ""
            raw = method["median_tokens_before_cut"].items()
            told = ", ".join(f"{tokens:.0f} at {budget}" for budget, tokens in raw)
            yield f"{method['name']}, median tokens before the cut: {told}{failures}"


def _left_out(skipped: Mapping[str, str]) -> Iterator[str]:
    for name, why in skipped.items():
        yield f"{name} left out: {why}"


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Any:
    from rich.table import Table

    table = Table(title=title)
    for number, column in enumerate(head):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
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
    if not can_plot():
        return
    with saved_figure(path, inches=(7.5, 4.8)) as axes:
        for style in _styles(methods):
            _draw(axes, style, budgets)
        axes.set(xlabel="tokens (cl100k_base)", ylabel="gist facts held", ylim=(0, 1), xscale="log")
        axes.set_xticks(list(budgets), [str(budget) for budget in budgets])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, ncols=1, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def _hits(method: Fields) -> int:
    """At the largest budget that it was asked for."""
    hits: int = list(method["recall"].values())[-1]["hits"]
    return hits


@dataclass(frozen=True, slots=True)
class _Style:
    method: Fields
    colour: str
    mark: str
    ours: bool


def _styles(methods: Sequence[Fields]) -> Iterator[_Style]:
    """How each line is drawn, the highest first; a model's say hides behind ours and is left out."""
    peers = list(dict.fromkeys(one["peer"] for one in methods if "peer" in one))
    ours = [one["name"] for one in methods if one["name"].startswith("toolpager") and "said" not in one]
    shown = [one for one in methods if "said" not in one]
    for number, method in enumerate(sorted(shown, key=lambda one: -_hits(one))):
        is_ours = method["name"] in ours
        colour = _OURS[ours.index(method["name"]) % len(_OURS)] if is_ours else _GREY
        if "peer" in method:
            colour = _PEERS[peers.index(method["peer"]) % len(_PEERS)]
        yield _Style(method, colour, _MARKS[number % len(_MARKS)], is_ours)


def _draw(axes: Any, style: _Style, budgets: Sequence[int]) -> None:
    budgets = [budget for budget in budgets if str(budget) in style.method["recall"]]
    cells = [style.method["recall"][str(budget)] for budget in budgets]
    axes.plot(
        list(budgets),
        [cell["share"] for cell in cells],
        label=style.method["name"],
        color=style.colour,
        marker=style.mark,
        markersize=5 if style.ours else 4,
        linewidth=2.5 if style.ours else 1,
        linestyle="--" if style.method["focused"] else "-",
    )
    if style.ours:
        low, high = [cell["low"] for cell in cells], [cell["high"] for cell in cells]
        axes.fill_between(list(budgets), low, high, color=style.colour, alpha=0.12)
