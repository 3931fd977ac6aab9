"""One layer's weights in detail, read without any other layer."""

import torch

from .measured import Measured, record
from .rounding import rounded
from .weights import Weights

_ROWS_SHOWN = 3


def single_layer(weights: Weights, layer: int) -> dict[str, object]:
    """Return the statistics of one layer's modules, the norms of its heads, and each matrix's largest rows."""
    measured = weights.layer(layer)
    matrices = [one for one in measured if one.is_matrix]
    return {
        "layer": layer,
        "module": weights.subject.path(layer),
        "parameters": sum(one.info.elements for one in measured),
        "modules": {one.info.place.module: record(one) for one in measured},
        "heads": [row for one in matrices for row in _heads(one)],
        "largest_rows": [row for one in matrices for row in _largest_rows(one)],
    }


def _heads(measured: Measured) -> list[dict[str, object]]:
    return [
        {"module": measured.info.place.module, "role": block.role, "head": head, "norm": rounded(norm)}
        for block, norms in measured.heads
        for head, norm in enumerate(norms)
    ]


def _largest_rows(measured: Measured) -> list[dict[str, object]]:
    norms = measured.moments.row_norms
    typical = float(norms.median())
    values, rows = torch.topk(norms, min(_ROWS_SHOWN, len(norms)))
    return [
        {
            "module": measured.info.place.module,
            "row": row,
            "norm": rounded(value),
            "ratio_to_median": rounded(value / typical) if typical else None,
        }
        for row, value in zip(rows.tolist(), values.tolist(), strict=True)
    ]
