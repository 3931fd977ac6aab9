"""Names for the calls of a conversation, one for each call, also where a model gives the same id again and again."""

from collections import Counter


class CallNames:
    """Walks a conversation once, oldest message first: an answer belongs to the latest call that has its id."""

    def __init__(self) -> None:
        self._made: Counter[str] = Counter()

    def made(self, identifier: str) -> str:
        """The name of a call made here: its id, and its number where that id was there before."""
        self._made[identifier] += 1
        return self.answered(identifier)

    def answered(self, identifier: str) -> str:
        """The name of the call that an answer with this id is to."""
        times = self._made[identifier]
        return identifier if times < 2 else f"{identifier}#{times}"
