"""Whether the parts of a layer that work together still fit each other: neurons' two ends, queries and their keys.

A neuron's direction of reading and of writing are far from unrelated in a trained network, and a query head shares
directions with the key head of its group, at the same rotary frequencies. An exchange or a shuffle breaks that, and a
wrong sign turns it round, while every moment and every singular value stays as it was.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from .anomaly import Anomaly
from .heads import HeadBlock, head_blocks, outputs_first
from .order import inner_neighbours
from .siblings import HIGHEST_SCORE
from .subject import Subject, TensorInfo

_MATES = {
    "up_proj": "down_proj",
    "gate_proj": "down_proj",
    "fc1": "fc2",
    "c_fc": "c_proj",
    "dense_h_to_4h": "dense_4h_to_h",
    "w1": "w2",
    "w3": "w2",
}
_NEURONS = 1024
_FEWEST_LAYERS = 5
_SIZE_CHANCE = 3.2  # standard deviations
_RELATED = 1.5
_SIGNED = 0.05  # mean cosine
_SIGN_CHANCE = 8.0  # standard deviations
_LEAST_GAIN = 1.2
_GAIN_CHANCE = 6.0  # standard deviations
_KNOWN = 0.7  # share of a layer's heads that fit their own group's keys best


@dataclass(frozen=True, slots=True)
class Neurons:
    """The cosines of what a layer's neurons read and write, through one matrix on either side.

    `size` is their mean size over that of one neuron's reading and another's writing. Where they are unrelated, it is 1
    with a standard deviation of about 1 / sqrt(`count`), and the signed `mean` is 0 with one of `chance`.
    """

    feeding: TensorInfo
    writing: TensorInfo
    size: float
    mean: float
    chance: float
    count: int

    @property
    def unrelated(self) -> bool:
        """Whether the size is what chance gives."""
        return self.size <= 1 + _SIZE_CHANCE / math.sqrt(self.count)


@dataclass(frozen=True, slots=True)
class HeadFit:
    """How well each query head (rows) fits each key head (columns) as logarithms; its own is `head // each`.

    `chance` is the standard deviation of an exchange's gain where nothing fits.
    """

    query: TensorInfo
    key: TensorInfo
    fits: Tensor
    chance: float


@dataclass(frozen=True, slots=True)
class Partners:
    """What was seen of one layer."""

    neurons: tuple[Neurons, ...]
    heads: HeadFit | None


def partners(subject: Subject, tensors: Mapping[TensorInfo, Tensor]) -> Partners:
    """Compare the parts of one layer, given its tensors as stored."""
    facing = {
        info: tensor if outputs_first(subject, info) else tensor.T
        for info, tensor in tensors.items()
        if len(info.shape) == 2
    }
    return Partners(tuple(_neurons(facing)), _heads(subject, facing))


def mismatched(layers: Sequence[Partners]) -> Iterator[Anomaly]:
    """Yield neurons whose ends do not fit or are of the wrong sign, and heads that fit each other's place."""
    if len(layers) < _FEWEST_LAYERS:
        return
    pairs = _whole(layers)
    for family in pairs:
        yield from _reversed(family)
    yield from _unpaired(pairs)
    for one in layers:
        if one.heads is not None:
            yield from _exchanged(one.heads)


def _whole(layers: Sequence[Partners]) -> list[list[Neurons]]:
    """Return the pairs of modules that every layer has, each over the layers."""
    found: dict[tuple[str, str], list[Neurons]] = {}
    for layer in layers:
        for one in layer.neurons:
            found.setdefault((one.feeding.place.module, one.writing.place.module), []).append(one)
    return [family for family in found.values() if len(family) == len(layers)]


def _neurons(facing: Mapping[TensorInfo, Tensor]) -> Iterator[Neurons]:
    by_module = {info.place.module: info for info in facing}
    for module, info in by_module.items():
        stem, _, last = module.rpartition(".")
        mate = by_module.get(".".join(filter(None, (stem, _MATES.get(last, "")))))
        if mate is None or mate is info or facing[info].shape != facing[mate].T.shape:
            continue
        count, size = facing[info].shape
        chosen = torch.linspace(0, count - 1, min(count, _NEURONS)).long()
        reads, writes = facing[info][chosen].float(), facing[mate].T[chosen].float()
        cosines = _cosines(reads, writes)
        unrelated = float(_cosines(reads, writes.roll(1, 0)).abs().mean())
        related = float(cosines.abs().mean()) / max(unrelated, 1e-12)
        yield Neurons(info, mate, related, float(cosines.mean()), 1 / math.sqrt(size * len(chosen)), len(chosen))


def _cosines(reads: Tensor, writes: Tensor) -> Tensor:
    return torch.nn.functional.cosine_similarity(reads, writes).nan_to_num(0.0)


def _unpaired(pairs: Sequence[Sequence[Neurons]]) -> Iterator[Anomaly]:
    """Yield, in each module, the one inner layer whose neurons' ends are unrelated.

    The writing matrix is named where it fits none of those that feed its neurons.
    """
    lost: dict[tuple[int | None, str], list[tuple[Neurons, float]]] = {}
    for family in pairs:
        sizes = [one.size for one in family]
        around = {layer: inner_neighbours(sizes, layer) for layer in range(1, len(sizes) - 1)}
        found = [at for at, near in around.items() if family[at].unrelated and min(near) >= _RELATED]
        if len(found) == 1:
            place = family[found[0]].writing.place
            lost.setdefault((place.layer, place.module), []).append((family[found[0]], median(around[found[0]])))
    for broken in lost.values():
        one, typical = broken[0]
        both = len(broken) > 1
        culprit, mate = (one.writing, one.feeding) if both else (one.feeding, one.writing)
        sides = ("columns", "rows") if both else ("rows", "columns")
        where = f"{sides[0]} do not pair with the {sides[1]} of {mate.place.module}"
        what, place = "neurons out of order", culprit.place
        yield Anomaly(place.layer, place.module, what, where, one.size, typical, HIGHEST_SCORE)


def _reversed(family: Sequence[Neurons]) -> Iterator[Anomaly]:
    """Yield the inner layer whose neurons write the opposite of what the layers' around write for the same reading."""
    means = [one.mean for one in family]
    found = []
    for layer in range(1, len(means) - 1):
        near, one = inner_neighbours(means, layer), family[layer]
        side = 1 if near[0] > 0 else -1
        least = max(_SIGNED, _SIGN_CHANCE * one.chance)
        if min(mean * side for mean in near) >= least and -one.mean * side >= max(least, median(near) * side / 2):
            found.append((one, median(near)))
    if len(found) == 1:
        one, typical = found[0]
        where = f"writes the opposite of its neighbours': the sign of it or of {one.feeding.place.module} is wrong"
        score = min(HIGHEST_SCORE, abs(one.mean) / one.chance)
        place = one.writing.place
        yield Anomaly(place.layer, place.module, "opposite sign", where, one.mean, typical, score)


def _heads(subject: Subject, facing: Mapping[TensorInfo, Tensor]) -> HeadFit | None:
    blocks = {block.role: (info, block) for info in facing for block in head_blocks(subject, info) if block.on_rows}
    if not {"query", "key"} <= set(blocks):
        return None
    (query, queries), (key, keys) = blocks["query"], blocks["key"]
    if keys.count < 2 or queries.count % keys.count or queries.size != keys.size:
        return None
    rotated = _rotated(subject, queries.size)
    pairs = [_turning(rows, rotated) for rows in _by_head(facing[key], keys)]
    columns = torch.stack(pairs)
    squares = columns.square().sum((2, 3)) + 1e-30
    fits = []
    for rows in _by_head(facing[query], queries):
        turning = _turning(rows, rotated)
        inner = torch.einsum("fad,gfbd->gfab", turning, columns).square().sum((2, 3))
        fits.append((inner / (squares * (turning.square().sum((1, 2)) + 1e-30))).mean(1))
    return HeadFit(query, key, torch.stack(fits).clamp_min(1e-30).log(), 1 / math.sqrt(columns.shape[1]))


def _by_head(matrix: Tensor, block: HeadBlock) -> Iterator[Tensor]:
    for start in block.starts:
        yield matrix[start : start + block.size].float().nan_to_num(0.0, 0.0, 0.0)


def _rotated(subject: Subject, size: int) -> int:
    """Return how many of a head's channels are rotated together, two by two, half of them apart; 0 where none are."""
    if subject.config.get("model_type") in {"gpt2", "opt", "bloom", "mpt", "gpt_neo", "gptj"}:
        return 0
    share = next(
        (
            float(value)
            for holder in (subject.config, subject.config.get("rope_parameters") or {})
            for name in ("partial_rotary_factor", "rotary_pct")
            if isinstance(value := holder.get(name), int | float)
        ),
        1.0,
    )
    return int(size * share) // 2 * 2


def _turning(rows: Tensor, rotated: int) -> Tensor:
    """Return a head's rows as frequencies x 2 x inputs; without rotation, all rows belong together."""
    half = rotated // 2
    if not half:
        return rows[None]
    return torch.stack((rows[:half], rows[half:rotated]), 1)


def _exchanged(heads: HeadFit) -> Iterator[Anomaly]:
    """Yield the two query or key heads whose exchange lets each fit its group, if the others do as they are."""
    best = max((*_query_exchanges(heads.fits), *_key_exchanges(heads.fits)), key=lambda one: one.gain, default=None)
    if best is None or best.gain / best.heads < max(_LEAST_GAIN, _GAIN_CHANCE * heads.chance) / 2:
        return
    own = torch.arange(len(best.mended)) // (len(best.mended) // best.mended.shape[1])
    if float((best.mended.argmax(1) == own).float().mean()) < _KNOWN:
        return
    info = heads.query if best.role == "query" else heads.key
    mates = "keys" if best.role == "query" else "queries"
    where = f"{best.role} heads {best.first} and {best.second} fit each other's {mates}"
    yield Anomaly(info.place.layer, info.place.module, "exchanged heads", where, best.gain, 0.0, HIGHEST_SCORE)


@dataclass(frozen=True, slots=True)
class _Exchange:
    """Two heads, by how much their exchange raises the fits of the `heads` concerned, and the fits after it."""

    role: str
    first: int
    second: int
    gain: float
    heads: int
    mended: Tensor


def _query_exchanges(fits: Tensor) -> Iterator[_Exchange]:
    each = len(fits) // fits.shape[1]
    for first in range(len(fits)):
        for second in range(first + 1, len(fits)):
            one, other = first // each, second // each
            if one != other:
                order = list(range(len(fits)))
                order[first], order[second] = second, first
                gain = fits[first, other] + fits[second, one] - fits[first, one] - fits[second, other]
                yield _Exchange("query", first, second, float(gain), 2, fits[order])


def _key_exchanges(fits: Tensor) -> Iterator[_Exchange]:
    groups = fits.shape[1]
    each = len(fits) // groups
    own = torch.arange(len(fits)) // each
    before = float(fits[torch.arange(len(fits)), own].sum())
    for first in range(groups if each > 1 else 0):  # with one query head a key, it is the queries' exchange
        for second in range(first + 1, groups):
            order = list(range(groups))
            order[first], order[second] = second, first
            mended = fits[:, order]
            gain = float(mended[torch.arange(len(fits)), own].sum()) - before
            yield _Exchange("key", first, second, gain, 2 * each, mended)
