"""What one tensor's numbers amount to, in one pass over blocks small enough for the processor's cache."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_BLOCK_ELEMENTS = 1 << 17
_GROUP = 32
_SAMPLED_LINES = 16
_FEWEST_FOR_BITS = 256


@dataclass(frozen=True, slots=True)
class Moments:
    """Statistics of one tensor, seen as rows (outputs) x columns; of a vector, each element is a row.

    Moments are over the finite numbers. `kurtosis` is Pearson's: 3 for a normal distribution; None without variance.
    `distinct` is the mean count of different values among 32 neighbours, of a sample: low on a quantization grid.
    `bits` is how many bits of its type's mantissa a sample uses: 7 in numbers that were bfloat16 once.
    """

    elements: int
    mean: float
    std: float
    abs_max: float
    rms: float
    kurtosis: float | None
    zeros: int
    nan: int
    inf: int
    row_norms: Tensor
    column_norms: Tensor
    distinct: float | None
    bits: int | None
    first_bad: int | None
    total: float

    @property
    def norm(self) -> float:
        """The Frobenius norm."""
        return self.rms * math.sqrt(self.elements)


def moments(tensor: Tensor) -> Moments:
    """Measure one tensor of any shape and floating type; sums never overflow its type.

    >>> measured = moments(torch.tensor([[3.0, -4.0], [0.0, 0.0]], dtype=torch.float16))
    >>> measured.norm, measured.zeros, measured.row_norms.tolist()
    (5.0, 2, [5.0, 0.0])
    """
    matrix = as_matrix(tensor)
    double = matrix.numel() <= _BLOCK_ELEMENTS // 2 or matrix.dtype == torch.float64
    sums = _Sums(matrix, torch.float64 if double else torch.float32)
    if not double and not sums.precise:
        sums = _Sums(matrix, torch.float64)
    return sums.moments(_distinct(matrix), used_bits(matrix))


def as_matrix(tensor: Tensor) -> Tensor:
    """Return the tensor as rows x columns: a vector as one column, experts and kernels joined along the rows."""
    return tensor.reshape(-1, 1) if tensor.dim() < 2 else tensor.reshape(-1, tensor.shape[-1])


class _Sums:
    """The power sums of one matrix, accumulated in float64 over blocks computed in `dtype`."""

    def __init__(self, matrix: Tensor, dtype: torch.dtype) -> None:
        self.rows, self.columns = matrix.shape
        self.one = self.two = self.three = self.four = self.largest = 0.0
        self.zeros = self.nan = self.inf = 0
        self.first_bad: int | None = None
        self.row_squares = torch.zeros(self.rows, dtype=torch.float64)
        self.column_squares = torch.zeros(self.columns, dtype=torch.float64)
        step = max(1, _BLOCK_ELEMENTS // max(1, self.columns))
        values = torch.empty(min(step, self.rows), self.columns, dtype=dtype)
        squares = torch.empty_like(values)
        for start in range(0, self.rows, step):
            block = matrix[start : start + step]
            self._add(start, values[: len(block)].copy_(block), squares[: len(block)])

    def _add(self, start: int, values: Tensor, squares: Tensor) -> None:
        torch.mul(values, values, out=squares)
        flat, flat_squares = values.view(-1), squares.view(-1)
        four = torch.dot(flat_squares, flat_squares).item()
        if not math.isfinite(four) and self._set_aside(start, values):
            return self._add(start, values, squares)
        smallest, largest = torch.aminmax(flat_squares)
        if smallest == 0:
            self.zeros += int(flat.numel() - torch.count_nonzero(flat))
        self.largest = max(self.largest, largest.item())
        self.one += flat.sum().item()
        self.three += torch.dot(flat, flat_squares).item()
        self.four += four
        by_row = squares.sum(1)
        self.row_squares[start : start + len(values)] = by_row
        self.column_squares += squares.sum(0)
        self.two += by_row.sum(dtype=torch.float64).item()
        return None

    def _set_aside(self, start: int, values: Tensor) -> bool:
        """Count and blank what is not finite in the block; False where all is finite and only the sum overflowed."""
        bad = ~torch.isfinite(values)
        if not bad.any():
            return False
        nan = int(values.isnan().sum())
        self.nan += nan
        self.inf += int(bad.sum()) - nan
        if self.first_bad is None:
            self.first_bad = start * self.columns + int(bad.view(-1).nonzero()[0])
        values[bad] = 0
        self.zeros -= int(bad.sum())
        return True

    @property
    def count(self) -> int:
        return self.rows * self.columns - self.nan - self.inf

    @property
    def precise(self) -> bool:
        """Whether float32 was enough: nothing overflowed, and the mean does not drown the spread."""
        if not math.isfinite(self.four):
            return False
        mean = self.one / max(1, self.count)
        return mean * mean <= 0.1 * self.two / max(1, self.count)

    def moments(self, distinct: float | None, bits: int | None) -> Moments:
        count = max(1, self.count)
        mean, square = self.one / count, self.two / count
        variance = max(0.0, square - mean * mean)
        fourth = self.four / count - 4 * mean * self.three / count + 6 * mean**2 * square - 3 * mean**4
        spread = variance > 1e-14 * square
        return Moments(
            elements=self.rows * self.columns,
            mean=mean,
            std=math.sqrt(variance) if spread else 0.0,
            abs_max=math.sqrt(self.largest),
            rms=math.sqrt(square),
            kurtosis=fourth / variance**2 if spread else None,
            zeros=self.zeros,
            nan=self.nan,
            inf=self.inf,
            row_norms=self.row_squares.sqrt().float(),
            column_norms=self.column_squares.sqrt().float(),
            distinct=distinct,
            bits=bits,
            first_bad=self.first_bad,
            total=self.one,
        )


def _distinct(matrix: Tensor) -> float | None:
    """Return the mean count of different values in groups of 32, along the rows or the columns, whichever is lower."""
    along = [_distinct_along(side) for side in (matrix, matrix.T) if side.shape[1] >= _GROUP]
    return min(along) if along and matrix.numel() else None


def _distinct_along(matrix: Tensor) -> float:
    lines = torch.linspace(0, len(matrix) - 1, min(len(matrix), _SAMPLED_LINES)).long()
    width = matrix.shape[1] // _GROUP * _GROUP
    groups = matrix[lines, : min(width, _GROUP * _GROUP)].float().reshape(-1, _GROUP).sort(-1).values
    used = groups[groups[:, 0] != groups[:, -1]]
    counted = used if len(used) else groups
    return float((counted.diff(dim=-1) != 0).sum(-1).add(1).float().mean())


def used_bits(matrix: Tensor) -> int | None:
    """Return how many leading bits of the mantissa a sample of 16 rows uses; None where it is too small to say.

    256 numbers whose last bits were free would all have the last one zero by chance once in 2^256.
    """
    kinds = {torch.float32: (torch.int32, 23), torch.float16: (torch.int16, 10), torch.bfloat16: (torch.int16, 7)}
    if matrix.dtype not in kinds:
        return None
    whole, bits = kinds[matrix.dtype]
    lines = torch.linspace(0, max(0, len(matrix) - 1), min(len(matrix), _SAMPLED_LINES)).long()
    sample = matrix[lines, : _GROUP * _GROUP]
    used = sample[torch.isfinite(sample) & (sample.abs() >= torch.finfo(matrix.dtype).tiny)].contiguous().view(whole)
    if len(used) < _FEWEST_FOR_BITS:
        return None
    mantissas = used & ((1 << bits) - 1)
    return next((bits - low for low in range(bits) if (mantissas & (1 << low)).any()), 0)
