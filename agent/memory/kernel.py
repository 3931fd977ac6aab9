"""Which attention kernel runs, and what it holds: by rule from device, dtype and shape, or tried out on the device."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal

from .shape import Shape

Kernel = Literal["eager", "math", "efficient", "flash"]
Dtype = Literal["float32", "float16", "bfloat16"]

ELEMENT_BYTES: dict[str, int] = {"float32": 4, "float16": 2, "bfloat16": 2}
ATTENTIONS = ("sdpa", "eager", "math", "efficient", "flash")
_WIDEST_FLASH_HEAD = 256


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model runs: "cpu", "cuda" or "mps"; of CUDA the compute capability, such as 75 for sm75."""

    kind: str
    capability: int | None = None

    def __str__(self) -> str:
        return f"{self.kind} sm{self.capability}" if self.capability else self.kind


@dataclass(frozen=True, slots=True)
class Kernels:
    """The kernel of a prompt fed at once with nothing cached (no mask), and of what comes after (a mask is passed)."""

    first: Kernel
    later: Kernel
    why: str


def kernels_by_rule(attention: str, place: Place, dtype: str, shape: Shape) -> Kernels:
    """What transformers' attention of that name runs on such a device.

    "math", "efficient" and "flash" are taken at their word. For "sdpa" on CUDA torch chooses: flash needs sm80, half
    precision, heads of at most 256 and no mask; the memory-efficient kernel takes no grouped heads, which transformers
    passes where there is no mask (its issue 48633); what neither takes runs in the math kernel, which holds all scores.
    """
    if not shape.heads:
        return Kernels("flash", "flash", "it has no attention")
    if attention == "eager":
        return Kernels("eager", "eager", "transformers computes the scores in the open")
    if attention.startswith("flash"):
        return Kernels("flash", "flash", "flash attention was asked for")
    if attention in ("math", "efficient"):
        return Kernels(attention, attention, f"the {attention} kernel was asked for")  # type: ignore[arg-type]
    if place.kind == "mps":
        return Kernels("math", "math", "Metal's kernel holds the scores")
    if place.kind == "cpu":
        return Kernels("flash", "efficient", "torch has a flash kernel for CPUs")
    return _on_cuda(place, dtype, shape)


def _on_cuda(place: Place, dtype: str, shape: Shape) -> Kernels:
    modern = place.capability is None or place.capability >= 80
    wide = max(shape.key_dim, shape.value_dim) > _WIDEST_FLASH_HEAD
    if modern and dtype != "float32" and not wide and shape.key_dim == shape.value_dim:
        return Kernels("flash", "efficient", "flash, and the memory-efficient kernel where there is a mask")
    if shape.grouped and not wide:
        lacking = "sm80 or later" if not modern else "half precision"
        return Kernels(
            "math",
            "efficient",
            f"flash needs {lacking}, and the memory-efficient kernel takes no grouped heads: without a mask all scores "
            "are held. Chunked prefill passes a mask from its second chunk on; toolpager repeats the heads instead",
        )
    return Kernels("efficient", "efficient", "flash does not take this shape, the memory-efficient kernel does")


def kernels_tried(device: Any, dtype: Any, shape: Shape) -> Kernels:
    """What `sdpa` really runs on a torch device: each kernel is asked to attend once with these heads.

    On CUDA an unmasked call has grouped heads, as transformers makes it; a masked one has them repeated.
    """
    if not shape.heads:
        return Kernels("flash", "flash", "it has no attention")
    first, later = (_runs(device, dtype, shape, masked=masked) for masked in (False, True))
    return Kernels(first, later, f"tried on {device}")


def _runs(device: Any, dtype: Any, shape: Shape, *, masked: bool) -> Kernel:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    grouped = shape.grouped and not masked
    queries, keys, values = (
        torch.ones(1, heads, 16, dim, device=device, dtype=dtype)
        for heads, dim in (
            (shape.heads, shape.key_dim),
            (shape.kv_heads if grouped else shape.heads, shape.key_dim),
            (shape.kv_heads if grouped else shape.heads, shape.value_dim),
        )
    )
    mask = torch.ones(1, 1, 16, 16, device=device, dtype=torch.bool).tril() if masked else None
    named: dict[Kernel, Any] = {"flash": SDPBackend.FLASH_ATTENTION, "efficient": SDPBackend.EFFICIENT_ATTENTION}
    for kernel, backend in named.items():
        try:
            with warnings.catch_warnings(), sdpa_kernel(backend), torch.inference_mode():
                warnings.simplefilter("ignore")  # torch says why each kernel does not do
                torch.nn.functional.scaled_dot_product_attention(
                    queries, keys, values, attn_mask=mask, is_causal=mask is None, enable_gqa=grouped
                )
        except RuntimeError:
            continue
        return "efficient" if masked else kernel
    return "math"


def score_bytes(kernel: Kernel, place: Place, dtype: str) -> int:
    """What one query-key pair of one head takes while one layer attends.

    Eager: the scores, their softmax in fp32, and its cast back: 8 in fp32 (two tensors, no cast) and in fp16 on CUDA
    (whose softmax reads halves), 10 otherwise. Math computes in fp32 whatever the dtype: 10, measured 9.9 to 10.6.
    """
    if kernel == "eager":
        return 8 if dtype == "float32" or (dtype == "float16" and place.kind == "cuda") else 10
    return 10 if kernel == "math" else 0
