"""What a message says in blocks: its text, which can be told shorter, and the rest (images, files), which cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Parted:
    """A message's text, None where it has none, and its other blocks; `kind` is what text blocks are called."""

    text: str | None
    rest: tuple[Any, ...]
    kind: str

    def saying(self, text: str) -> str | list[Any]:
        """The message's content with another text in place of its own."""
        return [{"type": self.kind, "text": text}, *self.rest] if self.rest else text


def parted(content: str | Sequence[Any], kind: str = "text") -> Parted:
    """Text blocks, joined by newlines, and all others."""
    if isinstance(content, str):
        return Parted(content, (), kind)
    texts = [text for one in content if (text := _text(one, kind)) is not None]
    rest = tuple(one for one in content if _text(one, kind) is None)
    return Parted("\n".join(texts) if texts else None, rest, kind)


def _text(block: Any, kind: str) -> str | None:
    if isinstance(block, str):
        return block
    text = block.get("text") if isinstance(block, dict) and block.get("type") == kind else None
    return text if isinstance(text, str) else None
