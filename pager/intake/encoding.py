"""From bytes to text: UTF-8, a byte order mark, a guessed charset that re-encodes exactly, or bad bytes kept aside."""

import re
from dataclasses import dataclass
from typing import Literal

from .western import western

GUESSED_BYTES = 1 << 23
"""Longer content is not handed to the charset detector."""
MAX_BAD_SHARE = 0.05
MAX_CONTROL_SHARE = 0.3
_CONTROL = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")

Errors = Literal["strict", "surrogateescape", "surrogatepass"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text found in bytes. `errors` is how its UTF-8 form decodes; where `transcoded`, that form is not the bytes."""

    text: str
    encoding: str
    errors: Errors = "strict"
    transcoded: bool = False
    note: str | None = None


def decode(data: bytes) -> Decoded | None:
    """The text of bytes, or None when they are no text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _marked(data) or _guessed(data) or _mended(data)
    return Decoded(text, "utf-8") if _readable(text) else _marked(data)


def _readable(text: str) -> bool:
    sample = text[:65536]
    return len(_CONTROL.findall(sample)) <= MAX_CONTROL_SHARE * len(sample)


def _marked(data: bytes) -> Decoded | None:
    """UTF-16 or UTF-32 behind its byte order mark; the mark stays in the text unless encoding writes it again."""
    if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        candidates = ("utf-32", "utf-32-be", "utf-32-le")
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        candidates = ("utf-16", "utf-16-be", "utf-16-le")
    else:
        return None
    return next((found for encoding in candidates if (found := _exact(data, encoding))), None)


def _exact(data: bytes, encoding: str) -> Decoded | None:
    try:
        text = data.decode(encoding)
        return Decoded(text, encoding, transcoded=True) if text.encode(encoding) == data else None
    except (UnicodeError, LookupError):
        return None


def _guessed(data: bytes) -> Decoded | None:
    """What the charset detector says, unless the bytes are mostly UTF-8 or binary."""
    sample = data[:65536]
    loose = sample.decode("utf-8", "surrogateescape")
    bad = len(_ESCAPED_BYTE.findall(loose))
    multibyte = sum(1 for character in loose if character > "\x7f") - bad
    if len(data) > GUESSED_BYTES or multibyte > bad or b"\0" in sample or not _readable(loose):
        return None
    if (encoding := western(sample)) and (found := _exact(data, encoding)):
        return found
    from charset_normalizer import from_bytes

    best = from_bytes(sample if len(data) > len(sample) else data).best()
    found = None if best is None else _exact(data, best.encoding)
    return found if found and _readable(found.text) else None


def _mended(data: bytes) -> Decoded | None:
    """Mostly text: each bad byte is kept as a lone surrogate, from which it can be restored."""
    text = data.decode("utf-8", "surrogateescape")
    sample = text[:65536]
    odd = len(_ESCAPED_BYTE.findall(sample)) + len(_CONTROL.findall(sample))
    if odd > MAX_BAD_SHARE * len(sample):
        return None
    bad = len(_ESCAPED_BYTE.findall(text))
    return Decoded(text, "utf-8", "surrogateescape", note=f"{bad} bytes are not UTF-8: kept as lone surrogates")
