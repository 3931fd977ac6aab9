"""Whether a tensor's lines stand in the order that its siblings and its partners expect.

The norms of the lines along the residual stream look alike in neighbouring layers, and a neuron's row in the matrix
that feeds it goes with its column in the matrix that reads it. Rows that were shuffled, or a matrix that was
transposed, keep every moment, but their norms' rank correlation with siblings falls to what chance gives.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from .anomaly import Anomaly
from .measured import Measured
from .siblings import HIGHEST_SCORE
from .subject import Subject

_REACH = 2
_LEAST_LINES = 32
_LEAST_LIKENESS = 0.25
_LEAST_LAYERS = 5
_CHANCE = 3.0  # standard deviations of a rank correlation that chance gives: 1 / sqrt(lines - 1)
_TIED = 0.5  # share of equal norms above which their order says nothing
_MATES = (("up_proj", "down_proj"), ("fc1", "fc2"), ("c_fc", "c_proj"), ("dense_h_to_4h", "dense_4h_to_h"))


@dataclass(frozen=True, slots=True)
class Profile:
    """The ranks of one tensor's row or column norms, centred, of length one."""

    one: Measured
    ranks: Tensor

    @property
    def lines(self) -> int:
        """How many rows or columns."""
        return len(self.ranks)


def disordered(subject: Subject, measured: Sequence[Measured]) -> Iterator[Anomaly]:
    """Yield matrices whose lines fit those of no neighbouring layer although their neighbours' fit each other."""
    layers = subject.layer_count
    if layers < _LEAST_LAYERS:
        return
    for word, rows in _along_the_stream(subject, measured):
        fits = [_fit(rows, layer) for layer in range(layers)]
        yield from _lost(fits, rows, f"{word}s out of order", f"{word}s fit no neighbouring layer's")
    for feeding, reading in _pairs(measured, layers):
        mates = [_dot(one, other) for one, other in zip(feeding, reading, strict=True)]
        name = reading[0].one.info.place.module
        yield from _lost(mates, feeding, "rows out of order", f"rows do not pair with the columns of {name}")


def _lost(fits: Sequence[float], rows: Sequence[Profile], what: str, where: str) -> Iterator[Anomaly]:
    """Yield the inner layer whose fit is what chance gives while the layers around fit clearly and alike.

    Where several layers are like that, it is how the network was made.
    """
    chance = _CHANCE / math.sqrt(rows[0].lines - 1)
    clear = max(_LEAST_LIKENESS, 2 * chance)
    around = {layer: _around(fits, layer) for layer in range(1, len(fits) - 1)}
    lost = [layer for layer, near in around.items() if abs(fits[layer]) <= chance and _alike(near, clear)]
    if len(lost) == 1:
        layer, typical = lost[0], median(around[lost[0]])
        place = rows[layer].one.info.place
        score = min(HIGHEST_SCORE, abs(typical) * math.sqrt(rows[layer].lines))
        yield Anomaly(place.layer, place.module, what, where, fits[layer], typical, score)


def _around(fits: Sequence[float], layer: int) -> list[float]:
    """Return the fits of the inner layers within reach."""
    inner = range(max(1, layer - _REACH), min(len(fits) - 1, layer + _REACH + 1))
    return [fits[at] for at in inner if at != layer]


def _alike(fits: Sequence[float], least: float) -> bool:
    return all(fit >= least for fit in fits) or all(fit <= -least for fit in fits)


def _along_the_stream(subject: Subject, measured: Sequence[Measured]) -> Iterator[tuple[str, list[Profile]]]:
    """Yield each module's profiles that lie along the residual stream, of modules that every layer has."""
    hidden = subject.setting("hidden_size", "n_embd", "d_model")
    by_side: dict[tuple[str, str], list[Profile]] = {}
    for one in measured:
        if one.info.place.layer is None:
            continue
        for word, norms in _sides(one):
            if len(norms) == hidden and (profile := _profile(one, norms)) is not None:
                by_side.setdefault((word, one.info.place.module), []).append(profile)
    for (word, _), rows in by_side.items():
        if len(rows) == subject.layer_count:
            yield word, rows


def _sides(one: Measured) -> list[tuple[str, Tensor]]:
    if not one.is_matrix:
        return [] if one.info.name.endswith("bias") else [("element", one.moments.row_norms)]
    heads_on_rows = any(block.on_rows for block, _ in one.heads)
    heads_on_columns = any(not block.on_rows for block, _ in one.heads)
    rows = [] if heads_on_rows else [("row", one.moments.row_norms)]
    return rows + ([] if heads_on_columns else [("column", one.moments.column_norms)])


def _pairs(measured: Sequence[Measured], layers: int) -> Iterator[tuple[list[Profile], list[Profile]]]:
    """Yield the matrices that feed the neurons with those that read them, over all layers."""
    named: dict[str, list[Measured]] = {}
    for one in measured:
        if one.is_matrix and one.info.place.layer is not None:
            named.setdefault(one.info.place.module, []).append(one)
    for module, family in named.items():
        stem, _, last = module.rpartition(".")
        mate = next((down for up, down in _MATES if up == last), "")
        partners = named.get(f"{stem}.{mate}" if stem else mate, [])
        feeding = [_profile(one, one.moments.row_norms) for one in family]
        reading = [_profile(one, one.moments.column_norms) for one in partners]
        whole = [one for one in feeding if one is not None], [one for one in reading if one is not None]
        if len(whole[0]) == len(whole[1]) == layers and whole[0][0].lines == whole[1][0].lines:
            yield whole


def _profile(one: Measured, norms: Tensor) -> Profile | None:
    """Return the profile; None where there are few lines or most are of the same norm, as in a norm set to ones."""
    if len(norms) < _LEAST_LINES or len(torch.unique(norms)) < _TIED * len(norms):
        return None
    ranks = norms.argsort().argsort().float()
    centred = ranks - ranks.mean()
    return Profile(one, centred / centred.norm())


def _fit(rows: Sequence[Profile], layer: int) -> float:
    """Return the rank correlation of a layer's profile with the mean of its neighbours'."""
    near = [rows[at].ranks for at in range(max(0, layer - _REACH), min(len(rows), layer + _REACH + 1)) if at != layer]
    mean = torch.stack(near).mean(0)
    return float(rows[layer].ranks @ mean / mean.norm().clamp_min(1e-12))


def _dot(one: Profile, other: Profile) -> float:
    return float(one.ranks @ other.ranks)
