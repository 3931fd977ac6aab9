"""What each part of a network does for its predictions: the loss when the part is left out.

All variants run in one pass: at each layer's entry a copy of the unchanged stream is added for each of its parts, so
that every layer is read once and computed only for the variants that have begun.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from .errors import NotRunnable
from .heads import HeadBlock, head_blocks
from .network import Hook, Network
from .rounding import rounded

Mode = Literal["zero", "mean"]

_ATTENTION = ("self_attn", "attn", "attention", "self_attention")
_MLP = ("mlp", "feed_forward", "block_sparse_moe", "ffn", "feedforward")


@dataclass(frozen=True, slots=True)
class Ablated:
    """One part left out: each token's loss, and how far the logits moved (root mean square) from the whole's."""

    layer: int
    part: str
    losses: Tensor
    moved: float


@dataclass(frozen=True, slots=True)
class Sweep:
    """The whole network's token losses, and those of every variant."""

    whole: Tensor
    variants: tuple[Ablated, ...]


Part = tuple[int, str]


def part_sweep(
    network: Network, text: str, mode: Mode = "zero", *, parts: Sequence[Part] | None = None, most: int | None = None
) -> Sweep:
    """Leave out attention and MLP of each layer in turn, or only `parts`, on the first `most` tokens of a text."""
    ids, _ = _tokens(network, text)
    taken: list[Part] = []
    grows: list[Hook] = []
    hooks: list[Hook] = []
    for layer in range(network.subject.layer_count):
        names = [name for name in _parts_of(network, layer) if parts is None or (layer, name) in parts]
        rows = [1 + len(taken) + index for index in range(len(names))]
        grows += [Hook(layer, "", True, _grow(len(names)))] if names else []
        hooks += [Hook(layer, name, False, _left_out(row, mode)) for row, name in zip(rows, names, strict=True)]
        taken += [(layer, name) for name in names]
    return _swept(network, ids[:, :most], grows, hooks, taken)


def _parts_of(network: Network, layer: int) -> list[str]:
    return [name for name in network.submodules(layer) if name in _ATTENTION or name in _MLP]


def head_sweep(network: Network, text: str, layer: int, mode: Mode = "zero") -> Sweep:
    """Leave out each attention head of one layer in turn."""
    ids, _ = _tokens(network, text)
    module, block = _output_heads(network, layer)
    grows = [Hook(layer, "", True, _grow(block.count))]
    hooks, parts = [], []
    for head in range(block.count):
        lines = slice(block.start + head * block.size, block.start + (head + 1) * block.size)
        hooks.append(Hook(layer, module, True, _left_out(1 + head, mode, lines)))
        parts.append((layer, f"head {head}"))
    return _swept(network, ids, grows, hooks, parts)


def rows_of(sweep: Sweep) -> list[dict[str, object]]:
    """Return a row for each part left out: loss, its change, and how far the logits moved."""
    base = float(sweep.whole.mean())
    return [
        {
            "layer": one.layer,
            "part": one.part,
            "loss": rounded(float(one.losses.mean())),
            "loss_change": rounded(float(one.losses.mean()) - base),
            "logit_change": rounded(one.moved),
        }
        for one in sweep.variants
    ]


def _tokens(network: Network, text: str) -> tuple[Tensor, list[str]]:
    ids, tokens = network.tokens(text)
    if len(tokens) < 2:
        raise NotRunnable("the text is one token; a loss needs at least two")
    return ids, tokens


def _output_heads(network: Network, layer: int) -> tuple[str, HeadBlock]:
    for info in network.subject.in_layer(layer):
        for block in head_blocks(network.subject, info):
            if block.role == "output":
                return info.place.module, block
    raise NotRunnable(f"layer {layer} has no attention output whose heads these tools know")


def _grow(count: int) -> Callable[[Tensor], Tensor]:
    return lambda stream: torch.cat([stream, stream[:1].expand(count, -1, -1)])


def _left_out(row: int, mode: Mode, lines: slice | None = None) -> Callable[[Tensor], Tensor]:
    """Return a function that blanks one row, or some of its lines, or puts the mean over positions there."""

    def change(tensor: Tensor) -> Tensor:
        changed = tensor.clone()
        part = changed[row] if lines is None else changed[row, :, lines]
        part.copy_(part.mean(0, keepdim=True).expand_as(part) if mode == "mean" else torch.zeros_like(part))
        return changed

    return change


def _swept(network: Network, ids: Tensor, grows: Sequence[Hook], hooks: Sequence[Hook], parts: Sequence[Part]) -> Sweep:
    states = grown_states(network, ids, grows, hooks, 1 + len(parts))
    wanted = ids[0, 1:]
    whole = network.read_out(states[0])
    base = token_losses(whole, wanted)
    variants = []
    for (layer, part), state in zip(parts, states[1:], strict=True):
        logits = network.read_out(state)
        moved = float((logits - whole).square().mean().sqrt())
        variants.append(Ablated(layer, part, token_losses(logits, wanted), moved))
    return Sweep(base, tuple(variants))


def grown_states(network: Network, ids: Tensor, grows: Sequence[Hook], hooks: Sequence[Hook], rows: int) -> Tensor:
    """Return the final states of all variants: rows are added where they begin, or where that fails at the start.

    An architecture that prepares something for each row before the first layer (Bloom's position biases) takes no
    further rows later.
    """
    try:
        return network.states(ids, [*grows, *hooks])
    except RuntimeError:
        return network.states(ids.expand(rows, -1), hooks)


def token_losses(logits: Tensor, wanted: Tensor) -> Tensor:
    """Return the loss (nats) of each token after the first."""
    return torch.nn.functional.cross_entropy(logits[:-1].float(), wanted, reduction="none").double()
