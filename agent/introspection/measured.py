"""One tensor's statistics with its place: what a row of the weight statistics is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from .heads import HeadBlock, head_blocks, outputs_first
from .moments import Moments, as_matrix, moments
from .rounding import rounded
from .stream import stream_sketches
from .subject import Subject, TensorInfo

_SAMPLED_ROWS = 16
_SAMPLED_COLUMNS = 128


@dataclass(frozen=True, slots=True)
class Measured:
    """A tensor's header and its moments, outputs as rows, the norms of its heads, and its sketches along the stream."""

    info: TensorInfo
    moments: Moments
    sample: Tensor
    heads: tuple[tuple[HeadBlock, tuple[float, ...]], ...]
    stream: Mapping[str, Tensor]

    @property
    def is_matrix(self) -> bool:
        """Whether it has rows and columns; a norm's weight or a bias has not."""
        return len(self.info.shape) > 1

    @property
    def row_norms(self) -> list[float]:
        """The norm of each row; for a vector, each element's size."""
        return [float(value) for value in self.moments.row_norms.tolist()]

    @property
    def column_norms(self) -> list[float]:
        """The norm of each column."""
        return [float(value) for value in self.moments.column_norms.tolist()]


def measure(subject: Subject, info: TensorInfo, tensor: Tensor) -> Measured:
    """Measure one tensor, given as it is stored."""
    if not outputs_first(subject, info):
        tensor = tensor.T
    found = moments(tensor)
    rows, columns = found.row_norms.tolist(), found.column_norms.tolist()
    blocks = head_blocks(subject, info)
    heads = tuple((block, tuple(block.norms(rows if block.on_rows else columns))) for block in blocks)
    hidden = subject.setting("hidden_size", "n_embd", "d_model") if info.place.layer is not None else None
    sketches = stream_sketches(tensor, hidden, blocks, name=info.name)
    return Measured(info, found, sampled(tensor), heads, sketches)


def sampled(tensor: Tensor) -> Tensor:
    """Return up to 2,048 numbers, 16 rows' first 128 columns, as float32: enough to tell copies from likenesses."""
    matrix = as_matrix(tensor)
    step = max(1, len(matrix) // _SAMPLED_ROWS)
    return matrix[::step, :_SAMPLED_COLUMNS][:_SAMPLED_ROWS].float().nan_to_num(0.0, 0.0, 0.0).flatten()


def record(measured: Measured) -> dict[str, object]:
    """Return the statistics as a mapping of plain values, four significant digits each.

    `largest_row` is the row of largest norm, `largest_row_ratio` that norm over the median row's (for a vector:
    elements). `distinct_per_32` counts different values among 32 neighbours: low where weights lie on a coarse grid.
    `mantissa_bits` counts the bits of the type that a sample uses: fewer where numbers were of a shorter type once.
    """
    found = measured.moments
    rows = found.row_norms
    typical = float(rows.median()) if len(rows) else 0.0
    largest = int(rows.argmax()) if len(rows) else 0
    return {
        "shape": list(measured.info.shape),
        "dtype": measured.info.dtype,
        "mean": rounded(found.mean),
        "std": rounded(found.std),
        "abs_max": rounded(found.abs_max),
        "rms": rounded(found.rms),
        "norm": rounded(found.norm),
        "kurtosis": rounded(found.kurtosis),
        "zero_fraction": rounded(found.zeros / max(1, found.elements)),
        "nan": found.nan,
        "inf": found.inf,
        "zero_rows": int((rows == 0).sum()),
        "zero_columns": int((found.column_norms == 0).sum()),
        "largest_row": largest,
        "largest_row_ratio": rounded(float(rows[largest]) / typical) if typical else None,
        "distinct_per_32": rounded(found.distinct),
        "mantissa_bits": found.bits,
    }


def where_bad(measured: Measured) -> str:
    """Return the row and column of the first number that is not finite."""
    first = measured.moments.first_bad or 0
    row, column = divmod(first, max(1, len(measured.moments.column_norms)))
    return f"row {row}, column {column}" if measured.is_matrix else f"element {first}"
