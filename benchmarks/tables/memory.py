"""Who survives under a cap, and how well memory is predicted, as Markdown."""

from collections.abc import Mapping
from typing import Any

from ..memory_report import SURVIVAL, off_by, sizes_of, survival_rows
from .markdown import markdown_table

Fields = Mapping[str, Any]


def memory_table(memory: Fields) -> str:
    """Who survived which cap, and how far predictions were off, as Markdown."""
    rows = list(survival_rows(memory))
    cells = [
        (off, cell) for one in memory["accuracy"].values() for cell in one["sizes"] if (off := off_by(cell)) is not None
    ]
    within = sum(abs(off) <= 0.1 for off, _ in cells)
    worst = max((off for off, _ in cells), key=abs, default=0.0)
    sizes = sizes_of(memory)
    words = (
        f"Predicted peak against measured, eager and sdpa, in chunks and at once, at {sizes[0]:,} to {sizes[-1]:,} "
        f"tokens: within 10 % in {within} of {len(cells)} cells, at most {worst:+.0%}."
        if cells
        else ""
    )
    return f"{markdown_table(SURVIVAL, rows)}\n\n{words}".rstrip()
