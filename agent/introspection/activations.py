"""What flows through a network for a prompt: extremes by position and dimension, one layer at a time."""

from collections.abc import Sequence

import torch
from torch import Tensor

from pager import Lazy

from .moments import moments
from .network import Network
from .rounding import rounded

# Massive activations as in Sun et al., "Massive Activations in Large Language Models" (arXiv 2402.17762), section 2.
_MASSIVE_SIZE = 100.0
_MASSIVE_RATIO = 1000.0
_DIMENSIONS_SHOWN = 16


def activation_statistics(network: Network, prompt: str) -> Lazy:
    """Return the layers of the network for one prompt; a layer is computed when it is opened, and none after it."""
    subject = network.subject
    _, tokens = network.tokens(prompt)
    keys = tuple(subject.path(layer) for layer in range(subject.layer_count))
    about = {
        "prompt": prompt,
        "tokens": tokens,
        "axes": "layer > position > dimension",
        "not_computed": "a layer is computed when it is opened",
    }
    return Lazy(keys=keys, child=lambda key: layer_activations(network, prompt, subject.layer(key)), about=about)


def layer_activations(network: Network, prompt: str, layer: int) -> dict[str, object]:
    """Run the prompt up to one layer and return what it puts out: its extremes, by position and by dimension."""
    ids, tokens = network.tokens(prompt)
    modules: dict[str, Tensor] = {}

    def watch(_layer: int, module: str, output: Tensor) -> None:
        modules[module] = output.clone()

    network.run(ids, watch, only=layer)
    hidden = modules.pop("")
    return {
        "layer": layer,
        "module": network.subject.path(layer),
        "output": extremes(hidden, tokens),
        "modules": {name: extremes(output, tokens) for name, output in modules.items()},
        "positions": [
            _position(index, token, row) for index, (token, row) in enumerate(zip(tokens, hidden, strict=True))
        ],
        "dimensions": _dimensions(hidden),
    }


def extremes(hidden: Tensor, tokens: Sequence[str]) -> dict[str, object]:
    """Return the moments of one module's output, where its largest number sits, and how that compares.

    `ratio` is the largest size over the median size of all numbers; `massive` counts numbers above 100 and above 1,000
    times that median.
    """
    found = moments(hidden)
    sizes = hidden.abs().nan_to_num(0.0, posinf=0.0)
    typical = float(sizes.median())
    largest = int(sizes.argmax())
    position, dimension = divmod(largest, hidden.shape[1])
    return {
        "mean": rounded(found.mean),
        "rms": rounded(found.rms),
        "kurtosis": rounded(found.kurtosis),
        "abs_max": rounded(found.abs_max),
        "position": position,
        "token": tokens[position] if len(tokens) == len(hidden) else None,
        "dimension": dimension,
        "median_abs": rounded(typical),
        "ratio": rounded(found.abs_max / typical) if typical else None,
        "massive": int((sizes > max(_MASSIVE_SIZE, _MASSIVE_RATIO * typical)).sum()),
        "nan": found.nan,
        "inf": found.inf,
    }


def _position(index: int, token: str, row: Tensor) -> dict[str, object]:
    sizes = row.abs()
    return {
        "position": index,
        "token": token,
        "norm": rounded(float(row.double().norm())),
        "mean": rounded(float(row.mean())),
        "abs_max": rounded(float(sizes.max())),
        "dimension": int(sizes.argmax()),
    }


def _dimensions(hidden: Tensor) -> list[dict[str, object]]:
    """Return the dimensions with the largest numbers, each against the median dimension."""
    largest, positions = hidden.abs().max(0)
    typical = float(largest.median())
    order = torch.argsort(largest, descending=True)[:_DIMENSIONS_SHOWN].tolist()
    return [
        {
            "dimension": dimension,
            "abs_max": rounded(float(largest[dimension])),
            "position": int(positions[dimension]),
            "mean": rounded(float(hidden[:, dimension].mean())),
            "ratio_to_median": rounded(float(largest[dimension]) / typical) if typical else None,
        }
        for dimension in order
    ]
