"""One scan of everything: configuration, weights, spectra, embeddings, behaviour and activations of a network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .anomaly import Anomaly, outcomes, ranked
from .errors import SubjectError

if TYPE_CHECKING:
    from .network import Network
    from .weights import Weights


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of scan: its name, the tool that tells more, and what it finds."""

    name: str
    tool: str
    find: Callable[[], Sequence[Anomaly]]


def scan_network(weights: "Weights", network: "Network") -> dict[str, object]:
    """Return what stands out in any family of scans, the plainest first, and what each family came to.

    A family that cannot be computed (no tokenizer, an architecture transformers does not know) says so and is left out.
    """
    found: list[Anomaly] = []
    families: list[dict[str, object]] = []
    with network.held():
        for family in _families(weights, network):
            seen, note = _seen(family)
            stands_out = None if note else len(seen)
            families.append({"family": family.name, "stands_out": stands_out, "tool": family.tool, "note": note})
            found += seen
    best = ranked(found)
    stack = weights.subject.stack
    irregular = irregularities(weights)
    told = outcomes(best, stack)
    if irregular and not best:
        told = {"outcome": f"irregular: {irregular[0]}"}
    return {
        **told,
        "irregular": irregular,
        "anomalies": [one.row(stack) for one in best[:24]],
        "families": families,
    }


def _seen(family: Family) -> tuple[Sequence[Anomaly], str]:
    """Return what a family finds, or why it cannot be computed."""
    try:
        return list(family.find()), ""
    except SubjectError as error:
        return [], str(error)


def _families(weights: "Weights", network: "Network") -> list[Family]:
    from .activation_scan import activation_anomalies
    from .behaviour_scan import behaviour_anomalies
    from .embedding import embedding_anomalies
    from .spectrum import spectrum_anomalies

    subject = weights.subject
    return [
        Family("weights", "get_weight_statistics", weights.anomalies),
        Family("singular values", "scan_singular_values", lambda: spectrum_anomalies(subject)),
        Family("embeddings", "scan_embeddings", lambda: list(embedding_anomalies(subject))),
        Family("behaviour", "scan_behaviour", lambda: behaviour_anomalies(network)),
        Family("activations", "scan_activations", lambda: activation_anomalies(network)),
    ]


def irregularities(weights: "Weights") -> list[str]:
    """Return what configuration and headers show: other shapes, types, modules or depth than stated."""
    from .architecture import irregular

    return irregular(weights.subject)
