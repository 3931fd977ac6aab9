"""What distinguishes two checkpoints of one architecture: which tensors, how much, and of what rank."""

from collections.abc import Iterator

import torch
from torch import Tensor

from .errors import SubjectError
from .moments import as_matrix
from .rounding import rounded
from .subject import Subject, TensorInfo
from .threads import few_threads

_EXPLAINED = 0.99
_MOST_RANK = 64


def checkpoint_difference(subject: Subject, other: Subject) -> dict[str, object]:
    """Compare a subject with another checkpoint, tensor by tensor, and return the changed ones, largest change first.

    `relative` is the norm of the difference over the other's norm; `rank` is how many directions hold 99 % of the
    difference's square, None above 64. `permuted` tells rows or columns that are the other's in another order. Layers
    equal to another of the other's layers are matched. Raises `SubjectError` where the two share no tensor.
    """
    shared = [info for name, info in subject.tensors.items() if _fits(info, other.tensors.get(name))]
    if not shared:
        raise SubjectError(f"{subject.folder} and {other.folder} share no tensor of the same name and shape")
    rows = [row for info in shared if (row := _row(subject, other, info)) is not None]
    rows.sort(key=_importance)
    return {
        "changed": rows,
        "unchanged": len(shared) - len(rows),
        "moved_layers": list(_moved(subject, other, {row["layer"] for row in rows})),
        "settings": list(_settings(subject, other)),
        "only_here": [name for name in subject.tensors if name not in other.tensors],
        "only_there": [name for name in other.tensors if name not in subject.tensors],
        "other_shape": [n for n, info in subject.tensors.items() if n in other.tensors and info not in shared],
    }


def _importance(row: dict[str, object]) -> tuple[bool, float]:
    relative = row["relative"]
    return (not row["not_finite"], -relative if isinstance(relative, float) else -float("inf"))


def _fits(info: TensorInfo, other: TensorInfo | None) -> bool:
    return other is not None and info.shape == other.shape


def _row(subject: Subject, other: Subject, info: TensorInfo) -> dict[str, object] | None:
    here, there = subject.tensor(info.name), other.tensor(info.name)
    if torch.equal(here, there):
        return None
    new, old = as_matrix(here).float(), as_matrix(there).float()
    bad = int((~torch.isfinite(new)).sum())
    change = (new - old).nan_to_num(0.0, 0.0, 0.0)
    rows = change.norm(dim=1)
    norm = float(old.double().norm())
    cosine = float(torch.dot(new.nan_to_num().view(-1), old.view(-1)) / (new.nan_to_num().norm() * old.norm()))
    return {
        "layer": info.place.layer,
        "module": info.name.removesuffix(".weight"),
        "relative": rounded(float(change.double().norm()) / norm) if norm else None,
        "cosine": rounded(cosine),
        "scale": rounded(float(new.nan_to_num().norm()) / norm) if norm else None,
        "rank": _rank(change),
        "changed_rows": int((rows > 0).sum()),
        "rows": len(rows),
        "largest_row": int(rows.argmax()),
        "permuted": _permuted(new, old),
        "not_finite": bad,
    }


def _permuted(new: Tensor, old: Tensor) -> str:
    """Say whether the rows (or columns) are the other's in another order, and how many moved."""
    for word, here, there in (("rows", new, old), ("columns", new.T, old.T)):
        order, before = here.double().norm(dim=1).argsort(), there.double().norm(dim=1).argsort()
        if torch.equal(here[order], there[before]):
            moved = int((order != before).sum())
            return f"{moved} {word} in another order"
    return ""


def _rank(change: Tensor) -> int | None:
    """Return how many directions hold 99 % of the change's square; None when more than 64 do."""
    if min(change.shape) < 2:
        return 1
    with few_threads():
        if min(change.shape) <= 4 * _MOST_RANK:
            values = torch.linalg.svdvals(change)
        else:
            with torch.random.fork_rng():
                torch.manual_seed(0)
                values = torch.svd_lowrank(change, q=_MOST_RANK + 8, niter=2)[1]
    held = values.square().cumsum(0) / change.double().square().sum()
    rank = int((held < _EXPLAINED).sum()) + 1
    return rank if rank <= min(_MOST_RANK, len(values)) else None


def _moved(subject: Subject, other: Subject, changed: set[object]) -> Iterator[dict[str, object]]:
    """Yield each changed layer that equals another layer of the other checkpoint, tensor by tensor."""
    layers = [layer for layer in range(min(subject.layer_count, other.layer_count)) if layer in changed]
    for layer in layers:
        for source in range(other.layer_count):
            if source != layer and _same_layer(subject, layer, other, source):
                yield {"layer": layer, "equals_layer_of_other": source}


def _same_layer(subject: Subject, layer: int, other: Subject, source: int) -> bool:
    here, there = subject.in_layer(layer), other.in_layer(source)
    return len(here) == len(there) and all(
        one.shape == two.shape and torch.equal(subject.tensor(one.name), other.tensor(two.name))
        for one, two in zip(here, there, strict=True)
    )


def _settings(subject: Subject, other: Subject) -> Iterator[dict[str, object]]:
    """Yield the settings in which the two configurations differ."""
    for name in sorted({*subject.config, *other.config}):
        here, there = subject.config.get(name), other.config.get(name)
        if here != there:
            yield {"setting": name, "here": here, "there": there}
