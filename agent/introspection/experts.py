"""The health of the neurons in a layer's experts, each on the tokens that the router sends it."""

from collections.abc import Mapping

from torch import Tensor

from .errors import NotRunnable
from .network import Hook, Network
from .rounding import rounded
from .subject import TensorInfo

_GATES, _UPS = ("gate_proj", "w1"), ("up_proj", "w3")
_ROUTERS = ("gate", "router")
_LISTED = 16


def experts_module(network: Network, layer: int) -> str | None:
    """Return the path of a layer's experts; None where it has none."""
    return next((name for name in network.submodules(layer) if name.rsplit(".", 1)[-1] == "experts"), None)


def expert_neurons(network: Network, layer: int, text: str, *, dead_share: float) -> dict[str, object]:
    """Return for each expert of a layer: its tokens, its dead neurons, its strongest neuron.

    A token goes to the experts of its largest router logits. An expert is judged by its own tokens, its neurons by
    their largest activation: dead below `dead_share` of its median neuron's. Raises `NotRunnable` where the router or
    the experts' matrices are of another kind.
    """
    ids, tokens = network.tokens(text)
    matrices, router = _matrices(network, layer), _router(network, layer)
    hidden = _entering(network, layer, ids)
    each = network.subject.setting("num_experts_per_tok", "moe_topk", default=1) or 1
    chosen = (hidden @ network.subject.tensor(router.name).float().T).topk(each).indices
    activate = network.part(layer, f"{experts_module(network, layer)}.act_fn")
    rows: list[dict[str, object]] = []
    for expert, (gate, up) in sorted(matrices.items()):
        given = hidden[(chosen == expert).any(1)]
        read = [network.subject.tensor(info.name).float() for info in (gate, up)]
        largest = (activate(given @ read[0].T) * (given @ read[1].T)).abs().amax(0) if len(given) else None
        rows.append({"expert": expert, "tokens": len(given)} | _told(largest, dead_share))
    return {
        "layer": layer,
        "module": network.subject.path(layer, experts_module(network, layer) or ""),
        "positions": len(tokens),
        "experts_for_each_token": each,
        "experts_without_tokens": [row["expert"] for row in rows if not row["tokens"]],
        "by_expert": rows,
    }


def _told(largest: Tensor | None, dead_share: float) -> dict[str, object]:
    if largest is None:
        return {"dead": None, "dead_neurons": [], "strongest": None, "largest": None}
    dead = (largest <= dead_share * largest.median()).nonzero().flatten().tolist()
    strongest = int(largest.argmax())
    return {
        "dead": len(dead),
        "dead_neurons": dead[:_LISTED],
        "strongest": strongest,
        "largest": rounded(float(largest[strongest])),
    }


def _entering(network: Network, layer: int, ids: Tensor) -> Tensor:
    """Return what enters the experts, positions x hidden."""
    kept: list[Tensor] = []
    module = experts_module(network, layer)
    assert module is not None
    network.states(ids, [Hook(layer, module, True, kept.append)], last=layer)
    return kept[0].reshape(-1, kept[0].shape[-1]).float()


def _matrices(network: Network, layer: int) -> Mapping[int, tuple[TensorInfo, TensorInfo]]:
    """Return each expert's two reading matrices, as the folder has them."""
    found: dict[int, dict[str, TensorInfo]] = {}
    for info in network.subject.in_layer(layer):
        parts = info.place.module.split(".")
        if len(parts) > 2 and parts[-3] == "experts" and parts[-2].isdigit():
            side = "gate" if parts[-1] in _GATES else "up" if parts[-1] in _UPS else parts[-1]
            found.setdefault(int(parts[-2]), {})[side] = info
    if not found or any(not {"gate", "up"} <= set(one) for one in found.values()):
        raise NotRunnable(f"layer {layer} has experts whose matrices are not stored one by one as gate and up")
    return {expert: (one["gate"], one["up"]) for expert, one in found.items()}


def _router(network: Network, layer: int) -> TensorInfo:
    hidden = network.subject.setting("hidden_size")
    for info in network.subject.in_layer(layer):
        routes = info.place.module.rsplit(".", 1)[-1] in _ROUTERS
        if routes and len(info.shape) == 2 and info.shape[1] == hidden and "shared" not in info.name:
            return info
    raise NotRunnable(f"layer {layer} has experts but no router that these tools know; they are {', '.join(_ROUTERS)}")
