"""What planting a fault leaves behind: its place, a sentence, and how a text must name it."""

from dataclasses import dataclass
from typing import Any

from .bench import Bench
from .naming_checks import names_layer, names_module
from .subject import TensorInfo


@dataclass(frozen=True, slots=True)
class Edit:
    """Where a fault was planted, a sentence on it, and the patterns a text must match to have named it."""

    layer: int | None
    module: str
    description: str
    checker: tuple[str, ...]


def last_name(info: TensorInfo) -> str:
    return info.place.module.rsplit(".", 1)[-1]


def edit_of(bench: Bench, layer: int, info: TensorInfo, words: str, *more: str, also: tuple[str, ...] = ()) -> Edit:
    checker = (names_layer(layer), names_module(last_name(info), *also), *more)
    return Edit(layer, info.place.module, f"{bench.subject.path(layer, info.place.module)}: {words}", checker)


def low_rank(bench: Bench, like: Any, rank: int) -> Any:
    import torch

    left, right = (torch.randn(size, rank, generator=bench.noise) for size in like.shape)
    product = left @ right.T
    return product / product.norm()
