"""Figures as files that are the same, byte for byte, for the same numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def can_plot() -> bool:
    """Whether matplotlib (the extra "plot") is installed."""
    return find_spec("matplotlib") is not None


@contextmanager
def saved_figure(
    path: Path, *, inches: tuple[float, float], dots_per_inch: int = 150, font_size: int = 10
) -> Iterator[Any]:
    """Axes to draw on, then saved as `path` with .png and .svg."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "toolpager", "font.size": font_size}):
        figure = Figure(figsize=inches, layout="constrained")
        yield figure.subplots()
        figure.savefig(path.with_suffix(".png"), dpi=dots_per_inch, metadata={"Software": None})
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
