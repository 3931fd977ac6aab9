"""Whether layers, and the lines of their tensors, stand in the order they were trained in.

Sketches along the residual stream (`stream`) are like those of neighbouring layers. Two layers that were exchanged each
fit the other's neighbourhood; lines that were shuffled, or a matrix that was transposed, fit none, although every
moment is as before.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

import torch
from torch import Tensor

from .anomaly import Anomaly
from .measured import Measured
from .siblings import HIGHEST_SCORE
from .subject import Subject

_LEAST_GAIN = 0.25
_FEWEST_LAYERS = 6
_NEIGHBOURLY = 0.05
_REACH = 2
_CHANCE = 3.0  # standard deviations of what chance gives: 1 / sqrt(numbers)
_CLEAR = 0.12


@dataclass(frozen=True, slots=True)
class Family:
    """The sketches of one side of one module, layers x numbers, and what they were drawn from."""

    word: str
    members: Sequence[Measured]
    sketches: Tensor

    @property
    def likeness(self) -> Tensor:
        """Layers x layers: the correlation of their sketches."""
        found: Tensor = self.sketches @ self.sketches.T
        return found

    def fit(self, layer: int, sketch: Tensor | None = None) -> float:
        """Return the correlation of a layer's sketch, or of another, with the mean of its neighbours'."""
        near = [at for at in range(max(0, layer - _REACH), min(len(self.sketches), layer + _REACH + 1)) if at != layer]
        mean = self.sketches[near].mean(0)
        own = self.sketches[layer] if sketch is None else sketch
        return float(own @ mean / mean.norm().clamp_min(1e-12))


def disorder(subject: Subject, measured: Sequence[Measured]) -> list[Anomaly]:
    """Return layers that were exchanged, and tensors whose lines fit no neighbouring layer's."""
    depth = subject.layer_count
    if depth < _FEWEST_LAYERS:
        return []
    families = list(_families(measured, depth))
    lost = [anomaly for family in families for anomaly in _lost(family)]
    return [*_exchanged(families), *lost]


def _families(measured: Sequence[Measured], depth: int) -> Iterator[Family]:
    """Yield the sketches that every layer has, of one size."""
    found: dict[tuple[str, str], list[Measured]] = {}
    for one in measured:
        if one.info.place.layer is not None:
            for word in one.stream:
                found.setdefault((word, one.info.place.module), []).append(one)
    for (word, _), members in found.items():
        if word == "across":
            continue
        rows = [one.stream[word] for one in members]
        if len(rows) == depth and len({len(row) for row in rows}) == 1:
            yield Family(word, members, torch.stack(rows))


def _exchanged(families: Sequence[Family]) -> list[Anomaly]:
    """Return the two layers whose exchange would put the network in better order, if one exchange clearly does.

    The order of a network is judged by the mean correlation of neighbouring layers' sketches, summed over depth; an
    exchange is reported when it raises that sum by 0.25 or more. By nature it is at most 0.01 in SmolLM2-135M and
    Qwen2.5-Coder-0.5B; two of their layers five apart or more, exchanged, give 0.34 to 0.85.
    """
    if not families:
        return []
    likeness = torch.stack([family.likeness for family in families]).mean(0)
    gains = _gains(likeness)
    (first, second), gain = max(gains.items(), key=lambda item: item[1])
    if gain < _LEAST_GAIN or float(likeness.diagonal(1).mean()) < _NEIGHBOURLY:
        return []
    typical = median(gains.values())
    return [
        Anomaly(layer, "", "out of order", f"fits the place of layer {other}", gain, typical, HIGHEST_SCORE, rank=1)
        for layer, other in ((first, second), (second, first))
    ]


def _gains(likeness: Tensor) -> dict[tuple[int, int], float]:
    """Return for each two layers by how much their exchange raises the likeness of neighbours."""
    depth = len(likeness)
    matrix: list[list[float]] = likeness.tolist()

    def joined(order: list[int], places: set[int]) -> float:
        edges = {edge for place in places for edge in (place - 1, place) if 0 <= edge < depth - 1}
        return sum(matrix[order[edge]][order[edge + 1]] for edge in edges)

    gains = {}
    for first, second in combinations(range(depth), 2):
        order = list(range(depth))
        before = joined(order, {first, second})
        order[first], order[second] = second, first
        gains[first, second] = joined(order, {first, second}) - before
    return gains


def _lost(family: Family) -> Iterator[Anomaly]:
    """Yield the inner layer whose fit is what chance gives while the layers around fit clearly, or it does transposed.

    Where several layers are like that, it is how the network was made.
    """
    size = family.sketches.shape[1]
    chance = _CHANCE / math.sqrt(size)
    fits = [family.fit(layer) for layer in range(len(family.members))]
    found: list[tuple[int, str]] = []
    for layer in range(1, len(fits) - 1):
        near, across = inner_neighbours(fits, layer), family.members[layer].stream.get("across")
        if abs(fits[layer]) > chance:
            continue
        if across is not None and family.fit(layer, across) >= max(2 * chance, median(near) / 2):
            found.append((layer, f"{family.word}s fit no neighbouring layer's, but do when it is transposed"))
        elif min(near) >= max(_CLEAR, 2 * chance):
            found.append((layer, f"{family.word}s fit no neighbouring layer's"))
    if len(found) == 1:
        layer, where = found[0]
        place, typical = family.members[layer].info.place, median(inner_neighbours(fits, layer))
        score = min(HIGHEST_SCORE, abs(typical) * math.sqrt(size))
        yield Anomaly(place.layer, place.module, f"{family.word}s out of order", where, fits[layer], typical, score)


def inner_neighbours(values: Sequence[float], layer: int) -> list[float]:
    """Return the values of the layers within reach, the first and the last layer left out."""
    inner = range(max(1, layer - _REACH), min(len(values) - 1, layer + _REACH + 1))
    return [values[at] for at in inner if at != layer]
