"""The introspection tools of one subject, as a model or a person calls them."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pager import Call

from ..tools import Tool, tool
from .errors import SubjectError
from .registry import tools_of
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

    def scan_network(self) -> dict[str, object]:
        """Scan of everything: weights, spectra, embeddings, behaviour; where to look first."""
        from .network_scan import scan_network

        return scan_network(self._weights, self._network)

    def get_channel_norms(self, layer: int | None = None, module: str | None = None) -> object:
        """Norm of every row, column and head, by layer and module.

        Args:
            module: module path or TransformerLens name, such as mlp.down_proj or W_Q
        """
        from .channels import channel_norms, layer_channels, module_channels

        if layer is None:
            return channel_norms(self.subject)
        number = self.subject.layer(layer)
        if module is None:
            return layer_channels(self.subject, number)
        return module_channels(self.subject, self.subject.module(number, module))

    def get_checkpoint_difference(self, other: str) -> dict[str, object]:
        """Tensors in which another checkpoint differs: how much, of what rank, rows permuted, layers moved.

        Args:
            other: folder of the checkpoint to compare with
        """
        from .difference import checkpoint_difference

        return checkpoint_difference(self.subject, Subject(other))

    def scan_activations(self, text: str | None = None) -> dict[str, object]:
        """Scan of activations: layers that write too much or too little, uniform heads, massive activations."""
        from .activation_scan import scan_activations

        return scan_activations(self._network, text)

    def get_attention_scores(self, prompt: str, layer: int | None = None) -> list[dict[str, object]]:
        """Each attention head's entropy, induction, and attention to first, previous and same token."""
        from .behaviour import attention_scores

        return attention_scores(self._network, prompt, None if layer is None else self.subject.layer(layer))

    def get_attention_pattern(self, prompt: str, layer: int, head: int) -> dict[str, object]:
        """One head's attention: query by key."""
        from .behaviour import attention_pattern

        return attention_pattern(self._network, prompt, self.subject.layer(layer), head)

    def get_logit_lens(self, prompt: str, layer: int | None = None) -> object:
        """What each layer predicts: for the last position; opened layer by layer, for each position."""
        from .behaviour import lens_by_layer, logit_lens

        if layer is None:
            return lens_by_layer(self._network, prompt)
        return logit_lens(self._network, prompt, self.subject.layer(layer))

    def get_neuron_health(self, layer: int | None = None, text: str | None = None) -> object:
        """Neurons of a layer on a text: dead, always on, strongest and the tokens they promote."""
        from .neurons import layer_neurons, neuron_health

        if layer is None:
            return neuron_health(self._network, text)
        return layer_neurons(self._network, self.subject.layer(layer), text)

    def scan_behaviour(self, text: str | None = None) -> dict[str, object]:
        """Scan of predictions: parts that harm, scale of the logits, base of the rotary positions."""
        from .behaviour_scan import scan_behaviour

        return scan_behaviour(self._network, text)

    def get_ablation(
        self, text: str, layer: int | None = None, mode: Literal["zero", "mean"] = "zero"
    ) -> list[dict[str, object]]:
        """Change of loss and logits without attention or MLP of each layer; one layer: without each head.

        Args:
            mode: what takes the part's place, zero or its mean over positions
        """
        from .ablation import head_sweep, part_sweep, rows_of

        if layer is None:
            return rows_of(part_sweep(self._network, text, mode))
        return rows_of(head_sweep(self._network, text, self.subject.layer(layer), mode))

    def get_activation_patching(self, clean: str, corrupted: str) -> dict[str, object]:
        """How much of the clean prompt's answer returns when one layer and position is patched into the corrupted.

        Args:
            corrupted: a prompt of as many tokens, some of them changed
        """
        from .patching import activation_patching

        return activation_patching(self._network, clean, corrupted)

    def get_embedding_row(self, token: int | str) -> dict[str, object]:
        """One token's embedding: norm, rank, nearest tokens.

        Args:
            token: id, or text
        """
        from .embedding import embedding_rows

        return embedding_rows(self._network, token)

    def scan_embeddings(self) -> dict[str, object]:
        """Scan of the embeddings: corrupted, untied or zero rows, breaks in a position table."""
        from .embedding import scan_embeddings

        return scan_embeddings(self.subject, self._network if self._network.has_tokenizer else None)

    def get_token_loss(self, text: str) -> dict[str, object]:
        """Loss of each token of a text, and the temperature that would suit the logits."""
        from .behaviour import token_loss

        return token_loss(self._network, text)

    def get_generation(self, prompt: str, tokens: int = 20) -> dict[str, object]:
        """Likeliest continuation of a prompt, with probabilities."""
        from .behaviour import generation_sample

        return generation_sample(self._network, prompt, tokens)


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
    """Return the tools beyond the first five: the scans, the broadest first, then what looks closer."""
    functions = Introspection(subject)
    return _bounded(
        subject,
        tool(functions.scan_network),
        tool(functions.scan_singular_values),
        tool(functions.scan_embeddings),
        tool(functions.scan_behaviour),
        tool(functions.scan_activations),
        tool(functions.get_singular_values),
        tool(functions.get_channel_norms),
        tool(functions.get_attention_scores),
        tool(functions.get_attention_pattern),
        tool(functions.get_logit_lens),
        tool(functions.get_neuron_health),
        tool(functions.get_ablation),
        tool(functions.get_activation_patching),
        tool(functions.get_embedding_row),
        tool(functions.get_token_loss),
        tool(functions.get_generation),
        tool(functions.get_checkpoint_difference),
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
    """Return a function that computes again what calls on one subject returned.

    A call of a person's own tool names the file that defines it under `tools`.
    """
    chosen = subject if isinstance(subject, Subject) else Subject(subject)
    tools = {one.name: one for one in (*introspection_tools(chosen), *further_tools(chosen))}

    def compute(call: Call) -> object:
        own = call.arguments.get("tools")
        if isinstance(own, str):
            tools.update({one.name: one for one in tools_of(own, chosen)})
        if call.tool not in tools:
            raise SubjectError(f"{call.tool} is no introspection tool; they are: {', '.join(tools)}")
        arguments = {name: value for name, value in call.arguments.items() if name not in ("subject", "tools")}
        return tools[call.tool].run(arguments)

    return compute
