"""The commands that tell of runs: report, runs."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated

import typer

from summarizers import Templates

from ..errors import BadInput
from ..report import RunLine, runs_in, write_report
from .output import print_json, print_text, visible, working
from .pages import Json, TemplateFolder

_SHOWN_CHARACTERS = 46
_LISTED = ("run", "question", "turns", "peak / ceiling", "computed", "reused", "findings", "ended", "seconds")


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run, finished or not.")],
    templates: TemplateFolder = None,
    as_json: Json = False,
) -> None:
    """Write a run's report: report.html (one file, no network), report.md, and plots."""
    with working(f"reading {run}"):
        written = write_report(run, templates=Templates(templates))
    if as_json:
        plots = [str(plot) for plot in written.plots]
        print_json({"html": str(written.html), "markdown": str(written.markdown), "plots": plots})
        return
    print_text(f"{written.html}\n{written.markdown}\n" + "".join(f"{plot}\n" for plot in written.plots))


def runs(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="A folder of runs (runs/ by default), or two or more runs to compare.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the runs of a folder, or compare runs side by side."""
    chosen = folders or [Path("runs")]
    for folder in chosen:
        if not folder.is_dir():
            raise BadInput(f"there is no folder {folder}; name a folder of runs, or runs to compare")
    lines = [line for folder in chosen for line in runs_in(folder)]
    if not lines:
        raise BadInput(f"{', '.join(map(str, chosen))} holds no run; toolpager investigate makes one")
    if as_json:
        print_json({"runs": [{**asdict(line), "run": str(line.run)} for line in lines]})
    elif len(chosen) > 1:
        print_text(_compared(lines))
    else:
        print_text(_listed(lines))


def _listed(lines: Sequence[RunLine]) -> str:
    rows = [
        (
            line.run.name,
            _clipped(line.problem or line.question),
            f"{line.turns}",
            f"{line.peak_tokens:,} / {line.ceiling:,}",
            f"{line.computed_tokens:,}",
            f"{line.reused_tokens:,}",
            f"{line.by_the_model} + {line.findings - line.by_the_model}",
            line.reason,
            f"{line.seconds:,.0f}",
        )
        for line in lines
    ]
    return _table([_LISTED, *rows]) + "findings: recorded by the model + saved by the loop\n"


def _compared(lines: Sequence[RunLine]) -> str:
    """A row a measure, a column a run."""
    rows = [
        [name.name.replace("_", " "), *(_value(getattr(line, name.name)) for line in lines)] for name in fields(RunLine)
    ]
    return _table([row for row in rows if any(row[1:])])


def _value(value: object) -> str:
    if isinstance(value, Path):
        return value.name
    return f"{value:,}" if isinstance(value, int | float) else _clipped(str(value))


def _clipped(text: str) -> str:
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= _SHOWN_CHARACTERS else flat[: _SHOWN_CHARACTERS - 1] + "…"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "".join(
        "  ".join(_aligned(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )


def _aligned(cell: str, width: int) -> str:
    return cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width)
