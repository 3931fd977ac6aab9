"""The introspection tools of one subject, as a model or a person calls them."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pager import Call

from ..tools import Tool, tool
from .errors import SubjectError
from .subject import Subject

if TYPE_CHECKING:
    from .network import Network
    from .weights import Weights


class Introspection:
    """The tools' functions over one subject; what one of them read or built serves the others."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def _weights(self) -> "Weights":
        from .weights import Weights

        return Weights(self.subject)

    @cached_property
    def _network(self) -> "Network":
        from .network import Network

        return Network(self.subject)

    def get_architecture_summary(self) -> dict[str, object]:
        """Sizes, heads, position encoding, modules of a layer, irregularities."""
        from .architecture import architecture_summary

        return architecture_summary(self.subject)

    def get_layer_list(self) -> list[dict[str, object]]:
        """All layers: module path, parameters, bytes, differences."""
        from .architecture import layer_list

        return layer_list(self.subject)

    def get_single_layer_stats(self, layer_id: int) -> dict[str, object]:
        """One layer's weights in detail: modules, heads, largest rows."""
        from .layer import single_layer

        return single_layer(self._weights, self.subject.layer(layer_id))

    def get_weight_statistics(self, layer: int | None = None) -> dict[str, object]:
        """Weight statistics. Without layer: scan of the network, anomalies first."""
        from .weights import layer_statistics, weight_statistics

        if layer is None:
            return weight_statistics(self._weights)
        return layer_statistics(self._weights, self.subject.layer(layer))

    def get_activation_statistics(self, prompt: str, layer: int | None = None) -> object:
        """Activations for a prompt by layer: extremes by position and dimension.

        Args:
            prompt: text to run
        """
        from .activations import activation_statistics, layer_activations

        if layer is None:
            return activation_statistics(self._network, prompt)
        return layer_activations(self._network, prompt, self.subject.layer(layer))

    def get_singular_values(self, layer: int | None = None) -> object:
        """Singular values, stable rank, power law of each matrix, by layer."""
        from .spectrum import layer_spectra, singular_values

        if layer is None:
            return singular_values(self.subject)
        return layer_spectra(self.subject, self.subject.layer(layer))

    def scan_singular_values(self) -> dict[str, object]:
        """Scan of all singular values: low rank, dominating directions, anomalies first."""
        from .spectrum import scan_spectra

        return scan_spectra(self.subject)

    def get_checkpoint_difference(self, other: str) -> dict[str, object]:
        """Tensors in which another checkpoint differs: how much, of what rank, layers moved.

        Args:
            other: folder of the checkpoint to compare with
        """
        from .difference import checkpoint_difference

        return checkpoint_difference(self.subject, Subject(other))

    def get_attention_scores(self, prompt: str, layer: int | None = None) -> list[dict[str, object]]:
        """Each attention head's entropy and attention to first, previous and same token."""
        from .behaviour import attention_scores

        return attention_scores(self._network, prompt, None if layer is None else self.subject.layer(layer))

    def get_logit_lens(self, prompt: str, layer: int | None = None) -> list[dict[str, object]]:
        """What each layer predicts for the last position; one layer: for each position."""
        from .behaviour import logit_lens

        return logit_lens(self._network, prompt, None if layer is None else self.subject.layer(layer))

    def get_token_loss(self, text: str) -> dict[str, object]:
        """Loss of each token of a text, and the temperature that would suit the logits."""
        from .behaviour import token_loss

        return token_loss(self._network, text)


def introspection_tools(subject: Subject) -> list[Tool]:
    """Return the tools for one subject, the broadest first."""
    functions = Introspection(subject)
    return _bounded(
        subject,
        tool(functions.get_architecture_summary),
        tool(functions.get_layer_list),
        tool(functions.get_single_layer_stats),
        tool(functions.get_weight_statistics),
        tool(functions.get_activation_statistics),
    )


def further_tools(subject: Subject) -> list[Tool]:
    """Return the tools beyond the first five: spectra, differences, attention, predictions and losses."""
    functions = Introspection(subject)
    return _bounded(
        subject,
        tool(functions.get_singular_values),
        tool(functions.scan_singular_values),
        tool(functions.get_checkpoint_difference),
        tool(functions.get_attention_scores),
        tool(functions.get_logit_lens),
        tool(functions.get_token_loss),
    )


def _bounded(subject: Subject, *tools: Tool) -> list[Tool]:
    """Say in the schemas which layers there are, so that no model asks for the layer 120140."""
    layers = {"minimum": 0, "maximum": subject.layer_count - 1}
    return [one.bounded(layer=layers, layer_id=layers) for one in tools]


def revive(call: Call) -> object:
    """Compute again what a call returned, in a later process; its arguments name the folder under `subject`."""
    folder = call.arguments.get("subject")
    if not isinstance(folder, str):
        raise SubjectError(f"the call of {call.tool} does not say which subject it was made on; call the tool again")
    return reviver(Subject(folder))(call)


def reviver(subject: Subject | str | Path) -> Callable[[Call], object]:
    """Return a function that computes again what calls on one subject returned."""
    chosen = subject if isinstance(subject, Subject) else Subject(subject)
    tools = {one.name: one for one in (*introspection_tools(chosen), *further_tools(chosen))}

    def compute(call: Call) -> object:
        if call.tool not in tools:
            raise SubjectError(f"{call.tool} is no introspection tool; they are: {', '.join(tools)}")
        arguments = {name: value for name, value in call.arguments.items() if name != "subject"}
        return tools[call.tool].run(arguments)

    return compute
