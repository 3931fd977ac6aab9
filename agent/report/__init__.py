"""What a person reads and looks at after a run: report.html, report.md, and plots; and runs side by side."""

from .runs import RunLine, run_line, runs_in
from .spent import Spent, chart_lines, generations, run_generations
from .writing import Written, write_report

__all__ = [
    "RunLine",
    "Spent",
    "Written",
    "chart_lines",
    "generations",
    "run_generations",
    "run_line",
    "runs_in",
    "write_report",
]
