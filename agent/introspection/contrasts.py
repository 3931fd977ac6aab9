"""Statistics in which one layer's tensor is compared with the same tensor in the layers around it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Generic, Protocol, TypeVar

from .anomaly import Anomaly
from .measured import Measured
from .siblings import Deviation, deviations
from .subject import TensorInfo

_LEAST_SCORE = 4.0


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
    in projections into heads 8.1 and 4.5, its kurtosis 32 and 5, a norm's rms 1.3 and 9.5.
    """

    what: str
    read: Callable[[Found], "Reading | None"]
    least: float
    edge: float
    downward: bool = True
    upward: bool = True
    rank: int = 2

    def reports(self, found: Deviation) -> bool:
        """Whether the deviation is large enough, in the direction looked at."""
        wanted = self.upward if found.ratio > 1 else self.downward
        return wanted and found.score >= _LEAST_SCORE and found.factor >= (self.edge if found.edge else self.least)


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


CONTRASTS: tuple[Contrast[Measured], ...] = (
    Contrast("head norm", lambda one: _head(one, min), least=2.0, edge=2.5, upward=False),
    Contrast("head norm", lambda one: _head(one, max), least=8.0, edge=12.0, downward=False),
    Contrast("outlier row", _row, least=5.0, edge=10.0, downward=False),
    Contrast("outlier row", _head_row, least=12.0, edge=20.0, downward=False),
    Contrast("outlier column", _column, least=4.0, edge=8.0, downward=False),
    Contrast("coarse quantization grid", _matrix(lambda one: one.moments.distinct), 1.25, 1.25, upward=False),
    Contrast("std", _matrix(lambda one: one.moments.std), least=1.25, edge=4.0, rank=3),
    Contrast("abs max", _matrix(lambda one: one.moments.abs_max), least=10.0, edge=20.0, rank=3),
    Contrast("kurtosis", _matrix(lambda one: one.moments.kurtosis), least=45.0, edge=60.0, rank=3),
    Contrast("rms of vector", _vector(lambda one: one.moments.rms), least=1.8, edge=20.0, rank=3),
    Contrast("std of vector", _vector(lambda one: one.moments.std), least=4.0, edge=20.0, rank=3),
)


def contrasted(family: Sequence[Found], contrasts: Sequence[Contrast[Found]]) -> Iterator[Anomaly]:
    """Yield what stands out in one module across depth."""
    for contrast in contrasts:
        yield from _contrast(contrast, family)


def _contrast(contrast: Contrast[Found], family: Sequence[Found]) -> Iterator[Anomaly]:
    read = [(one, contrast.read(one)) for one in family]
    having = [(one, reading) for one, reading in read if reading is not None]
    for (one, reading), found in zip(having, deviations([reading.value for _, reading in having]), strict=False):
        if contrast.reports(found):
            place = one.info.place
            where = (
                reading.where
                or f"{'above' if found.ratio > 1 else 'below'} its neighbours by a factor {found.factor:.3g}"
            )
            yield Anomaly(
                place.layer,
                place.module,
                contrast.what,
                where,
                reading.value,
                found.siblings,
                found.score,
                contrast.rank,
            )
