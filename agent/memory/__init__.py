"""Memory: planned from a model's config before anything is loaded, probed, and watched in every generation.

`shape_of` reads a model's shape, a `Plan` says what so many tokens take, `free_memory` what can be had, `safe_ceiling`
the most tokens that are safe, and a `Guard` predicts and measures each generation. Importing this loads no torch.
"""

from .allocator import return_freed_memory
from .ceiling import SafeCeiling, safe_ceiling
from .exhaustion import is_out_of_memory, let_go, requested_bytes
from .free import FreeMemory, free_memory
from .guard import CacheState, Guard
from .kernel import ATTENTIONS, ELEMENT_BYTES, Kernels, Place, kernels_by_rule, kernels_tried
from .peak import Meter, ProcessMeter, meter
from .plan import STEP_TOKENS, KvCache, MemoryTerms, Plan
from .probe import Probe, known_probe, probed, remembered
from .shape import Shape, shape_of
from .weights import Weights, counted_weights, gguf_weights, stored_weights

__all__ = [
    "ATTENTIONS",
    "ELEMENT_BYTES",
    "STEP_TOKENS",
    "CacheState",
    "FreeMemory",
    "Guard",
    "Kernels",
    "KvCache",
    "MemoryTerms",
    "Meter",
    "Place",
    "Plan",
    "Probe",
    "ProcessMeter",
    "SafeCeiling",
    "Shape",
    "Weights",
    "counted_weights",
    "free_memory",
    "gguf_weights",
    "is_out_of_memory",
    "kernels_by_rule",
    "kernels_tried",
    "known_probe",
    "let_go",
    "meter",
    "probed",
    "remembered",
    "requested_bytes",
    "return_freed_memory",
    "safe_ceiling",
    "shape_of",
    "stored_weights",
]
