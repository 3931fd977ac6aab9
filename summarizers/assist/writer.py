"""What the optional pass needs of a language model, and of a place that remembers what one wrote."""

from typing import Protocol


class NotWritten(Exception):
    """A writer could not write; its message is the reason, as a summary's note tells it."""


class Writer(Protocol):
    """Anything that continues a prompt: a local model, an endpoint, a person."""

    @property
    def name(self) -> str:
        """What it is called; a stable part of the key its replies are remembered by."""

    def write(self, prompt_text: str, max_new_tokens: int) -> str:
        """The reply to a prompt, in at most so many tokens of its own; raises `NotWritten` where it has none."""


class Memory(Protocol):
    """Keeps replies by what led to them, so that nothing is asked twice; a `Pager` is one."""

    def recalled(self, key: str) -> str | None:
        """The text remembered under a key, or None."""

    def remember(self, key: str, text: str) -> None:
        """Keep a text; the first under a key stands."""
