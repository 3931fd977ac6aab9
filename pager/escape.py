"""Bytes as printable text, and back."""

import re

_NAMED = {9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}
_TABLE = {code: _NAMED.get(code) or (chr(code) if 32 <= code < 127 else f"\\x{code:02x}") for code in range(256)}
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|([tnr\\]))")
_BACK = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def escape(data: bytes) -> str:
    r"""Printable text for any bytes, reversible.

    >>> escape(b"GIF89a\x00\n\xff")
    'GIF89a\\x00\\n\\xff'
    """
    return data.decode("latin-1").translate(_TABLE)


def unescape(text: str) -> bytes:
    """The bytes that `escape` made the text of."""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else _BACK[found[2]], text)
    return plain.encode("latin-1")
