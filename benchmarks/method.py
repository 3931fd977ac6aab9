"""What the benchmark compares: anything that turns a result into a text within a budget."""

from dataclasses import dataclass
from typing import Protocol

from pager import TokenCounter

from .baselines import Baseline
from .corpus import Source


class Method(Protocol):
    """A way to put a result into few tokens. `focused`: it also reads the question, and is asked once for each."""

    @property
    def name(self) -> str:
        """As it stands in tables."""

    @property
    def focused(self) -> bool:
        """Whether `focus` changes what it says."""

    def summary(self, source: Source, budget_tokens: int, focus: str | None) -> str:
        """At most `budget_tokens` tokens for the result."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A baseline as a method: it sees the text and the budget."""

    name: str
    function: Baseline
    counter: TokenCounter
    focused: bool = False

    def summary(self, source: Source, budget_tokens: int, focus: str | None) -> str:
        """What the function makes of the text."""
        return self.function(source.text, budget_tokens, self.counter)
