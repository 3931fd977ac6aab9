"""Results with nothing to read or of odd form: empty ones, JSON that is broken, long runs of one character, bytes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.lines import TEXTUAL, clip, listing

if TYPE_CHECKING:
    from pager import Node

_RUN = re.compile(r"(.)\1{49,}", re.DOTALL)
_WINDOW = 65_536  # characters looked at
_WHOLE = 8_000_000  # bytes up to which brackets are counted
_MAGIC = {
    b"\x89PNG": "PNG image", b"\xff\xd8\xff": "JPEG image", b"GIF8": "GIF image", b"%PDF": "PDF document",
    b"PK\x03\x04": "ZIP archive", b"\x1f\x8b": "gzip", b"\x7fELF": "ELF binary", b"SQLite": "SQLite database",
    b"\x93NUMPY": "NumPy array", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"RIFF": "RIFF container", b"OggS": "Ogg",
    b"GGUF": "GGUF model", b"\x28\xb5\x2f\xfd": "zstd", b"MZ": "Windows executable",
}  # fmt: skip


def matches(node: Node) -> bool:
    """Whether the node is bytes, has no lines, or is one that starts like JSON but is kept as text."""
    if node.kind == "bytes":
        return True
    if node.kind not in TEXTUAL:
        return False
    if len(node) == 0:
        return True
    first = _window(node).lstrip("\ufeff \t\n")[:1]
    return bool(first) and first in "[{" and "JSON" in (node.note or "")


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield what the content is, why it is broken, what it mostly holds."""
    if node.kind == "bytes":
        yield from _bytes(node)
        return
    window = _window(node)
    if not window:
        yield Fact("empty: 0 bytes, nothing in it", node.address, 2.0, "format")
        return
    yield from _runs(node, window)
    yield from _brackets(node)
    yield Fact(f"starts {clip(window, 120)}", node.address, 0.8, "format")
    if focus:
        from ..reading.passage import quotes

        yield from quotes(node, focus)


def _window(node: Node) -> str:
    parts, length = [], 0
    for line in node.lines(0, 2_000):
        parts.append(line[:_WINDOW])
        length += len(parts[-1])
        if length >= _WINDOW:
            break
    return "".join(parts)


def _runs(node: Node, window: str) -> Iterator[Fact]:
    found = _RUN.search(window)
    if not found:
        return
    letter, length = found.group(1), found.end() - found.start()
    if found.end() >= min(len(window), _WINDOW):
        text = node.text()[:_WHOLE] if (node.size_bytes or 0) <= _WHOLE else window
        rest = text[found.start() :]
        length = len(rest) - len(rest.lstrip(letter))
    yield Fact(f"{length} × {letter!r} in a row", node.address, 1.6, "extreme")


def _brackets(node: Node) -> Iterator[Fact]:
    """Why JSON is broken: brackets never closed, or a bad character."""
    if (node.size_bytes or 0) > _WHOLE:
        return
    text = re.sub(r'"(?:[^"\\]|\\.)*"', "", node.text())
    left = {pair: text.count(pair[0]) - text.count(pair[1]) for pair in ("[]", "{}")}
    unclosed = [f"{count} '{pair[0]}'" for pair, count in left.items() if count > 0]
    if unclosed:
        yield Fact(f"invalid JSON: {' and '.join(unclosed)} never closed", node.address, 2.0, "error")
        return
    try:
        json.loads(node.text())
    except (ValueError, RecursionError) as broken:
        yield Fact(f"invalid JSON: {broken or 'nested too deeply'}", node.address, 2.0, "error")


def _bytes(node: Node) -> Iterator[Fact]:
    value = node.value()
    data = value[:_WINDOW] if isinstance(value, bytes) else b""
    kind = next((name for magic, name in _MAGIC.items() if data.startswith(magic)), "")
    if kind:
        yield Fact(kind, node.address, 1.8, "format")
    if data:
        common = Counter(f"0x{byte:02x}" for byte in data)
        share = sum(32 <= byte < 127 for byte in data) / len(data)
        yield Fact(f"{share:.0%} printable ASCII, starts {data[:16].hex(' ')}", node.address, 1.0, "format")
        yield Fact(f"most frequent bytes {listing(common, 3)}", node.address, 0.5, "top")
