"""The attention to load a model with: the cheapest that really runs on the device."""

from typing import Any

import torch

from ..errors import BadModel
from ..memory import Kernels, Place, kernels_by_rule, kernels_tried, shape_of

REPEATED = "sdpa_repeated"
_ASKED_OF_TRANSFORMERS = {"math": "sdpa", "efficient": "sdpa", "flash": "sdpa"}


def place_of(device: torch.device) -> Place:
    """Where a model on that device runs."""
    if device.type != "cuda":
        return Place(device.type)
    major, minor = torch.cuda.get_device_capability(device)
    return Place("cuda", 10 * major + minor)


def kernels_of(attention: str, device: torch.device, dtype: torch.dtype, config: Any) -> Kernels:
    """What a model that was loaded with this attention runs: tried out for sdpa, else by rule."""
    shape = shape_of(config)
    if attention not in ("sdpa", REPEATED):
        return kernels_by_rule(attention, place_of(device), _name(dtype), shape)
    tried = kernels_tried(device, dtype, shape)
    return Kernels(tried.later, tried.later, tried.why) if attention == REPEATED else tried


def attention_for(asked: str, device: torch.device, dtype: torch.dtype, config: Any) -> str:
    """Transformers' name for what was asked; for sdpa with repeated heads where grouped ones need the math kernel.

    That is so on CUDA before sm80, and in fp32: the math kernel holds all scores (transformers issue 48633).
    """
    if asked in _ASKED_OF_TRANSFORMERS:
        raise BadModel(f"the {asked} kernel cannot be asked for alone; load with sdpa or eager, and plan with {asked}")
    if asked != "sdpa" or device.type != "cuda":
        return asked
    kernels = kernels_tried(device, dtype, shape_of(config))
    if kernels.first == "math" and kernels.later != "math":
        register_repeated()
        return REPEATED
    return asked


def register_repeated() -> None:
    """Makes sdpa with keys and values repeated for every head known to transformers as `sdpa_repeated`."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    AttentionInterface.register(REPEATED, repeated_attention)
    AttentionMaskInterface.register(REPEATED, sdpa_mask)


def repeated_attention(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: Any, **options: Any
) -> tuple[torch.Tensor, None]:
    """Transformers' sdpa attention, given as many key and value heads as query heads, so that no kernel sees groups."""
    from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward

    groups = query.shape[1] // key.shape[1]
    attended: tuple[torch.Tensor, None] = sdpa_attention_forward(
        _Ungrouped(module), query, repeat_kv(key, groups), repeat_kv(value, groups), attention_mask, **options
    )
    return attended


class _Ungrouped:
    """What of an attention module the function reads: whether it is causal; of groups it must not know."""

    def __init__(self, module: Any) -> None:
        self.is_causal = getattr(module, "is_causal", True)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
