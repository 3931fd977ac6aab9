"""Singular values: how many directions each matrix uses, and where that departs from its siblings."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pager import Lazy

from ..models.bundled import cache_folder
from .anomaly import Anomaly, outcomes, ranked
from .contrasts import Contrast, Reading, contrasted
from .decomposition import decompose
from .heads import head_blocks, outputs_first
from .kept import content_key, keep, load_kept
from .moments import as_matrix
from .rounding import rounded
from .stretch import standing_out
from .subject import Subject, TensorInfo

_NEGLIGIBLE = 0.01
_EVEN_KURTOSIS = 3.8  # a direction of normal numbers has 3; its sampling error over 500 rows is 0.2
_EVEN_HEADS = 0.85
_TOP_SKIPPED = 8
_LEAST_SPREAD = 4
_TALL = 1.5  # rows to columns, or the other way round


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One matrix's singular values, largest first, and what they amount to."""

    info: TensorInfo
    values: Tensor
    spread: int
    into_heads: bool = False

    @property
    def stable_rank(self) -> float:
        """The squared Frobenius norm over the squared spectral norm (Rudelson and Vershynin, 2007)."""
        return float(self.values.square().sum() / self.values[0].square()) if self.values[0] else 0.0

    @property
    def rank(self) -> int:
        """How many singular values exceed a hundredth of their root mean square."""
        return int((self.values > _NEGLIGIBLE * self.values.square().mean().sqrt()).sum())

    @property
    def gap(self) -> float:
        """The largest singular value over the second."""
        return float(self.values[0] / self.values[1]) if len(self.values) > 1 and self.values[1] else 1.0

    @property
    def cliff(self) -> tuple[float, int]:
        """The largest factor between two successive values and how many stand before it, both ends left out.

        In a matrix as trained or as initialised successive values differ by a few per cent; where it was cut to a lower
        rank, they fall by much at that rank.
        """
        kept = self.values[: len(self.values) - max(4, len(self.values) // 16)].clamp_min(1e-30)
        if len(kept) < 2 * _TOP_SKIPPED:
            return 1.0, 0
        steps = kept[_TOP_SKIPPED - 1 : -1] / kept[_TOP_SKIPPED:]
        return float(steps.max()), int(steps.argmax()) + _TOP_SKIPPED

    @property
    def tail(self) -> float:
        """The sum of squares of the lower half of the values, over that of all: 0 in a matrix cut to a lower rank."""
        squares = self.values.square()
        return float(squares[len(squares) // 2 :].sum() / squares.sum().clamp_min(1e-30))

    @property
    def alpha(self) -> float | None:
        """Hill's estimate of the power-law exponent of the eigenvalues' upper half (Martin and Mahoney, 2021)."""
        eigen = self.values.square()
        upper = eigen[: max(2, len(eigen) // 2)]
        logs = (upper / upper[-1]).log().sum() if upper[-1] > 0 else torch.tensor(0.0)
        return 1 + len(upper) / float(logs) if logs > 0 else None

    def record(self) -> dict[str, object]:
        """Return it as a mapping of plain values, with the eight largest singular values.

        `evenly_spread` counts, of the 16 leading directions, those that all outputs and heads share alike.
        """
        return {
            "shape": list(self.info.shape),
            "spectral_norm": rounded(float(self.values[0])),
            "stable_rank": rounded(self.stable_rank),
            "rank": self.rank,
            "full_rank": len(self.values),
            "gap": rounded(self.gap),
            "tail": rounded(self.tail),
            "cliff": rounded(self.cliff[0]),
            "evenly_spread": self.spread,
            "alpha": rounded(self.alpha),
            "largest": [rounded(value) for value in self.values[:8].tolist()],
        }


def spectrum(subject: Subject, info: TensorInfo) -> Spectrum:
    """Return the singular values of one matrix; numbers that are not finite count as zero.

    How exact they are says `decompose`. They are kept under the tensor's content.
    """
    tensor = subject.tensor(info.name)
    first = outputs_first(subject, info)
    blocks = [(block.on_rows, block.start, block.count, block.size, block.step) for block in head_blocks(subject, info)]
    folder = cache_folder() / "spectra"
    key = content_key(tensor, first, blocks)
    kept = load_kept(folder, key)
    if kept is not None:
        return Spectrum(info, torch.from_numpy(kept["values"]), int(kept["spread"]), _into_heads(subject, info))
    taken = decompose(as_matrix(tensor if first else tensor.T))
    found = Spectrum(info, taken.values, _spread(subject, info, taken.leading.T), _into_heads(subject, info))
    keep(folder, key, values=found.values.numpy(), spread=np.array(found.spread))
    return found


def _into_heads(subject: Subject, info: TensorInfo) -> bool:
    """Whether its outputs are queries or keys, of which single heads and rotary channels stand out by nature."""
    return any(block.on_rows and block.role != "value" for block in head_blocks(subject, info))


def _spread(subject: Subject, info: TensorInfo, directions: Tensor) -> int:
    """Count the output directions (rows) that are spread evenly over outputs and heads, as a foreign one would be.

    What training writes into a projection belongs to some heads more than to others; a low-rank matrix drawn without
    regard to them, such as an adapter's, is shared by all alike.
    """
    squares = directions.square()
    mean = squares.mean(1).clamp_min(1e-300)
    even = squares.square().mean(1) / mean.square() < _EVEN_KURTOSIS
    for block in head_blocks(subject, info):
        if block.on_rows and block.start == 0 and block.count * block.size == directions.shape[1]:
            shares = squares.reshape(len(squares), block.count, block.size).sum(2)
            shares = shares / shares.sum(1, keepdim=True).clamp_min(1e-300)
            even &= 1 / shares.square().sum(1) > _EVEN_HEADS * block.count
    return int(even.sum())


def spectra(subject: Subject, layer: int) -> list[Spectrum]:
    """Return the spectra of one layer's matrices, reading no other layer."""
    return [spectrum(subject, info) for info in subject.in_layer(layer) if len(info.shape) > 1 and info.elements]


def _unless_heads(value: Callable[[Spectrum], float]) -> Callable[[Spectrum], Reading | None]:
    return lambda one: None if one.into_heads else Reading(value(one))


def _in_heads(value: Callable[[Spectrum], float]) -> Callable[[Spectrum], Reading | None]:
    return lambda one: Reading(value(one)) if one.into_heads else None


# Natural extremes on SmolLM2-135M: a stable rank 4.0 times below its neighbours' (layer 24's o_proj), 9.1 in layer 0; a
# tail 1.8 times above them; a gap 2.1 times theirs; a cliff of 1.14 against 1.08. On Qwen2.5-Coder-0.5B one head of
# layer 4's q_proj has a direction that lowers its stable rank 17.8 times, with a gap 5.2 times its neighbours'.
CONTRASTS: tuple[Contrast[Spectrum], ...] = (
    Contrast("cut to a lower rank", lambda one: _cliff(one), 1.4, 1.4, downward=False, rank=1),
    Contrast(
        "low rank", lambda one: Reading(one.rank, f"rank {one.rank} of {len(one.values)}"), 1.4, 2.5, upward=False
    ),
    Contrast("one direction dominates", _unless_heads(lambda one: one.stable_rank), 5.0, 15.0, upward=False),
    Contrast("one direction dominates", _in_heads(lambda one: one.stable_rank), 30.0, 60.0, upward=False),
    Contrast(
        "gap after the first singular value",
        _unless_heads(lambda one: one.gap),
        3.0,
        5.0,
        downward=False,
        rank=3,
    ),
    Contrast("gap after the first singular value", _in_heads(lambda one: one.gap), 8.0, 16.0, downward=False, rank=3),
    Contrast("tail of singular values", lambda one: Reading(one.tail), 20.0, 100.0, upward=False, rank=3, alone=4.0),
    Contrast("tail of singular values", lambda one: Reading(one.tail), 8.0, 20.0, downward=False, rank=3, alone=2.5),
    Contrast(
        "smallest singular value raised, as by noise",
        lambda one: _low(one),
        3.0,
        5.0,
        downward=False,
        rank=3,
        alone=1.2,
    ),
)


def _cliff(one: Spectrum) -> Reading:
    size, rank = one.cliff
    return Reading(size, f"singular values fall by a factor {size:.3g} after rank {rank} of {len(one.values)}")


def _low(one: Spectrum) -> Reading | None:
    """Read the smallest singular value against the root mean square, where chance does not rule it.

    Noise fills the directions that training left empty. In a matrix that is nearly square the smallest is near 0
    whatever was trained, and varies by factors.
    """
    mean = float(one.values.square().mean().sqrt())
    if not mean or max(one.info.shape) < _TALL * min(one.info.shape):
        return None
    return Reading(float(one.values[-1]) / mean)


def _foreign(family: list[Spectrum]) -> list[Anomaly]:
    """Return the layers in a row whose leading directions are evenly spread although the family's are not."""
    found = standing_out([one.spread for one in family], least=_LEAST_SPREAD)
    if found is None:
        return []
    layers = [family[at].info.place.layer for at in range(found.first, found.last + 1)]
    span = f"layers {layers[0]} to {layers[-1]}: " if len(layers) > 1 else ""
    where = f"{span}leading directions shared by all heads alike, as of a low-rank matrix added"
    return [
        Anomaly(
            one.info.place.layer,
            one.info.place.module,
            "foreign directions",
            where,
            one.spread,
            found.typical,
            found.score,
            2,
        )
        for one in family[found.first : found.last + 1]
    ]


def singular_values(subject: Subject) -> Lazy:
    """Return the layers, each computed when it is opened: module to spectrum."""
    keys = tuple(subject.path(layer) for layer in range(subject.layer_count))
    about = {"axes": "layer > module > index", "not_computed": "a layer is computed when it is opened"}
    return Lazy(keys=keys, child=lambda key: layer_spectra(subject, subject.layer(key)), about=about)


def layer_spectra(subject: Subject, layer: int) -> dict[str, object]:
    """Return one layer's modules and their singular values."""
    return {one.info.place.module: one.record() for one in spectra(subject, layer)}


def scan_spectra(subject: Subject) -> dict[str, object]:
    """Return what stands out among the singular values of the whole network, and a row for each matrix."""
    families = _families(subject)
    found = ranked(_found(families))
    rows = [
        {"layer": one.info.place.layer, "module": one.info.place.module} | _brief(one)
        for family in families.values()
        for one in family
    ]
    return {
        **outcomes(found, subject.stack),
        "anomalies": [one.row(subject.stack) for one in found],
        "matrices": rows,
    }


def spectrum_anomalies(subject: Subject) -> list[Anomaly]:
    """Return what stands out among the singular values of the whole network."""
    return ranked(_found(_families(subject)))


def _families(subject: Subject) -> dict[str, list[Spectrum]]:
    families: dict[str, list[Spectrum]] = {}
    for layer in range(subject.layer_count):
        for one in spectra(subject, layer):
            families.setdefault(one.info.place.module, []).append(one)
    return families


def _found(families: Mapping[str, list[Spectrum]]) -> Iterator[Anomaly]:
    for family in families.values():
        yield from contrasted(family, CONTRASTS)
        yield from _foreign(family)


def _brief(one: Spectrum) -> dict[str, object]:
    kept = ("spectral_norm", "stable_rank", "rank", "gap", "tail", "alpha")
    return {name: value for name, value in one.record().items() if name in kept}
