"""What a run has spent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Totals:
    """Tokens over all generations, and the largest prompt with its reserve."""

    generations: int = 0
    input_tokens: int = 0
    new_tokens: int = 0
    reused_tokens: int = 0
    seconds: float = 0.0
    peak_tokens: int = 0

    @property
    def computed_tokens(self) -> int:
        """The tokens of prompts that were not in the cache."""
        return self.input_tokens - self.reused_tokens

    def after(self, generation: Mapping[str, Any]) -> "Totals":
        """The totals one generation event later."""
        return Totals(
            generations=self.generations + 1,
            input_tokens=self.input_tokens + generation["input_tokens"],
            new_tokens=self.new_tokens + generation["new_tokens"],
            reused_tokens=self.reused_tokens + generation["reused_tokens"],
            seconds=self.seconds + generation["seconds"],
            peak_tokens=max(self.peak_tokens, generation["input_tokens"] + generation["max_new_tokens"]),
        )
