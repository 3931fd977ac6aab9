"""Activation patching: where in a network the difference between two prompts comes to matter.

Meng et al. (2022): the corrupted prompt is run with one activation taken from the clean run, and the clean answer's
log-probability is read. All variants run in one pass, as in the ablation sweep.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from .ablation import grown_states
from .errors import NotRunnable
from .network import Hook, Network
from .rounding import rounded


def activation_patching(network: Network, clean: str, corrupted: str) -> dict[str, object]:
    """Patch each layer's output, at each position that differs and at the last, from the clean into the corrupted run.

    `recovered` is 0 where patching changes nothing and 1 where it restores the clean answer's log-probability. Raises
    `NotRunnable` where the prompts have different numbers of tokens or the same tokens.
    """
    ids, tokens = network.tokens(clean)
    other, _ = network.tokens(corrupted)
    if ids.shape != other.shape:
        raise NotRunnable(
            f"the prompts have {ids.shape[1]} and {other.shape[1]} tokens; patching needs as many in both"
        )
    differing = (ids != other)[0].nonzero().flatten().tolist()
    if not differing:
        raise NotRunnable("the prompts are the same; patching needs one that was changed")
    places = sorted({*differing, len(tokens) - 1})
    kept: dict[int, Tensor] = {}
    layers = range(network.subject.layer_count)
    clean_state = network.states(ids, [Hook(layer, "", False, _keeping(kept, layer)) for layer in layers])
    whole = network.read_out(clean_state[0, -1:])[0].log_softmax(-1)
    answer = int(whole.argmax())
    grows: list[Hook] = []
    hooks: list[Hook] = []
    variants: list[tuple[int, int]] = []
    for layer in layers:
        rows = {1 + len(variants) + index: position for index, position in enumerate(places)}
        grows.append(Hook(layer, "", True, _grow(len(places))))
        hooks.append(Hook(layer, "", False, _patched(rows, kept[layer])))
        variants += [(layer, position) for position in places]
    states = grown_states(network, other, grows, hooks, 1 + len(variants))
    chances = network.read_out(states[:, -1]).log_softmax(-1)[:, answer]
    low, high = float(chances[0]), float(whole[answer])
    span = high - low
    return {
        "answer": network.tokenizer.decode([answer]),
        "log_probability_clean": rounded(high),
        "log_probability_corrupted": rounded(low),
        "patches": [
            {
                "layer": layer,
                "position": position,
                "token": tokens[position],
                "log_probability": rounded(chance),
                "recovered": rounded((chance - low) / span) if abs(span) > 1e-6 else None,
            }
            for (layer, position), chance in zip(variants, chances[1:].tolist(), strict=True)
        ],
    }


def _keeping(kept: dict[int, Tensor], layer: int) -> Callable[[Tensor], None]:
    def keep(output: Tensor) -> None:
        kept[layer] = output[0].clone()

    return keep


def _grow(count: int) -> Callable[[Tensor], Tensor]:
    return lambda stream: torch.cat([stream, stream[:1].expand(count, -1, -1)])


def _patched(rows: dict[int, int], clean: Tensor) -> Callable[[Tensor], Tensor]:
    def patch(output: Tensor) -> Tensor:
        changed = output.clone()
        for row, position in rows.items():
            changed[row, position] = clean[position]
        return changed

    return patch
