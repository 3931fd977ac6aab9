"""What a person reads and looks at after a run: report.html, report.md, and plots; and runs side by side."""

from .spent import Spent, chart_lines, generations, run_generations
from .writing import Written, write_report

__all__ = ["Spent", "Written", "chart_lines", "generations", "run_generations", "write_report"]
