"""Predicts a generation's memory before it and measures it after; what cannot fit is refused before it is tried."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import OutOfMemory
from .exhaustion import let_go
from .free import FreeMemory
from .peak import Meter
from .plan import Plan


@dataclass(frozen=True, slots=True)
class CacheState:
    """The KV cache now: its bytes, the tokens of the next prompt it spares, and how to free it."""

    bytes: int
    reused_tokens: int
    drop: Callable[[], None]


@dataclass(slots=True)
class Guard:
    """Watches the generations of one model, one after the other; all bytes are above the weights.

    A refusal is never repeated: whatever comes after one is tried, so that a wrong prediction cannot end a run.
    """

    plan: Plan
    meter: Meter
    free: Callable[[], FreeMemory]
    predicted_bytes: int = 0
    _held_bytes: int = 0
    _refused: bool = False

    def before(self, held: CacheState, *, input_tokens: int, max_new_tokens: int) -> None:
        """Raises OutOfMemory where the prediction exceeds what is free, even without the cache."""
        tokens = input_tokens + max_new_tokens
        free = self.free()
        self._held_bytes = held.bytes
        fed = self.plan.feeding(reused_tokens=held.reused_tokens, input_tokens=input_tokens, tokens=tokens)
        # a cache keeps the room it had for a longer prompt
        self.predicted_bytes = fed + max(0, held.bytes - self.plan.cached(tokens))
        if self.predicted_bytes - held.bytes > free.bytes:
            held.drop()
            let_go()
            free = self.free()
            self._held_bytes = 0
            self.predicted_bytes = self.plan.feeding(reused_tokens=0, input_tokens=input_tokens, tokens=tokens)
            self._refuse(free, input_tokens, max_new_tokens)
        self._refused = False
        self.meter.start()

    def after(self) -> int | None:
        """The measured peak of the generation since `before`; None where it cannot be told."""
        above = self.meter.above_start()
        return None if above is None else above + self._held_bytes

    def fits_tokens(self, free_bytes: int, margin: float = 0.1) -> int:
        """The most tokens that fit what is free now, with a margin; an empty cache is supposed."""
        return self.plan.most_tokens(int((1 - margin) * free_bytes) + self.plan.weights_bytes)

    def _refuse(self, free: FreeMemory, input_tokens: int, max_new_tokens: int) -> None:
        if self.predicted_bytes <= free.bytes or self._refused:
            return
        self._refused = True
        raise OutOfMemory(
            input_tokens=input_tokens,
            max_new_tokens=max_new_tokens,
            requested_bytes=self.predicted_bytes,
            free_bytes=free.bytes,
            fits_tokens=self.fits_tokens(free.bytes),
        )
