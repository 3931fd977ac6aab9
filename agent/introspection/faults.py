"""Faults that moments miss: what is not finite, zero, constant or copied, and a row of an embedding gone astray."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from .anomaly import Anomaly, numbers
from .measured import Measured, where_bad
from .naming import POSITION_TABLES
from .siblings import HIGHEST_SCORE
from .subject import Subject

if TYPE_CHECKING:
    from torch import Tensor

_ASTRAY_RATIO = 3.0
_ASTRAY_GAP = 1.3
_RARE = 0.35
_UNSETTLED = 4  # first positions, which trained tables of positions treat apart
_COPIED = 0.5  # 22 standard deviations of the correlation of two random samples
_SAME = 1e-6
_FEWEST_SIBLINGS = 5
_ON_GRID = 28.5  # different numbers among 32 neighbours; at 6 bits about 27.7
_OFF_GRID = 30.5


def not_finite(measured: Measured) -> Iterator[Anomaly]:
    """NaN and infinite numbers, always a fault."""
    for what, count in (("NaN", measured.moments.nan), ("Inf", measured.moments.inf)):
        if count:
            yield _at(measured, what, where_bad(measured), count, 0, rank=0)


def blanks(family: Sequence[Measured]) -> Iterator[Anomaly]:
    """Rows, columns and heads that are zero in one layer while siblings' are not; constant vectors likewise."""
    heads = [_zero_heads(one) for one in family]
    yield from _rare(family, "zero head", heads)
    whole = [one.is_matrix and not zeros for one, zeros in zip(family, heads, strict=True)]
    for side, word in (("row_norms", "row"), ("column_norms", "column")):
        lines = [_zero(getattr(one, side)) if fits else [] for one, fits in zip(family, whole, strict=True)]
        yield from _rare(family, f"zero {word}s", lines, word)
    constant = [[f"all {one.moments.mean:.4g}"] if _is_constant(one) else [] for one in family]
    for one in _rare(family, "constant vector", constant):
        means = {member.info.place.layer: member.moments.mean for member in family}
        yield replace(one, value=means.pop(one.layer), siblings=median(means.values()) if means else None)


def _is_constant(measured: Measured) -> bool:
    return not measured.is_matrix and measured.moments.std == 0 and measured.moments.elements > 1


def _rare(
    family: Sequence[Measured], what: str, found: Sequence[Sequence[object]], word: str = ""
) -> Iterator[Anomaly]:
    """Report what few of the layers have; what most have is how the network was made."""
    having = sum(1 for lines in found if lines)
    if having > max(1, _RARE * len(family)):
        return
    typical = median(len(lines) for lines in found)
    for measured, lines in zip(family, found, strict=True):
        if lines:
            yield _at(measured, what, f"{word} {numbers(lines)}".strip(), len(lines), typical)


def _zero(norms: Sequence[float]) -> list[int]:
    return [index for index, value in enumerate(norms) if value == 0]


def _zero_heads(measured: Measured) -> list[str]:
    if measured.moments.abs_max == 0:
        return []
    return [f"{block.role} head {index}" for block, norms in measured.heads for index in _zero(norms)]


def empty(measured: Measured) -> Iterator[Anomaly]:
    """A matrix that is zero as a whole."""
    if measured.is_matrix and measured.moments.abs_max == 0 and measured.moments.elements:
        yield _at(measured, "all zero", "whole tensor", 0, None)


def copies(subject: Subject, family: Sequence[Measured]) -> Iterator[Anomaly]:
    """Tensors equal to the same module's in another layer, element by element; blank and constant ones aside."""
    import torch

    alike: defaultdict[tuple[float, ...], list[Measured]] = defaultdict(list)
    for one in family:
        if one.moments.std:
            alike[(one.moments.total, one.moments.rms, one.moments.abs_max)].append(one)
    for group in alike.values():
        if len(group) > max(2, _RARE * len(family)):  # masks and frequencies that every layer carries along
            continue
        first = group[0]
        same = [one for one in group[1:] if torch.equal(subject.tensor(first.info.name), subject.tensor(one.info.name))]
        for one, other in ((one, first) for one in same):
            yield _at(one, "duplicate", f"equals layer {other.info.place.layer}", 1, 0)
            yield _at(other, "duplicate", f"equals layer {one.info.place.layer}", 1, 0)


def likenesses(family: Sequence[Measured]) -> Iterator[Anomaly]:
    """Matrices that are nearly another layer's, up to noise, scale or sign: a sample of their numbers correlates.

    Matrices trained apart correlate by 1 / sqrt(2,048) or so; what few layers share was copied.
    """
    samples = _samples(family)
    if samples is None:
        return
    alike = samples @ samples.T
    alike.fill_diagonal_(0.0)
    near = alike.abs() >= _COPIED
    having = near.any(1)
    if not having.any() or int(having.sum()) > max(2, _RARE * len(family)):
        return
    for index in having.nonzero().flatten().tolist():
        mate = int(alike[index].abs().argmax())
        correlation = float(alike[index, mate])
        if 1 - abs(correlation) > _SAME:
            where = f"nearly equals layer {family[mate].info.place.layer}{', with opposite sign' * (correlation < 0)}"
            yield _at(family[index], "near copy", where, correlation, 0)


def _samples(family: Sequence[Measured]) -> "Tensor | None":
    """Return layers x numbers, centred and of length one; None where there is nothing to compare."""
    import torch

    sizes = {len(one.sample) for one in family if one.is_matrix}
    if len(family) < 2 or len(sizes) != 1 or min(sizes) < 64 or not all(one.is_matrix for one in family):
        return None
    samples = torch.stack([one.sample for one in family])
    samples = samples - samples.mean(1, keepdim=True)
    unit: Tensor = samples / samples.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return unit


def cropped(family: Sequence[Measured]) -> Iterator[Anomaly]:
    """Matrices that use at least two bits of mantissa fewer than their siblings: they were of a shorter type once."""
    bits = {one.info.name: one.moments.bits for one in family if one.is_matrix}
    known = [found for found in bits.values() if found is not None]
    if len(known) < 3:
        return
    typical = median(known)
    for one in family:
        found = bits.get(one.info.name)
        if found is not None and found <= typical - 2:
            yield _at(one, "rounded to fewer bits", f"{found} bits of mantissa", found, typical)


def off_grid(family: Sequence[Measured]) -> Iterator[Anomaly]:
    """Matrices whose numbers lie on no grid although most of their siblings' do: they were changed after quantization.

    Whatever was added, and however little, 32 neighbours then hold 32 values. The first and the last layer are left
    out: mixed quantizations spare them.
    """
    counts = [one.moments.distinct for one in family]
    known = [count for count in counts if count is not None]
    if len(known) < len(family) or len(known) < _FEWEST_SIBLINGS or median(known) > _ON_GRID:
        return
    free = [index for index, count in enumerate(known) if count > _OFF_GRID]
    if len(free) > max(1, _RARE * len(family)):
        return
    inner = [index for index in free if 0 < index < len(family) - 1]
    layers = f"layers {numbers(family[index].info.place.layer for index in inner)}: " if len(inner) > 1 else ""
    where = f"{layers}numbers changed after quantization, siblings' not"
    for index in inner:
        yield _at(family[index], "off the quantization grid", where, known[index], median(known), rank=3)


def astray(measured: Measured) -> Iterator[Anomaly]:
    """A row of a tensor without siblings (an embedding) far above every other row; zero rows when they are few."""
    norms = measured.row_norms
    if measured.info.place.module.rsplit(".", 1)[-1] in POSITION_TABLES:
        norms = [0.0] * _UNSETTLED + norms[_UNSETTLED:]
    typical = median(norms) if norms else 0.0
    if not measured.is_matrix or len(norms) < 8 or not typical:
        return
    first, second = sorted(range(len(norms)), key=lambda index: -norms[index])[:2]
    off = median(abs(value - typical) for value in norms) * 1.4826 or typical
    if norms[first] >= _ASTRAY_RATIO * typical and norms[first] >= _ASTRAY_GAP * norms[second]:
        score = min(HIGHEST_SCORE, (norms[first] - typical) / off)
        yield _at(measured, "outlier row", f"row {first}", norms[first], typical, score=score)
    zero = _zero(measured.row_norms)
    if 0 < len(zero) <= 0.001 * len(norms):
        yield _at(measured, "zero rows", f"row {numbers(zero)}", len(zero), None, score=10.0)


def _at(
    measured: Measured,
    what: str,
    where: str,
    value: float,
    siblings: float | None,
    *,
    score: float = HIGHEST_SCORE,
    rank: int = 1,
) -> Anomaly:
    place = measured.info.place
    return Anomaly(place.layer, place.module, what, where, value, siblings, score, rank)
