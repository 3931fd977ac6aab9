"""The rows of embeddings: a token's norm and neighbours, and rows that do not belong to the rest."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .anomaly import Anomaly, numbers, outcomes, ranked
from .errors import NotRunnable
from .moments import as_matrix
from .rounding import rounded
from .siblings import HIGHEST_SCORE
from .subject import Subject, TensorInfo
from .threads import few_threads

if TYPE_CHECKING:
    from .network import Network

_INPUT = ("embed_tokens", "wte", "word_embeddings", "embed_in", "tok_embeddings", "token_embedding")
_OUTPUT = ("lm_head", "embed_out")
_BLOCK = 8192
_NEIGHBOURS = 8
_LISTED = 12
_FAR = 3.0  # times the median row's distance; the largest of 49,152 rows of SmolLM2-135M has 1.9
_ALONE = 1.3  # times the second farthest
_NEARLY_TIED = 0.9
_ROUGH = 3.0
_UNSETTLED = 4  # first positions, which trained tables treat apart


def input_embedding(subject: Subject) -> TensorInfo | None:
    """Return the table of token embeddings."""
    return _named(subject, _INPUT)


def output_embedding(subject: Subject) -> TensorInfo | None:
    """Return the matrix that gives the logits: that of the inputs where they are tied."""
    return _named(subject, _OUTPUT) or input_embedding(subject)


def _named(subject: Subject, names: Sequence[str]) -> TensorInfo | None:
    for info in subject.in_layer(None):
        if len(info.shape) == 2 and info.place.module.rsplit(".", 1)[-1] in names:
            return info
    return None


def embedding_rows(network: "Network", token: str | int) -> dict[str, object]:
    """Return one token's row: its norm and its rank among all, its nearest rows, its row of the output embedding.

    A token is given as its id, or as text that is one token (of several, the first is taken, and that is said).
    """
    subject = network.subject
    info = _input(subject)
    ids = [token] if isinstance(token, int) else network.tokenizer(token, add_special_tokens=False).input_ids
    if not ids or not 0 <= ids[0] < info.shape[0]:
        raise NotRunnable(f"there is no token {token!r}: ids are 0 to {info.shape[0] - 1}")
    row = ids[0]
    table = as_matrix(subject.tensor(info.name))
    norms = _norms(table)
    wanted = table[row].float()
    likeness = torch.cat([block.float() @ wanted for block in torch.split(table, _BLOCK)]) / norms.clamp_min(1e-12)
    likeness = likeness / wanted.norm().clamp_min(1e-12)
    nearest = likeness.argsort(descending=True)[: _NEIGHBOURS + 1].tolist()
    return {
        "token": network.tokenizer.decode([row]),
        "id": row,
        **({"note": f"{token!r} is {len(ids)} tokens; this is the first"} if len(ids) > 1 else {}),
        "norm": rounded(float(norms[row])),
        "median_norm": rounded(float(norms.median())),
        "larger_norms": int((norms > norms[row]).sum()),
        "rows": len(norms),
        "cosine_with_output_row": _output_cosine(subject, info, row, wanted),
        "nearest": [
            {"id": other, "token": network.tokenizer.decode([other]), "cosine": rounded(float(likeness[other]))}
            for other in nearest
            if other != row
        ][:_NEIGHBOURS],
    }


def scan_embeddings(subject: Subject, network: "Network | None" = None) -> dict[str, object]:
    """Return the rows of the embeddings and position tables that do not belong to the rest, and the farthest rows."""
    info = _input(subject)
    found = ranked(embedding_anomalies(subject))
    table = as_matrix(subject.tensor(info.name))
    norms, far = _norms(table), _distances(table)
    order = far.argsort(descending=True)[:_LISTED].tolist()
    return {
        **outcomes(found, subject.stack),
        "rows": len(norms),
        "median_norm": rounded(float(norms.median())),
        "tied": subject.tied,
        "anomalies": [one.row(subject.stack) for one in found],
        "farthest_rows": [
            {
                "row": row,
                "token": network.tokenizer.decode([row]) if network else "",
                "norm": rounded(float(norms[row])),
                "distance": rounded(float(far[row] / far.median())),
            }
            for row in order
        ],
    }


def embedding_anomalies(subject: Subject) -> Iterator[Anomaly]:
    """Yield rows far from the others, equal rows, rows that are no longer tied, and breaks in a position table."""
    info = input_embedding(subject)
    if info is not None:
        yield from _far(subject, info)
        yield from _untied(subject, info)
    for table in subject.in_layer(None):
        if table.is_position_table:
            yield from _rough(subject, table)


def _input(subject: Subject) -> TensorInfo:
    info = input_embedding(subject)
    if info is None:
        raise NotRunnable(
            f"{subject.folder} has no token embedding that these tools know; they are {', '.join(_INPUT)}"
        )
    return info


def _norms(table: Tensor) -> Tensor:
    return torch.cat([block.float().norm(dim=1) for block in torch.split(table, _BLOCK)])


def _distances(table: Tensor) -> Tensor:
    """Return each row's Mahalanobis distance from the mean row: large where a row lies where no others do."""
    width = table.shape[1]
    total, square = torch.zeros(width, dtype=torch.float64), torch.zeros(width, width, dtype=torch.float64)
    blocks = [(start, min(len(table), start + _BLOCK)) for start in range(0, len(table), _BLOCK)]
    for start, end in blocks:
        block = table[start:end].float().nan_to_num(0.0, 0.0, 0.0)
        total += block.sum(0)
        square += (block.T @ block).double()
    mean = total / len(table)
    covariance = square / len(table) - torch.outer(mean, mean)
    with few_threads():
        values, vectors = torch.linalg.eigh(covariance)
    whitening = (vectors / values.clamp_min(1e-3 * float(values.mean().clamp_min(1e-30))).sqrt()).float()
    found = [(table[a:b].float().nan_to_num(0.0, 0.0, 0.0) - mean.float()) @ whitening for a, b in blocks]
    return torch.cat([one.norm(dim=1) for one in found])


def _far(subject: Subject, info: TensorInfo) -> Iterator[Anomaly]:
    if info.shape[0] < 8 or info.shape[0] < 4 * info.shape[1]:
        return
    far = _distances(as_matrix(subject.tensor(info.name)))
    first, second = far.argsort(descending=True)[:2].tolist()
    typical = float(far.median())
    off = float((far - typical).abs().median()) * 1.4826
    if typical and float(far[first]) >= max(_FAR * typical, _ALONE * float(far[second])):
        score = min(HIGHEST_SCORE, (float(far[first]) - typical) / max(off, 1e-9))
        yield Anomaly(None, info.place.module, "corrupted row", f"row {first}", float(far[first]), typical, score)


def _untied(subject: Subject, info: TensorInfo) -> Iterator[Anomaly]:
    """Rows in which an output embedding departs from the input's, where the two are otherwise one."""
    head = _named(subject, _OUTPUT)
    if head is None or head.shape != info.shape:
        return
    here, there = as_matrix(subject.tensor(info.name)), as_matrix(subject.tensor(head.name))
    cosines = torch.cat(
        [
            torch.cosine_similarity(one.float(), two.float(), dim=1)
            for one, two in zip(torch.split(here, _BLOCK), torch.split(there, _BLOCK), strict=True)
        ]
    )
    stated = bool(subject.config.get("tie_word_embeddings", False))
    apart = (cosines < _NEARLY_TIED).nonzero().flatten().tolist()
    if float(cosines.median()) >= _NEARLY_TIED and apart and len(apart) <= 0.1 * len(cosines):
        where = f"row {numbers(apart)} differ from {info.place.module}"
        yield Anomaly(None, head.place.module, "untied rows", where, len(apart), 0, HIGHEST_SCORE)
    elif stated and not torch.equal(here, there):
        where = f"config.json ties it to {info.place.module}, but they differ"
        yield Anomaly(None, head.place.module, "untied", where, float(cosines.median()), 1, HIGHEST_SCORE)


def _rough(subject: Subject, info: TensorInfo) -> Iterator[Anomaly]:
    """Positions whose row is not between its neighbours', in a table that is smooth."""
    table = as_matrix(subject.tensor(info.name)).float().nan_to_num(0.0, 0.0, 0.0)
    if len(table) < 32:
        return
    between = (table[:-2] + table[2:]) / 2
    off = (table[1:-1] - between).norm(dim=1) / table.norm(dim=1).median().clamp_min(1e-12)
    typical = float(off.median())
    odd = (off > max(_ROUGH * typical, 0.3)).nonzero().flatten() + 1
    odd = odd[(odd >= _UNSETTLED) & (odd < len(table) - _UNSETTLED)]
    if typical > 0.6 or not 0 < len(odd) <= 0.05 * len(table):
        return
    worst = int(odd[off[odd - 1].argmax()])
    where = f"row {worst} of {len(odd)} that do not lie between their neighbours: {numbers(odd.tolist())}"
    yield Anomaly(None, info.place.module, "break in positions", where, float(off[worst - 1]), typical, 50.0)


def _output_cosine(subject: Subject, info: TensorInfo, row: int, wanted: Tensor) -> float | None:
    head = _named(subject, _OUTPUT)
    if head is None or head.shape != info.shape:
        return None
    other = subject.tensor(head.name)[row].float()
    return rounded(float(torch.cosine_similarity(wanted, other, dim=0)))
