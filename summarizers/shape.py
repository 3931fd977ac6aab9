"""What a node is in a few words: its kind, how long, how big."""

from pager import Node

from .reading.sample import is_sampled


def shape_of(node: Node) -> str:
    """Kind, length in the node's own unit, and bytes: "table, 764 rows, 464978 bytes"."""
    parts: list[str] = [node.kind]
    if node.kind != "value":
        parts.append(f"{len(node)} {node.unit}")
    if node.size_bytes is not None and node.unit != "bytes":
        parts.append(f"{node.size_bytes} bytes")
    if node.encoding not in (None, "utf-8", "ascii"):
        parts.append(str(node.encoding))
    if is_sampled(node):
        parts.append("told by a sample")
    return ", ".join(parts)


def title_of(node: Node) -> str | None:
    """What the node is called: its own name, or that of its result."""
    return node.name or node.result.name
