"""How a tensor's lines along the residual stream relate to each other: a sketch that is like its neighbouring layers'.

A matrix that reads or writes the stream weighs its dimensions together in a way that drifts slowly with depth. The
cosines of its lines, two by two, show that whatever the order of its neurons, and at 192 dimensions they are 18,336
numbers: what chance gives them in common is 1/135. A norm's weight has its elements' ranks instead.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from .heads import HeadBlock

_DIMENSIONS = 192
_FEWEST = 32
_TIED = 0.5  # share of equal elements above which their order says nothing


def stream_sketches(
    matrix: Tensor, hidden: int | None, heads: Sequence[HeadBlock], *, name: str
) -> Mapping[str, Tensor]:
    """Return a sketch of length one for each side of a tensor (outputs as rows) that lies along the residual stream.

    The keys are "row", "column" or, for a vector, "element"; a bias and a side that belongs to heads have none. A
    square matrix has its other side under "across": there its siblings' sketch is found where it was transposed.
    """
    if hidden is None or hidden < _FEWEST:
        return {}
    if matrix.dim() < 2:
        ranked = _ranks(matrix) if len(matrix) == hidden and not name.endswith("bias") else None
        return {} if ranked is None else {"element": ranked}
    flat = matrix.reshape(-1, matrix.shape[-1])
    sides = {"row": flat, "column": flat.T}
    found = {word: _cosines(lines) for word, lines in sides.items() if len(lines) == hidden}
    if len(found) == 2 and heads:
        found["across"] = found.pop("row" if heads[0].on_rows else "column")
    elif heads:
        found.pop("row" if heads[0].on_rows else "column", None)
    return {word: sketch for word, sketch in found.items() if sketch is not None}


def _cosines(lines: Tensor) -> Tensor | None:
    """Return the cosines of evenly drawn lines, each pair once, centred, of length one; None where they are blank."""
    chosen = torch.linspace(0, len(lines) - 1, min(len(lines), _DIMENSIONS)).long()
    drawn = lines[chosen].float().nan_to_num(0.0, 0.0, 0.0)
    unit = drawn / drawn.norm(dim=1, keepdim=True).clamp_min(1e-30)
    first, second = torch.triu_indices(len(unit), len(unit), 1)
    return _centred((unit @ unit.T)[first, second])


def _ranks(elements: Tensor) -> Tensor | None:
    """Return the ranks of a vector's elements, centred, of length one; None where most are equal, as in new norms."""
    if len(torch.unique(elements)) < _TIED * len(elements):
        return None
    return _centred(elements.float().argsort().argsort().float())


def _centred(numbers: Tensor) -> Tensor | None:
    centred = numbers - numbers.mean()
    size = float(centred.norm())
    return centred / size if size > 0 else None
