"""The largest ceiling that is safe: what memory holds with a margin, and what the model can read."""

from dataclasses import dataclass

from .free import FreeMemory
from .plan import MOST_TOKENS, MemoryTerms, Plan

CPU_MARGIN = 0.15  # its allocator keeps more than it is asked for
DEVICE_MARGIN = 0.10


@dataclass(frozen=True, slots=True)
class SafeCeiling:
    """A ceiling in tokens and what limits it; `tokens` 0 where not even one fits. `why` says it in one sentence."""

    tokens: int
    limit: str
    budget_bytes: int
    margin: float
    at: MemoryTerms
    why: str


def safe_ceiling(plan: Plan, *, free: FreeMemory, loaded: bool, margin: float | None = None) -> SafeCeiling:
    """The most tokens of prompt and reply whose peak leaves `margin` of the free memory unused.

    With `loaded` weights the free memory is beside them, else they come out of it. No margin given: 15 % on a CPU, 10 %
    elsewhere; of what is left after the weights, whose size is known.
    """
    share = margin if margin is not None else (CPU_MARGIN if plan.place.kind == "cpu" else DEVICE_MARGIN)
    room = free.bytes - (0 if loaded else plan.weights_bytes)
    budget = int(max(0, room) * (1 - share)) + plan.weights_bytes
    fits = plan.most_tokens(budget)
    context = plan.shape.context_tokens
    if context is not None and fits >= context:
        at = plan.at(context)
        why = f"the model reads no more than {context:,} tokens; memory ({free.limit}) would hold {_many(fits)}"
        return SafeCeiling(context, "the model's context", budget, share, at, why)
    at = plan.at(max(1, fits))
    if not fits:
        return SafeCeiling(0, "weights" if room <= 0 else at.largest, budget, share, at, _nothing(plan, free, at))
    beside = plan.at(fits + 1)
    why = (
        f"{beside.largest.replace('_', ' ')} take most of what {free.limit} leaves: with {share:.0%} of it kept free, "
        f"{fits:,} tokens fit"
    )
    return SafeCeiling(fits, beside.largest, budget, share, at, why)


def _many(tokens: int) -> str:
    return "any number" if tokens >= MOST_TOKENS - 1 else f"{tokens:,}"


def _nothing(plan: Plan, free: FreeMemory, at: MemoryTerms) -> str:
    return (
        f"not even one token fits: the weights take {plan.weights_bytes / 2**30:.2f} GiB and one token "
        f"{at.above_weights / 2**20:,.0f} MiB more, and {free.limit} is {free.bytes / 2**30:.2f} GiB"
    )
