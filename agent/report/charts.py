"""Charts as places on a drawing: rectangles, lines and words, which a template writes as SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .series import HeadMap, Series
from .spent import Spent, parts_of
from .strips import Strip

_BARS = (22, 52)  # how wide a generation is drawn, where there are many and where there are few
_GAP = 6
_LEFT = 56  # for the axis' numbers
_HEIGHT = 260
_PLOT = (300, 130)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `style` names its colour, `words` is told when pointed at, `strength` (0 … 1) how full it is."""

    x: float
    y: float
    width: float
    height: float
    style: str
    words: str = ""
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Word:
    """A short text at a place."""

    x: float
    y: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Dot:
    """A marked point."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of `width` by `height`; `path` and `limit` are lines, as the points of an SVG polyline."""

    width: float
    height: float
    title: str
    boxes: tuple[Box, ...] = ()
    words: tuple[Word, ...] = ()
    dots: tuple[Dot, ...] = ()
    grid: tuple[float, ...] = ()
    path: str = ""
    limit: str = ""
    address: str = ""


def style_of(name: str) -> str:
    """The name of a part or level as a class of the style sheet."""
    return name.replace(" ", "-")


def token_chart(spent: Sequence[Spent]) -> Chart | None:
    """Every generation's prompt, stacked by part, with its reserve, under the ceiling."""
    if not spent:
        return None
    top = 1.08 * max(max(one.ceiling, one.input_tokens + one.reserve) for one in spent)
    scale = _HEIGHT / top
    bar = _bar(len(spent))
    width = _LEFT + len(spent) * (bar + _GAP) + _GAP
    boxes: list[Box] = []
    limits: list[str] = []
    for place, one in enumerate(spent):
        x = _LEFT + _GAP + place * (bar + _GAP)
        boxes += _stack(one, (x, bar), scale, parts_of(spent))
        y = round(_HEIGHT - one.ceiling * scale, 1)
        limits += [f"{x - _GAP / 2},{y}", f"{x + bar + _GAP / 2},{y}"]
    every = max(1, len(spent) // 24 + 1)
    numbers = [
        Word(_LEFT + _GAP + place * (bar + _GAP) + bar / 2, _HEIGHT + 16, str(one.number))
        for place, one in enumerate(spent)
        if place % every == 0
    ]
    ticks = list(_ticks(top))
    axis = [Word(_LEFT - 6, _HEIGHT - tick * scale + 4, f"{tick:,.0f}", "end") for tick in ticks]
    return Chart(
        width, _HEIGHT + 24, "tokens of every generation, by part, under the ceiling",
        tuple(boxes), (*axis, *numbers), grid=tuple(round(_HEIGHT - tick * scale, 1) for tick in ticks),
        limit=" ".join(limits),
    )  # fmt: skip


def _bar(count: int) -> int:
    """How wide one of so many generations is drawn."""
    return max(_BARS[0], min(_BARS[1], 640 // count))


def _stack(one: Spent, place: tuple[float, float], scale: float, parts: Sequence[str]) -> list[Box]:
    x, width = place
    boxes = []
    base = float(_HEIGHT)
    for part, tokens in [*((part, one.held.get(part, 0)) for part in parts), ("reserve", one.reserve)]:
        if tokens:
            height = tokens * scale
            base -= height
            words = f"generation {one.number} ({one.called}): {part} {tokens:,} tokens"
            boxes.append(Box(x, round(base, 2), width, round(height, 2), style_of(part), words))
    return boxes


def strip_chart(strips: Sequence[Strip]) -> Chart | None:
    """What each result was in the prompt of each generation: a row a result, a column a generation."""
    if not strips:
        return None
    row, cell, left = 22, _bar(len(strips[0].levels)) + _GAP, _LEFT
    boxes = [
        Box(left + _GAP / 2 + place * cell, number * row + 2, cell - 2, row - 4, level or "none",
            f"{strip.result} in generation {place + 1}: {level or 'not there yet'}")
        for number, strip in enumerate(strips)
        for place, level in enumerate(strip.levels)
    ]  # fmt: skip
    words = [Word(left - 6, number * row + row / 2 + 4, strip.result, "end") for number, strip in enumerate(strips)]
    count = len(strips[0].levels)
    every = max(1, count // 24 + 1)
    words += [
        Word(left + _GAP / 2 + place * cell + cell / 2, len(strips) * row + 16, str(place + 1))
        for place in range(0, count, every)
    ]
    width = left + _GAP + count * cell
    return Chart(width, len(strips) * row + 24, "what each result was in each prompt", tuple(boxes), tuple(words))


def line_chart(series: Series) -> Chart:
    """One statistic along the layers, with the layers that stand out marked."""
    width, height = _PLOT
    low, high = min(series.values), max(series.values)
    first, last = series.layers[0], series.layers[-1]

    def at(layer: int, value: float) -> tuple[float, float]:
        x = _LEFT + (layer - first) / max(1, last - first) * (width - _LEFT - 14)
        return round(x, 1), round(14 + (1 - (value - low) / (high - low)) * (height - 14), 1)

    points = [at(*point) for point in zip(series.layers, series.values, strict=True)]
    known = dict(zip(series.layers, series.values, strict=True))
    marked = [(layer, *at(layer, known[layer])) for layer in series.flagged]
    dots = [Dot(x, y, f"layer {layer}: {known[layer]:.4g}") for layer, x, y in marked]
    words = [
        Word(_LEFT - 6, 18, _short(high), "end"),
        Word(_LEFT - 6, height + 2, _short(low), "end"),
        Word(_LEFT, height + 20, f"layer {first}", "start"),
        Word(width - 14, height + 20, str(last), "end"),
        *_labels(marked, width),
    ]
    return Chart(
        width, height + 26, series.name, words=tuple(words), dots=tuple(dots), grid=(14.0, float(height)),
        path=" ".join(f"{x},{y}" for x, y in points), address=series.address,
    )  # fmt: skip


def _labels(marked: Sequence[tuple[int, float, float]], width: float) -> list[Word]:
    """The layers beside their marks, those left out that would stand on another."""
    words: list[Word] = []
    for layer, x, y in marked:
        right = x + 24 < width
        if all(abs(word.x - x) > 24 or abs(word.y - y) > 12 for word in words):
            words.append(Word(x + 7 if right else x - 7, y + 4, str(layer), "start" if right else "end"))
    return words


def head_chart(heads: HeadMap) -> Chart:
    """One statistic by layer (down) and head (across), the fuller the larger; what stands out has a frame."""
    known = [value for row in heads.values for value in row if value is not None]
    low, high = min(known), max(known)
    cell = max(6.0, min(20.0, (_PLOT[0] - _LEFT) / len(heads.heads)))
    row = max(5.0, min(14.0, 420 / len(heads.layers)))
    boxes = []
    for down, (layer, values) in enumerate(zip(heads.layers, heads.values, strict=True)):
        for across, (head, value) in enumerate(zip(heads.heads, values, strict=True)):
            if value is not None:
                style = "flagged" if (layer, head) in heads.flagged else "heat"
                place = (_LEFT + across * cell, 4 + down * row, cell - 1, row - 1)
                strength = round(0.06 + 0.94 * (value - low) / (high - low), 3)
                boxes.append(Box(*place, style, f"layer {layer}, head {head}: {value:.4g}", strength))
    every = max(1, math.ceil(len(heads.layers) / 16))
    words = [
        Word(_LEFT - 6, 4 + down * row + row / 2 + 4, str(layer), "end")
        for down, layer in enumerate(heads.layers)
        if down % every == 0
    ]
    bottom = 4 + len(heads.layers) * row
    words += [
        Word(_LEFT, bottom + 14, f"head {heads.heads[0]}", "start"),
        Word(_LEFT + len(heads.heads) * cell, bottom + 14, f"{heads.heads[-1]}", "end"),
    ]
    title = f"{heads.name}: {low:.3g} (pale) to {high:.3g} (full)"
    width = max(_PLOT[0], _LEFT + len(heads.heads) * cell + 8)
    return Chart(width, bottom + 20, title, tuple(boxes), tuple(words), address=heads.address)


def _short(value: float) -> str:
    """A number in at most seven characters.

    >>> _short(23.4), _short(5843.0), _short(0.000226)
    ('23.4', '5843', '2.3e-04')
    """
    near = f"{value:.3g}" if 1e-3 <= abs(value) < 1e3 or not value else f"{value:.0f}"
    return near if 1e-3 <= abs(value) < 1e6 or not value else f"{value:.1e}"


def _ticks(top: float) -> list[float]:
    """Four or five round numbers from 0 to the top.

    >>> _ticks(4400)
    [0.0, 1000.0, 2000.0, 3000.0, 4000.0]
    """
    rough = top / 4
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if size * factor >= 0.8 * rough)
    return [step * number for number in range(int(top / step) + 1)]
