"""What stands out in a network's activations: layers that write too much or too little, heads that see nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from torch import Tensor

from .activations import extremes
from .anomaly import Anomaly, outcomes, ranked
from .behaviour import head_scores
from .network import Network
from .probe import PROBE
from .rounding import rounded
from .siblings import deviations

_LEAST = 6.0
_LONE_SCORE = 6.0
_EVEN = 0.97
_EVEN_TYPICAL = 0.9
_RARE = 0.01


@dataclass(slots=True)
class _Seen:
    """What passed by of each layer."""

    written: dict[str, dict[int, float]] = field(default_factory=dict)
    outputs: dict[int, dict[str, object]] = field(default_factory=dict)
    heads: list[dict[str, object]] = field(default_factory=list)


def scan_activations(network: Network, text: str | None = None) -> dict[str, object]:
    """Return what stands out when a text is run: a part's output against the same part's in other layers, and heads.

    `massive` says where the largest number of the residual stream sits and in how many layers: trained networks have a
    few, most often at the first position (Sun et al., arXiv 2402.17762), so that alone is no alarm.
    """
    seen = _run(network, text)
    found = _found(seen)
    stack = network.subject.stack
    told = outcomes(found, stack)
    if not found:
        told = {"outcome": f"{told['outcome']}; massive activations as trained networks have: {_massive(seen.outputs)}"}
    return {
        **told,
        "massive": _massive(seen.outputs),
        "heads_on_first_token": _on_first(seen.heads),
        "anomalies": [one.row(stack) for one in found],
        "layers": [_layer_row(seen, layer) for layer in sorted(seen.outputs)],
    }


def activation_anomalies(network: Network) -> list[Anomaly]:
    """Return what stands out in the activations for the probe text."""
    return _found(_run(network, None))


def _run(network: Network, text: str | None) -> _Seen:
    ids, tokens = network.tokens(text or PROBE)
    seen = _Seen()

    def watch(layer: int, module: str, output: Tensor) -> None:
        if module == "pattern":
            seen.heads.extend(head_scores(layer, head, scores) for head, scores in enumerate(output))
        elif module:
            later = output[1:] if len(output) > 1 else output
            seen.written.setdefault(module, {})[layer] = float(later.norm(dim=1).median())
        else:
            seen.outputs[layer] = extremes(output, tokens)

    with network.held():
        network.run(ids, watch, patterns=len(tokens) > 2)
    return seen


def _found(seen: _Seen) -> list[Anomaly]:
    bad = _not_finite(seen.outputs)
    return bad or ranked([*_writing(seen), *_even_heads(seen.heads)])


def _layer_row(seen: _Seen, layer: int) -> dict[str, object]:
    output = seen.outputs[layer]
    told = {name: output[name] for name in ("rms", "abs_max", "position", "dimension")}
    return {
        "layer": layer,
        **{name: rounded(values[layer]) for name, values in seen.written.items() if layer in values},
        **told,
    }


def _writing(seen: _Seen) -> list[Anomaly]:
    """Parts whose output's usual norm leaves the range of the layers around."""
    found = []
    for module, values in seen.written.items():
        layers = sorted(values)
        for layer, off in zip(layers, deviations([values[layer] for layer in layers]), strict=False):
            if not off.edge and off.factor >= _LEAST and off.score >= _LONE_SCORE:
                side = "above" if off.ratio > 1 else "below"
                where = f"norm of its output {side} its neighbours' by a factor {off.factor:.3g}"
                found.append(Anomaly(layer, module, "output norm", where, off.value, off.siblings, off.score, 2))
    return found


def _even_heads(heads: Sequence[dict[str, object]]) -> list[Anomaly]:
    """Heads that attend to all positions alike, where few do and the usual head does not."""
    entropies = [_number(row["entropy"]) for row in heads]
    even = [row for row, entropy in zip(heads, entropies, strict=True) if entropy >= _EVEN]
    if not even or median(entropies) >= _EVEN_TYPICAL or len(even) > max(1, _RARE * len(heads)):
        return []
    return [
        Anomaly(
            int(str(row["layer"])),
            "attention",
            "uniform head",
            f"head {row['head']}",
            _number(row["entropy"]),
            median(entropies),
            10.0,
        )
        for row in even
    ]


def _not_finite(outputs: dict[int, dict[str, object]]) -> list[Anomaly]:
    """The first layer that puts out NaN or infinite numbers; those after it inherit them."""
    bad = [layer for layer, output in sorted(outputs.items()) if output["nan"] or output["inf"]]
    if not bad:
        return []
    return [Anomaly(bad[0], "", "NaN", "first layer whose output is not finite", float(len(bad)), 0.0, 1000.0, 0)]


def _massive(outputs: dict[int, dict[str, object]]) -> str:
    having = {layer: output for layer, output in outputs.items() if output["massive"]}
    if not having:
        return "none"
    largest = max(having, key=lambda layer: _number(having[layer]["abs_max"]))
    one = having[largest]
    alike = sum(output["dimension"] == one["dimension"] for output in having.values())
    return (
        f"{one['abs_max']} at layer {largest}, position {one['position']}, dimension {one['dimension']}, "
        f"{one['ratio']} times the median; in {len(having)} of {len(outputs)} layers, {alike} in this dimension"
    )


def _on_first(heads: Sequence[dict[str, object]]) -> str:
    first = sum(_number(row["first_token"]) > 0.5 for row in heads)
    return f"{first} of {len(heads)} give it more than half of their attention"


def _number(value: object) -> float:
    """Return a recorded number; 0 for what was not finite."""
    return float(value) if isinstance(value, int | float) else 0.0
