"""A result's bytes as they were put, not as they are shown."""

import codecs
from collections.abc import Iterable, Iterator

from .record import Record
from .store import Store

_MADE_TEXT = ("array", "lazy")  # what is kept of these is not what anybody put
_STORED_AS_PUT = (None, "utf-8")


def original(store: Store, record: Record, pieces: Iterable[str]) -> Iterator[bytes]:
    """The bytes that were put, a piece at a time; `pieces` is the text that is shown of them."""
    if record.layout in _MADE_TEXT:
        return utf8(pieces)
    if record.layout == "bytes" or record.encoding in _STORED_AS_PUT:
        return store.stream(record.content, 0, store.size(record.content))
    return _encoded(pieces, str(record.encoding))


def utf8(pieces: Iterable[str]) -> Iterator[bytes]:
    """Text as UTF-8; bytes that were none come back as they were, lone surrogates as three bytes each."""
    for piece in pieces:
        try:
            yield piece.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            yield piece.encode("utf-8", "surrogatepass")


def _encoded(pieces: Iterable[str], encoding: str) -> Iterator[bytes]:
    encoder = codecs.getincrementalencoder(encoding)()
    for piece in pieces:
        yield encoder.encode(piece)
    yield encoder.encode("", final=True)
