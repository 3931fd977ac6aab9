"""A token counter that does not count the same text twice."""

from collections import OrderedDict
from dataclasses import dataclass, field

from pager import TokenCounter

_TEXTS = 4_096
_LONGEST = 20_000  # characters; of longer texts a run holds few, and they would fill the memory


@dataclass(frozen=True, slots=True)
class Remembering:
    """Counts as `counter` does, from memory what it counted lately."""

    counter: TokenCounter
    _counted: OrderedDict[str, int] = field(default_factory=OrderedDict)

    @property
    def name(self) -> str:
        """The counter's."""
        return self.counter.name

    def count(self, text: str) -> int:
        """How many tokens the text takes."""
        if len(text) > _LONGEST:
            return self.counter.count(text)
        if (known := self._counted.get(text)) is not None:
            self._counted.move_to_end(text)
            return known
        tokens = self._counted[text] = self.counter.count(text)
        if len(self._counted) > _TEXTS:
            self._counted.popitem(last=False)
        return tokens
