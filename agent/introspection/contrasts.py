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
    the first and the last layer. Both factors lie above what unmodified networks show by nature: the greatest measured
    on SmolLM2-135M are 1.15 and 2.4 for a matrix's std, 2.2 and 3.7 for its largest row.
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
    return _line(one.row_norms, "row") if one.is_matrix else None


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
    return lambda one: None if one.is_matrix else Reading(value(one))


CONTRASTS: tuple[Contrast[Measured], ...] = (
    Contrast("head norm", lambda one: _head(one, min), least=2.0, edge=2.5, upward=False),
    Contrast("head norm", lambda one: _head(one, max), least=1.7, edge=2.5, downward=False),
    Contrast("outlier row", _row, least=3.0, edge=8.0, downward=False),
    Contrast("outlier column", _column, least=2.5, edge=5.0, downward=False),
    Contrast(
        "coarse quantization grid", _matrix(lambda one: one.moments.distinct), least=1.25, edge=1.25, upward=False
    ),
    Contrast("std", _matrix(lambda one: one.moments.std), least=1.25, edge=4.0, rank=3),
    Contrast("abs max", _matrix(lambda one: one.moments.abs_max), least=4.0, edge=8.0, rank=3),
    Contrast("kurtosis", _matrix(lambda one: one.moments.kurtosis), least=6.0, edge=20.0, rank=3),
    Contrast("rms of vector", _vector(lambda one: one.moments.rms), least=1.7, edge=8.0, rank=3),
    Contrast("std of vector", _vector(lambda one: one.moments.std), least=2.5, edge=8.0, rank=3),
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
