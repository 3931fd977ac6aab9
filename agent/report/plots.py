"""The plots as PNG files, where matplotlib is installed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .series import Drawable, HeadMap, Series
from .spent import Spent, parts_of

_COLOURS = {
    "prompt": "#0072b2", "system": "#4c566a", "tool schemas": "#7b88a1", "question": "#0072b2", "notebook": "#009e73",
    "index": "#8c8c00", "cards": "#e69f00", "pages": "#d55e00", "summaries": "#cc79a7", "stubs": "#56b4e9",
    "notes": "#a0a0a0", "calls": "#c0c8d4", "reserve": "#ececec",
}  # fmt: skip
_MOST_PANELS = 9


def plot_tokens(spent: Sequence[Spent], path: Path) -> Path | None:
    """Draw every generation's prompt by part, with its reserve, under the ceiling."""
    figure = _figure((max(6.0, 0.35 * len(spent) + 3.5), 3.8)) if spent else None
    if figure is None:
        return None
    from matplotlib.ticker import MaxNLocator

    axes = figure.subplots()
    places = [one.number for one in spent]
    base = [0] * len(spent)
    for part in (*parts_of(spent), "reserve"):
        heights = [one.reserve if part == "reserve" else one.held.get(part, 0) for one in spent]
        axes.bar(places, heights, bottom=base, color=_COLOURS[part], label=part)
        base = [low + height for low, height in zip(base, heights, strict=True)]
    edges = [places[0] - 0.5, *(place + 0.5 for place in places)]
    axes.step(edges, [spent[0].ceiling, *(one.ceiling for one in spent)], color="#c00000", label="ceiling")
    axes.set(xlabel="generation", ylabel="tokens", title="Tokens of every generation under the ceiling")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize="small", frameon=False)
    figure.savefig(path, dpi=120)
    return path


def plot_evidence(drawables: Sequence[Drawable], folder: Path) -> list[Path]:
    """Draw what the results show along layers and heads, one file a result."""
    return [path for one in drawables if (path := _plot_result(one, folder / f"{one.result}.png")) is not None]


def _plot_result(drawable: Drawable, path: Path) -> Path | None:
    panels: list[Series | HeadMap] = []
    panels += drawable.series
    panels += drawable.maps
    panels = panels[:_MOST_PANELS]
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = _figure((4.2 * columns, 3.0 * rows))
    if figure is None:
        return None
    for axes, panel in zip(figure.subplots(rows, columns, squeeze=False).flat, panels, strict=False):
        if isinstance(panel, Series):
            _draw_series(axes, panel)
        else:
            _draw_map(axes, panel)
    for axes in list(figure.axes)[len(panels) : rows * columns]:
        axes.set_axis_off()
    figure.suptitle(drawable.result)
    figure.savefig(path, dpi=110)
    return path


def _draw_series(axes: Any, series: Series) -> None:
    known = dict(zip(series.layers, series.values, strict=True))
    axes.plot(series.layers, series.values, color="#0072b2", linewidth=1.2)
    axes.plot(series.flagged, [known[layer] for layer in series.flagged], "o", color="#c00000")
    for layer in series.flagged[:6]:
        axes.annotate(str(layer), (layer, known[layer]), textcoords="offset points", xytext=(4, 4), fontsize=8)
    axes.set_xlabel("layer", fontsize=8)
    _title(axes, series.name)


def _draw_map(axes: Any, heads: HeadMap) -> None:
    cells = [[float("nan") if value is None else value for value in row] for row in heads.values]
    shown = axes.imshow(cells, aspect="auto", cmap="viridis")
    axes.figure.colorbar(shown, ax=axes)
    axes.set(xlabel="head", ylabel="layer")
    _title(axes, heads.name)


def _title(axes: Any, name: str) -> None:
    axes.set_title(name[:60], fontsize=8, parse_math=False)
    axes.tick_params(labelsize=7)


def _figure(inches: tuple[float, float]) -> Any:
    """A figure of that size; None where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    return Figure(figsize=inches, layout="constrained")
