"""Singular values: how many directions each matrix uses, and where that departs from its siblings."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pager import Lazy

from .anomaly import outcomes, ranked
from .contrasts import Contrast, Reading, contrasted
from .heads import outputs_first
from .moments import as_matrix
from .rounding import rounded
from .subject import Subject, TensorInfo
from .threads import few_threads

_NEGLIGIBLE = 0.01


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One matrix's singular values, largest first, and what they amount to."""

    info: TensorInfo
    values: Tensor

    @property
    def stable_rank(self) -> float:
        """The squared Frobenius norm over the squared spectral norm (Rudelson and Vershynin, 2007)."""
        return float(self.values.square().sum() / self.values[0].square()) if self.values[0] else 0.0

    @property
    def rank(self) -> int:
        """How many singular values exceed a hundredth of the largest."""
        return int((self.values > _NEGLIGIBLE * self.values[0]).sum())

    @property
    def gap(self) -> float:
        """The largest singular value over the second."""
        return float(self.values[0] / self.values[1]) if len(self.values) > 1 and self.values[1] else 1.0

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
        """Return it as a mapping of plain values, with the eight largest singular values."""
        return {
            "shape": list(self.info.shape),
            "spectral_norm": rounded(float(self.values[0])),
            "stable_rank": rounded(self.stable_rank),
            "rank": self.rank,
            "full_rank": len(self.values),
            "gap": rounded(self.gap),
            "tail": rounded(self.tail),
            "alpha": rounded(self.alpha),
            "largest": [rounded(value) for value in self.values[:8].tolist()],
        }


def spectrum(subject: Subject, info: TensorInfo) -> Spectrum:
    """Return the singular values of one matrix; numbers that are not finite count as zero.

    They are the square roots of the eigenvalues of the smaller Gram matrix, computed in float64: exact to about 1e-7 of
    the largest, at a tenth of a decomposition's cost.
    """
    tensor = subject.tensor(info.name)
    matrix = as_matrix(tensor if outputs_first(subject, info) else tensor.T).double().nan_to_num(0.0, 0.0, 0.0)
    with few_threads():
        gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        values = torch.linalg.eigvalsh(gram).flip(0).clamp_min(0).sqrt()
    return Spectrum(info, values)


def spectra(subject: Subject, layer: int) -> list[Spectrum]:
    """Return the spectra of one layer's matrices, reading no other layer."""
    return [spectrum(subject, info) for info in subject.in_layer(layer) if len(info.shape) > 1]


# Natural extremes on SmolLM2-135M: a stable rank 4.0 times below its neighbours' (layer 24's o_proj), 9.1 in layer 0.
CONTRASTS: tuple[Contrast[Spectrum], ...] = (
    Contrast(
        "low rank", lambda one: Reading(one.rank, f"rank {one.rank} of {len(one.values)}"), 1.4, 2.5, upward=False
    ),
    Contrast("one direction dominates", lambda one: Reading(one.stable_rank), 5.0, 15.0, upward=False),
    Contrast("gap after the first singular value", lambda one: Reading(one.gap), 3.0, 5.0, downward=False, rank=3),
    Contrast("tail of singular values", lambda one: Reading(one.tail), 20.0, 100.0, upward=False, rank=3),
)


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
    families: dict[str, list[Spectrum]] = {}
    for layer in range(subject.layer_count):
        for one in spectra(subject, layer):
            families.setdefault(one.info.place.module, []).append(one)
    found = ranked(one for family in families.values() for one in contrasted(family, CONTRASTS))
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


def _brief(one: Spectrum) -> dict[str, object]:
    kept = ("spectral_norm", "stable_rank", "rank", "gap", "tail", "alpha")
    return {name: value for name, value in one.record().items() if name in kept}
