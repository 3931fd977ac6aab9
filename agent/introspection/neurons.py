"""The health of a layer's neurons: dead, always on, strongest, and what the strongest write."""

from collections.abc import Sequence

import torch
from torch import Tensor

from pager import Lazy

from .embedding import output_embedding
from .errors import NotRunnable
from .experts import expert_neurons, experts_module
from .network import Hook, Network
from .probe import PROBE
from .rounding import rounded
from .subject import TensorInfo

_WRITERS = ("down_proj", "fc2", "dense_4h_to_h", "wo", "w2")
_DEAD = 1e-4  # of the median neuron's largest activation
_STEADY = 0.5
_STRONGEST = 8
_TOP_TOKENS = 4


def neuron_health(network: Network, text: str | None = None) -> Lazy:
    """Return the layers, each computed when it is opened."""
    subject = network.subject
    keys = tuple(subject.path(layer) for layer in range(subject.layer_count))
    about = {"text": text or PROBE, "axes": "layer > neuron", "not_computed": "a layer is computed when it is opened"}
    return Lazy(keys=keys, child=lambda key: layer_neurons(network, subject.layer(key), text), about=about)


def layer_neurons(network: Network, layer: int, text: str | None = None) -> dict[str, object]:
    """Return one layer's neurons on a text: which are dead or always on, the strongest, and a row for each.

    Activations are what goes into the matrix that writes to the stream. `dead`: largest size below 1/10,000 of the
    median neuron's. `always_on`: of one sign at every position, and never below half of its largest size. `promotes`:
    the tokens whose logits a strong neuron raises most. Of a layer with experts: a row
    for each expert, and the shared expert's neurons.
    """
    info = _writer(network, layer)
    if experts_module(network, layer) is not None:
        shared = {} if info is None else {"shared_expert": _health(network, layer, info, text or PROBE)}
        return expert_neurons(network, layer, text or PROBE, dead_share=_DEAD) | shared
    if info is None:
        raise NotRunnable(
            f"layer {layer} has no single matrix that its neurons write through; known are {', '.join(_WRITERS)} and "
            "mlp.c_proj"
        )
    return _health(network, layer, info, text or PROBE)


def _health(network: Network, layer: int, info: TensorInfo, text: str) -> dict[str, object]:
    ids, tokens = network.tokens(text)
    kept: list[Tensor] = []

    def keep(given: Tensor) -> None:
        kept.append(given.reshape(-1, given.shape[-1]).float())

    network.states(ids, [Hook(layer, info.place.module, True, keep)], last=layer)
    active = kept[0]
    sizes = active.abs()
    largest, positions = sizes.max(0)
    typical = float(largest.median())
    dead = (largest <= _DEAD * typical).nonzero().flatten().tolist()
    steady = (sizes.min(0).values >= _STEADY * largest) & (active.sign().abs().sum(0) == active.sign().sum(0).abs())
    always = (steady & (largest > _DEAD * typical)).nonzero().flatten().tolist() if len(active) > 1 else []
    order = largest.argsort(descending=True)
    return {
        "layer": layer,
        "module": network.subject.path(layer, info.place.module),
        "neurons": len(largest),
        "dead": len(dead),
        "dead_neurons": dead[:64],
        "always_on": len(always),
        "always_on_neurons": always[:64],
        "median_largest": rounded(typical),
        "strongest": _strongest(network, info, order[:_STRONGEST].tolist(), largest, tokens, positions),
        "by_neuron": [
            {"neuron": neuron, "largest": rounded(value), "position": position, "mean": rounded(mean)}
            for neuron, (value, position, mean) in enumerate(
                zip(largest.tolist(), positions.tolist(), active.mean(0).tolist(), strict=True)
            )
        ],
    }


def _writer(network: Network, layer: int) -> TensorInfo | None:
    """Return the one matrix that a layer's neurons, or its shared expert's, write through."""
    for info in network.subject.in_layer(layer):
        parts = info.place.module.split(".")
        writes = parts[-1] in _WRITERS or (parts[-1] == "c_proj" and "mlp" in parts)
        if writes and len(info.shape) == 2 and info.place.module in network.submodules(layer):
            return info
    return None


def _strongest(
    network: Network,
    info: TensorInfo,
    neurons: Sequence[int],
    largest: Tensor,
    tokens: Sequence[str],
    positions: Tensor,
) -> list[dict[str, object]]:
    subject = network.subject
    matrix = subject.tensor(info.name)
    hidden = subject.setting("hidden_size", "n_embd", "d_model")
    columns = matrix if matrix.shape[0] == hidden else matrix.T
    head = output_embedding(subject)
    table = subject.tensor(head.name) if head else None
    rows: list[dict[str, object]] = []
    for neuron in neurons:
        promoted: list[str] = []
        if table is not None and table.shape[1] == columns.shape[0]:
            logits = torch.cat([block.float() @ columns[:, neuron].float() for block in torch.split(table, 8192)])
            promoted = [network.tokenizer.decode([token]) for token in logits.topk(_TOP_TOKENS).indices.tolist()]
        rows.append(
            {
                "neuron": neuron,
                "largest": rounded(float(largest[neuron])),
                "token": tokens[int(positions[neuron])],
                "promotes": ", ".join(map(repr, promoted)),
            }
        )
    return rows
