"""Statistics in which one layer's tensor is compared with the same tensor in the layers around it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Generic, Protocol, TypeVar

from .anomaly import Anomaly
from .measured import Measured
from .naming import Place
from .siblings import Deviation, deviations
from .subject import TensorInfo

_LEAST_SCORE = 4.0
_LONE_SCORE = 6.0  # two-sided, normal: once in 5e8; a network gives about 1e5 such readings
_LONE_SHARE = 2.5  # how many times further out, on a log scale, than any other inner layer of its family


class Placed(Protocol):
    """Something found in one tensor."""

    @property
    def info(self) -> TensorInfo: ...


Found = TypeVar("Found", bound=Placed)


@dataclass(frozen=True, slots=True)
class Contrast(Generic[Found]):
    """A statistic, and the factor by which it must leave its neighbours' range to be reported.

    `rank` orders what is said of one tensor: what names a line comes before what does not. `edge` is the factor for
    the first and the last layer. Both factors lie above what unmodified networks show by nature. Measured on
    SmolLM2-135M and Qwen2.5-Coder-0.5B (inner layers, edges): a matrix's std 1.5 and 2.4, its largest row 2.4 and 3.7,
    in projections into heads 8.1 and 4.5, its kurtosis 32 and 5, a norm's rms 1.3 and 9.5. With `alone`, a smaller
    factor is enough for an inner layer that is further out than any other of its family by far: what is unusual is
    measured on the network itself, so that a weak change shows where layers are alike, and none where they vary.
    """

    what: str
    read: Callable[[Found], "Reading | None"]
    least: float
    edge: float
    downward: bool = True
    upward: bool = True
    rank: int = 2
    alone: float | None = None

    def reports(self, found: Deviation, next_factor: float) -> bool:
        """Whether the deviation is large enough, in the direction looked at, or alone in its family.

        `next_factor` is the largest factor among the family's other inner layers in that direction.
        """
        if not (self.upward if found.ratio > 1 else self.downward) or found.score < _LEAST_SCORE:
            return False
        return found.factor >= (self.edge if found.edge else self.least) or self._alone(found, next_factor)

    def _alone(self, found: Deviation, next_factor: float) -> bool:
        if self.alone is None or found.edge or found.factor < self.alone or found.score < _LONE_SCORE:
            return False
        return math.log(found.factor) >= _LONE_SHARE * math.log(max(next_factor, 1.0))


@dataclass(frozen=True, slots=True)
class Reading:
    """A statistic's value and where in the tensor it sits."""

    value: float
    where: str = ""


def _line(norms: list[float], word: str) -> Reading | None:
    typical = median(norms)
    if not typical or len(norms) < 2:
        return None
    largest = max(range(len(norms)), key=norms.__getitem__)
    return Reading(norms[largest] / typical, f"{word} {largest}")


def _row(one: Measured) -> Reading | None:
    return _line(one.row_norms, "row") if one.is_matrix and not _by_heads(one) else None


def _head_row(one: Measured) -> Reading | None:
    """Read the rows of a projection into heads, whose rotary channels differ much by nature."""
    return _line(one.row_norms, "row") if _by_heads(one) else None


def _by_heads(one: Measured) -> bool:
    return any(block.on_rows for block, _ in one.heads)


def _column(one: Measured) -> Reading | None:
    return _line(one.column_norms, "column") if one.is_matrix else None


def _head(one: Measured, pick: Callable[[Sequence[float]], float]) -> Reading | None:
    read = []
    for block, norms in one.heads:
        typical = median(norms)
        if typical and len(norms) > 1:
            index = norms.index(pick(norms))
            read.append(Reading(norms[index] / typical, f"{block.role} head {index}"))
    return max(read, key=lambda one: abs(one.value - 1)) if read else None


def _matrix(value: Callable[[Measured], float | None]) -> Callable[[Measured], Reading | None]:
    def read(one: Measured) -> Reading | None:
        found = value(one) if one.is_matrix else None
        return None if found is None else Reading(found)

    return read


def _vector(value: Callable[[Measured], float]) -> Callable[[Measured], Reading | None]:
    """Read a norm's weight; biases, heavy-tailed by nature, are left out."""
    return lambda one: None if one.is_matrix or one.info.name.endswith("bias") else Reading(value(one))


def _bias(value: Callable[[Measured], float], *, of_norm: bool) -> Callable[[Measured], Reading | None]:
    """Read a bias; those of projections are heavy-tailed by nature, those of norms less so."""

    def read(one: Measured) -> Reading | None:
        if one.is_matrix or not one.info.name.endswith("bias"):
            return None
        return Reading(value(one)) if _in_norm(one) == of_norm else None

    return read


def _in_norm(one: Measured) -> bool:
    module = one.info.place.module.lower()
    return any(part in module for part in ("norm", "ln_", ".ln", "ln1", "ln2"))


def _small(norms: list[float], word: str) -> Reading | None:
    """Read the smallest line that is not zero."""
    typical = median(norms) if norms else 0.0
    some = [index for index, value in enumerate(norms) if value]
    if not typical or len(some) < 2:
        return None
    least = min(some, key=norms.__getitem__)
    return Reading(norms[least] / typical, f"{word} {least}")


def _element(one: Measured) -> Reading | None:
    """Read a norm's largest weight against its median one."""
    return None if one.is_matrix or one.info.name.endswith("bias") else _line(one.row_norms, "element")


CONTRASTS: tuple[Contrast[Measured], ...] = (
    Contrast("head norm", lambda one: _head(one, min), least=2.0, edge=2.5, upward=False, alone=1.4),
    Contrast("head norm", lambda one: _head(one, max), least=8.0, edge=12.0, downward=False, alone=5.0),
    Contrast("outlier row", _row, least=5.0, edge=10.0, downward=False, alone=3.0),
    Contrast("outlier row", _head_row, least=12.0, edge=20.0, downward=False),
    Contrast("outlier column", _column, least=4.0, edge=8.0, downward=False, alone=2.0),
    Contrast(
        "small row",
        lambda one: _small(one.row_norms, "row") if one.is_matrix else None,
        20.0,
        40.0,
        upward=False,
        alone=6.0,
    ),
    Contrast(
        "small column",
        lambda one: _small(one.column_norms, "column") if one.is_matrix else None,
        20.0,
        40.0,
        upward=False,
        alone=6.0,
    ),
    Contrast("outlier element", _element, least=10.0, edge=30.0, downward=False, alone=3.0),
    Contrast(
        "coarse quantization grid", _matrix(lambda one: one.moments.distinct), 1.25, 1.25, upward=False, alone=1.1
    ),
    Contrast("std", _matrix(lambda one: one.moments.std), least=1.25, edge=4.0, rank=3, alone=1.06),
    Contrast("abs max", _matrix(lambda one: one.moments.abs_max), least=10.0, edge=20.0, rank=3, alone=4.0),
    Contrast("kurtosis", _matrix(lambda one: one.moments.kurtosis), least=45.0, edge=60.0, rank=3, alone=8.0),
    Contrast("rms of vector", _vector(lambda one: one.moments.rms), least=1.8, edge=20.0, rank=3, alone=1.1),
    Contrast("std of vector", _vector(lambda one: one.moments.std), least=4.0, edge=20.0, rank=3, alone=1.6),
    Contrast("rms of bias", _bias(lambda one: one.moments.rms, of_norm=True), least=4.0, edge=20.0, rank=3, alone=2.0),
    Contrast(
        "rms of bias", _bias(lambda one: one.moments.rms, of_norm=False), least=30.0, edge=60.0, rank=3, downward=False
    ),
)


def contrasted(family: Sequence[Found], contrasts: Sequence[Contrast[Found]]) -> Iterator[Anomaly]:
    """Yield what stands out in one module across depth."""
    for contrast in contrasts:
        yield from _contrast(contrast, family)


def _contrast(contrast: Contrast[Found], family: Sequence[Found]) -> Iterator[Anomaly]:
    read = [(one, contrast.read(one)) for one in family]
    having = [(one, reading) for one, reading in read if reading is not None]
    deviating = deviations([reading.value for _, reading in having])
    for index, ((one, reading), found) in enumerate(zip(having, deviating, strict=False)):
        if contrast.reports(found, _next_factor(deviating, index)):
            yield _anomaly(contrast, one.info.place, reading, found)


def _next_factor(deviating: Sequence[Deviation], index: int) -> float:
    """Return the largest factor of the other inner layers, in the same direction."""
    upward = deviating[index].ratio > 1
    others = (one for at, one in enumerate(deviating) if at != index and not one.edge)
    return max((one.factor for one in others if (one.ratio > 1) == upward), default=1.0)


def _anomaly(contrast: Contrast[Found], place: Place, reading: Reading, found: Deviation) -> Anomaly:
    side = f"{'above' if found.ratio > 1 else 'below'} its neighbours by a factor {found.factor:.3g}"
    return Anomaly(
        place.layer,
        place.module,
        contrast.what,
        reading.where or side,
        reading.value,
        found.siblings,
        found.score,
        contrast.rank,
    )
