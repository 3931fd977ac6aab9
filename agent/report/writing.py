"""The files of a report: report.html, which needs nothing beside it, report.md, and plots."""

from dataclasses import dataclass
from pathlib import Path

from summarizers import Templates

from ..run import RunFolder
from .charts import head_chart, line_chart, strip_chart, style_of, token_chart
from .evidence import anchor_of
from .plots import plot_evidence, plot_tokens
from .spent import parts_of
from .story import Story, told
from .strips import LEVELS


@dataclass(frozen=True, slots=True)
class Written:
    """Where a report lies; `plots` are empty where matplotlib is not installed."""

    html: Path
    markdown: Path
    plots: tuple[Path, ...]


def write_report(run: Path, *, templates: Templates | None = None) -> Written:
    """Write the report of the run in a folder into that folder. Raises `RunFailed` where there is no run."""
    story, templates = told(run), templates or Templates()
    folder = RunFolder(run)
    plots = [plot for plot in (plot_tokens(story.spent, run / "tokens.png"),) if plot is not None]
    plots += plot_evidence(story.drawables, run)
    written = Written(run / "report.html", folder.report_path, tuple(plots))
    written.html.write_bytes((html(story, templates) + "\n").encode("utf-8", "replace"))
    written.markdown.write_bytes((markdown(story, written.plots, templates) + "\n").encode("utf-8", "replace"))
    return written


def html(story: Story, templates: Templates) -> str:
    """The page; every text of the run enters it as data."""
    return templates.render(
        "report.html",
        story=story,
        tokens=token_chart(story.spent),
        parts=[(part, style_of(part)) for part in (*parts_of(story.spent), "reserve")],
        strip=strip_chart(story.strips),
        levels=LEVELS,
        lines=[line_chart(series) for drawable in story.drawables for series in drawable.series],
        maps=[head_chart(heads) for drawable in story.drawables for heads in drawable.maps],
        anchor=anchor_of,
    )


def markdown(story: Story, plots: tuple[Path, ...], templates: Templates) -> str:
    """The same in short, as Markdown."""
    return templates.render("report", story=story, plots=[plot.name for plot in plots], anchor=anchor_of)
