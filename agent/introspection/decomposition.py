"""Singular values of a matrix of any size, read in blocks, exact where that is cheap and estimated where it is not."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .threads import few_threads

LARGEST = 2048
_BLOCK_ELEMENTS = 1 << 20
_LEADING = 16


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Singular values, largest first, and the directions of the 16 leading ones among the rows: rows x 16."""

    values: Tensor
    leading: Tensor


def decompose(matrix: Tensor, *, largest: int = LARGEST) -> Decomposition:
    """Return the singular values of a matrix (rows x columns); numbers that are not finite count as zero.

    They are the square roots of the eigenvalues of the smaller Gram matrix, summed in float64: exact to about 1e-7 of
    the largest. Where its shorter side has more than `largest` lines, they are those of as many lines drawn evenly,
    scaled to the whole's size, and the 16 leading ones come from one step of subspace iteration over the whole (Halko,
    Martinsson and Tropp, 2011): within 1 % where they stand out; those in the bulk, and the bulk itself, are to be
    compared with matrices of the same shape only. Memory: a block of a million numbers, and `largest` squared.
    """
    wide = matrix.shape[0] <= matrix.shape[1]
    lines = matrix if wide else matrix.T
    step = max(1, -(-len(lines) // largest))
    drawn = lines[::step]
    with few_threads():
        eigen, vectors = torch.linalg.eigh(_gram(drawn, torch.float64 if step == 1 else torch.float32))
        values, left = eigen.flip(0).clamp_min(0).sqrt(), vectors[:, -_LEADING:]
        if step == 1:
            return Decomposition(values, left if wide else _times(matrix, left))
        right = torch.linalg.qr(_times(drawn.T, left)).Q
        left, leading, right = torch.linalg.svd(_times(lines, right), full_matrices=False)
        values *= (len(lines) / len(drawn)) ** 0.5
        values[: len(leading)] = leading.sort(descending=True).values
        return Decomposition(values.sort(descending=True).values, left if wide else _times(matrix, left))


def _gram(lines: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the products of all lines with each other, summed in float64 over blocks of columns."""
    total = torch.zeros(len(lines), len(lines), dtype=torch.float64)
    for block in torch.split(lines, max(1, _BLOCK_ELEMENTS // max(1, len(lines))), dim=1):
        finite = block.to(dtype, copy=True).nan_to_num_(0.0, 0.0, 0.0)
        total += finite @ finite.T
    return total


def _times(matrix: Tensor, vectors: Tensor) -> Tensor:
    """Return the matrix times a few vectors, in blocks of rows."""
    found = torch.empty(len(matrix), vectors.shape[1], dtype=torch.float64)
    step = max(1, _BLOCK_ELEMENTS // max(1, matrix.shape[1]))
    for start in range(0, len(matrix), step):
        block = matrix[start : start + step].to(torch.float64, copy=True)
        found[start : start + step] = block.nan_to_num_(0.0, 0.0, 0.0) @ vectors
    return found
