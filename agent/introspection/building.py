"""A subject's modules without its weights, and which of the folder's tensors belongs into which of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from ..errors import first_line
from ..models.quiet import quiet_transformers
from .errors import NotRunnable
from .subject import Subject

UNBUILDABLE = (ValueError, KeyError, OSError, ImportError, RuntimeError, AttributeError, TypeError)


@dataclass(frozen=True, slots=True)
class Built:
    """A network ready to run; `names` maps its parameters to the folder's tensors.

    `names` is None where the modules hold their weights already, and `kernel` the attention they compute with.
    """

    model: Any
    kernel: str
    names: Mapping[str, str] | None


def build(subject: Subject) -> Built:
    """Build the subject in float32, without weights where they can be streamed from the folder.

    Transformers keeps some weights under other names or in other shapes than the folder does (fused experts, say): then
    they are loaded whole. Raises `NotRunnable`.
    """
    from accelerate import init_empty_weights
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        with quiet_transformers():
            config = AutoConfig.from_pretrained(str(subject.folder))
            with init_empty_weights(include_buffers=False):
                model, kernel = _with_kernel(partial(AutoModelForCausalLM.from_config, config, dtype=torch.float32))
    except (*UNBUILDABLE, StrictDataclassError) as error:
        raise _unbuildable(subject, error) from error
    names = _names(model, subject)
    return Built(model.eval(), kernel, names) if names is not None else _loaded(subject)


def _with_kernel(make: Callable[..., Any]) -> tuple[Any, str]:
    """Scaled dot-product attention, or where the architecture has none, attention in the open."""
    try:
        return make(attn_implementation="sdpa"), "sdpa"
    except ValueError as error:
        if "attention" not in str(error):
            raise
        return make(attn_implementation="eager"), "eager"


def _names(model: Any, subject: Subject) -> dict[str, str] | None:
    """The parameters' tensors, whose names may lack or have the base model's prefix; None where one has none."""
    prefix = f"{model.base_model_prefix}."
    held = subject.tensors
    names = {}
    for name, parameter in model.named_parameters():
        options = (name, name.removeprefix(prefix), prefix + name)
        fitting = (one for one in options if one in held and held[one].shape == tuple(parameter.shape))
        names[name] = next(fitting, "")
    head = {id(parameter) for parameter in model.get_output_embeddings().parameters()} if subject.tied else set()
    missing = [name for name, parameter in model.named_parameters() if not names[name] and id(parameter) not in head]
    return None if missing else names


def _loaded(subject: Subject) -> Built:
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoModelForCausalLM

    folder = str(subject.folder)
    load = partial(AutoModelForCausalLM.from_pretrained, folder, dtype=torch.float32, output_loading_info=True)
    try:
        with quiet_transformers():
            (model, found), kernel = _with_kernel(load)
    except (*UNBUILDABLE, StrictDataclassError) as error:
        raise _unbuildable(subject, error) from error
    missing = sorted(found["missing_keys"])
    if missing:
        raise NotRunnable(
            f"{len(missing)} of the network's parameters are not in {folder} under the names transformers expects, "
            f"first {missing[0]}; save the model with save_pretrained() into a new folder"
        )
    return Built(model.eval(), kernel, None)


def _unbuildable(subject: Subject, error: Exception) -> NotRunnable:
    return NotRunnable(
        f"transformers cannot run {subject.folder} as a language model: {first_line(error)}. Its weights can still be "
        "examined: get_weight_statistics, get_single_layer_stats"
    )
