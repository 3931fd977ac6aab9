"""A tool's result as MCP carries it: which of it is text, and what it says."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]
_LITERAL_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The content blocks and the structured content of one result."""

    fields: Mapping[str, Any]

    @property
    def blocks(self) -> list[Block]:
        """The content blocks, text and others."""
        content = self.fields.get("content")
        return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []

    @property
    def texts(self) -> list[str]:
        """What stands in text blocks and in embedded resources that are text."""
        return [text for text in map(text_of, self.blocks) if text is not None]

    @property
    def structured(self) -> object:
        """The structured content; None where there is none."""
        return self.fields.get("structuredContent")

    def characters(self) -> int:
        """The most that a model might read of it, in UTF-8 bytes: a token has one at least."""
        written = len(json.dumps(self.structured).encode()) if self.structured is not None else 0
        return max(sum(len(text.encode("utf-8", "surrogatepass")) for text in self.texts), written)

    def readings(self) -> list[str]:
        """The texts a client may show its model: the content, and the structured content in its place."""
        structured = [] if self.structured is None else [json.dumps(self.structured, ensure_ascii=False)]
        return ["\n".join(self.texts), *structured]

    def value(self) -> object:
        """What to keep: the structured content where the text says the same, else the text, or texts in a list."""
        texts = self.texts
        structured = self._unwrapped()
        if structured is not None and (not texts or _said(texts) == structured or _said(texts) == [structured]):
            return structured
        return _literal(texts[0]) if len(texts) == 1 else _said(texts) or texts

    def with_card(self, card: str, link: Block) -> dict[str, Any]:
        """The same with one card in place of its texts and structured content; the other blocks stay."""
        others = [block for block in self.blocks if text_of(block) is None]
        rest = {name: value for name, value in self.fields.items() if name != "structuredContent"}
        return {**rest, "content": [{"type": "text", "text": card}, link, *others]}

    def _unwrapped(self) -> object:
        """Without the one key `result` that servers wrap lists and scalars in."""
        whole = self.structured
        return whole["result"] if isinstance(whole, dict) and list(whole) == ["result"] else whole


def text_of(block: Block) -> str | None:
    """The text of a block; None where it is none."""
    if block.get("type") == "text":
        return str(block.get("text", ""))
    inner = block.get("resource")
    if block.get("type") == "resource" and isinstance(inner, dict) and isinstance(inner.get("text"), str):
        return str(inner["text"])
    return None


def _literal(text: str) -> object:
    """The Python list or dict that a server printed instead of JSON, where it prints the same again; else the text."""
    if not text.startswith(("[", "{")) or len(text) > _LITERAL_CHARACTERS:
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text
    return value if repr(value) == text and isinstance(value, list | dict) else text


def _said(texts: Sequence[str]) -> object:
    """The JSON values of texts that all are JSON containers: one, or the list of several; None where one is not."""
    values = []
    for text in texts:
        if not text.lstrip().startswith(("{", "[")):
            return None
        try:
            values.append(json.loads(text))
        except (ValueError, RecursionError):
            return None
    return values[0] if len(values) == 1 else values or None
