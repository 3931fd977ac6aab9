"""Weight statistics: of one layer, and of the whole network with what stands out in it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from .anomaly import Anomaly, outcomes, ranked
from .contrasts import CONTRASTS, contrasted
from .faults import astray, blanks, copies, cropped, empty, likenesses, not_finite, off_grid
from .measured import Measured, measure, record
from .order import disorder
from .partners import Partners, mismatched, partners
from .subject import Subject
from .threads import few_threads

_SHOWN = 24
_OF_LAYERS = ("duplicate", "near copy", "coarse quantization grid", "rounded to fewer bits")


class Weights:
    """The weights of a subject, each layer measured once, when first asked for."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._measured: dict[int | None, list[Measured]] = {}
        self._partners: dict[int, Partners] = {}
        self._fingerprint = subject.fingerprint

    def layer(self, layer: int | None) -> list[Measured]:
        """Measure the tensors of one layer (None: those outside the stack), reading no others."""
        if layer not in self._measured:
            with few_threads():
                self._measure(layer)
        return self._measured[layer]

    def all(self) -> list[Measured]:
        """Measure every tensor, the tensors of one layer mapped at a time."""
        return [one for layer in (None, *range(self.subject.layer_count)) for one in self.layer(layer)]

    def _measure(self, layer: int | None) -> None:
        subject = self.subject
        tensors = {info: subject.tensor(info.name) for info in subject.in_layer(layer) if info.elements}
        self._measured[layer] = [measure(subject, info, tensor) for info, tensor in tensors.items()]
        if layer is not None:
            self._partners[layer] = partners(subject, tensors)

    def anomalies(self) -> list[Anomaly]:
        """Return what stands out in the whole network, the plainest first; nothing for a network as it was trained."""
        measured = self.all()
        found = [
            *_found(self.subject, measured),
            *disorder(self.subject, measured),
            *mismatched([self._partners[layer] for layer in range(self.subject.layer_count)]),
        ]
        return ranked(_layerwise(found))


def _found(subject: Subject, measured: list[Measured]) -> Iterator[Anomaly]:
    for one in measured:
        yield from not_finite(one)
        yield from empty(one)
    for module, family in families(measured).items():
        if module is None:
            for one in family:
                yield from astray(one)
        else:
            yield from blanks(family)
            yield from copies(subject, family)
            yield from likenesses(family)
            yield from cropped(family)
            yield from off_grid(family)
            yield from contrasted(family, CONTRASTS)


def families(measured: list[Measured]) -> dict[str | None, list[Measured]]:
    """Return the same module's tensors over the layers, by module; those outside the stack under None."""
    by_module: defaultdict[str | None, list[Measured]] = defaultdict(list)
    for one in measured:
        place = one.info.place
        by_module[None if place.layer is None else place.module].append(one)
    return dict(by_module)


def _layerwise(found: list[Anomaly]) -> list[Anomaly]:
    """Join the same finding in three or more modules of a layer to one about the layer."""
    groups: defaultdict[tuple[object, ...], list[Anomaly]] = defaultdict(list)
    for one in found:
        alike = one.where if one.what in ("duplicate", "near copy") else ""
        groups[(one.layer, one.what, alike) if one.layer is not None else (id(one),)].append(one)
    return [joined for group in groups.values() for joined in _joined(group)]


def _joined(group: list[Anomaly]) -> list[Anomaly]:
    if len({one.module for one in group}) < 3 or group[0].what not in _OF_LAYERS:
        return group
    strongest = max(group, key=lambda one: one.score)
    names = ", ".join(sorted({one.module.rsplit(".", 1)[-1] for one in group}))
    where = f"{strongest.where}: {names}" if strongest.what != "coarse quantization grid" else f"in {names}"
    return [replace(strongest, module="", where=where)]


def weight_statistics(weights: Weights) -> dict[str, object]:
    """Return the scan of the whole network: `outcome` in words, `anomalies` (a table), `layers` and `other`.

    `layers` holds for each layer its modules and their statistics, `other` the tensors outside the stack.
    """
    subject = weights.subject
    found = weights.anomalies()
    return {
        **outcomes(found, subject.stack),
        "anomalies": [one.row(subject.stack) for one in found[:_SHOWN]],
        **({"anomalies_left_out": len(found) - _SHOWN} if len(found) > _SHOWN else {}),
        "layers": [layer_statistics(weights, layer) for layer in range(subject.layer_count)],
        "other": layer_statistics(weights, None),
    }


def layer_statistics(weights: Weights, layer: int | None) -> dict[str, object]:
    """Return one layer's modules and their statistics."""
    return {one.info.place.module: record(one) for one in weights.layer(layer)}
