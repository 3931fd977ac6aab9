"""Whether the layers stand in the order they were trained in.

Along the residual stream neighbouring layers weigh its dimensions alike: the norms' weights, and the row and column
norms of the matrices that read and write the stream, drift slowly with depth. Two layers that were exchanged each look
like the other's neighbourhood.
"""

from itertools import combinations

import torch
from torch import Tensor

from .anomaly import Anomaly
from .measured import Measured
from .siblings import HIGHEST_SCORE
from .subject import Subject

_LEAST_GAIN = 1.0
_LEAST_LAYERS = 6
_LEAST_LIKENESS = 0.1


def out_of_order(subject: Subject, measured: list[Measured]) -> list[Anomaly]:
    """Return the two layers whose exchange would put the network in better order, if one exchange clearly does.

    The order of a network is judged by the mean correlation of neighbouring layers' profiles, summed over depth; an
    exchange is reported when it raises that sum by 1 or more. By nature it is at most 0.24 in SmolLM2-135M and 0.81 in
    Qwen2.5-Coder-0.5B.
    """
    likeness = _likeness(subject, measured)
    if likeness is None:
        return []
    gains = _gains(likeness)
    if not gains:
        return []
    (first, second), gain = max(gains.items(), key=lambda item: item[1])
    if gain < _LEAST_GAIN or _neighbourly(likeness) < _LEAST_LIKENESS:
        return []
    rest = sorted(gains.values())
    typical = rest[len(rest) // 2]
    return [
        Anomaly(layer, "", "out of order", f"fits the place of layer {other}", gain, typical, HIGHEST_SCORE, rank=1)
        for layer, other in ((first, second), (second, first))
    ]


def _neighbourly(likeness: Tensor) -> float:
    """Return the mean correlation of neighbours: near 0 in a network that was never trained, which has no order."""
    return float(likeness.diagonal(1).mean())


def _gains(likeness: Tensor) -> dict[tuple[int, int], float]:
    """Return for each two layers by how much their exchange raises the likeness of neighbours."""
    depth = len(likeness)
    matrix: list[list[float]] = likeness.tolist()

    def joined(order: list[int], places: set[int]) -> float:
        edges = {edge for place in places for edge in (place - 1, place) if 0 <= edge < depth - 1}
        return sum(matrix[order[edge]][order[edge + 1]] for edge in edges)

    gains = {}
    for first, second in combinations(range(depth), 2):
        order = list(range(depth))
        before = joined(order, {first, second})
        order[first], order[second] = second, first
        gains[first, second] = joined(order, {first, second}) - before
    return gains


def _likeness(subject: Subject, measured: list[Measured]) -> Tensor | None:
    """Return layers x layers: the mean correlation of their profiles along the residual stream."""
    hidden = subject.setting("hidden_size", "n_embd", "d_model")
    depth = subject.layer_count
    if not hidden or depth < _LEAST_LAYERS:
        return None
    profiles: dict[str, list[Tensor | None]] = {}
    for one in measured:
        layer, module = one.info.place.layer, one.info.place.module
        for side, norms in _sides(one) if layer is not None else ():
            if len(norms) == hidden:
                profiles.setdefault(module + side, [None] * depth)[layer or 0] = norms
    filled = [[row for row in rows if row is not None and row.any()] for rows in profiles.values()]
    whole = [torch.stack(rows) for rows in filled if len(rows) == depth]
    likenesses = [_correlation(rows) for rows in whole]
    return torch.stack(likenesses).mean(0) if likenesses else None


def _sides(one: Measured) -> list[tuple[str, Tensor]]:
    """Return the profiles that may lie along the residual stream: not the heads' side of an attention matrix."""
    found = one.moments
    if not one.is_matrix:
        return [("", found.row_norms)]
    heads_on_rows = any(block.on_rows for block, _ in one.heads)
    heads_on_columns = any(not block.on_rows for block, _ in one.heads)
    sides = [] if heads_on_rows else [(" rows", found.row_norms)]
    return sides if heads_on_columns else [*sides, (" columns", found.column_norms)]


def _correlation(rows: Tensor) -> Tensor:
    scaled = rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-12)
    centred = scaled - scaled.mean(0)
    unit = centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-12)
    likeness: Tensor = unit @ unit.T
    return likeness
