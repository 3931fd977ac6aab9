"""Arrays kept as .npy, and bytes kept as they are: both are formatted only where they are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..escape import escape
from ..intake.jsontext import parse_json
from ..storage.store import Store
from ..types import Key, Kind
from .body import Body, body_of, table_of_array
from .numeric import ArrayText
from .source import Source


class ArrayBody:
    """A numeric array; its items lie along the first axis."""

    def __init__(self, text: ArrayText) -> None:
        self._text = text

    @property
    def kind(self) -> Kind:
        return "array"

    def source(self) -> Source:
        return self._text

    def length(self) -> int:
        return self._text.shape[0]

    def value(self) -> Any:
        return self._text.whole()

    def child(self, key: Key) -> Body:
        if not isinstance(key, int):
            raise KeyError(key)
        if key >= self.length():
            raise IndexError(key)
        if len(self._text.shape) > 1:
            return ArrayBody(self._text.row(key))
        return body_of(parse_json(self._text.word(key)))

    def slice(self, start: int, stop: int) -> Body:
        return ArrayBody(self._text.at(start, stop))

    def keys(self, start: int, stop: int) -> Sequence[Key]:
        return range(self.length())[start:stop]

    def rows(self) -> Iterator[dict[str, Any]] | None:
        return table_of_array(self._text.whole())


@dataclass(frozen=True, slots=True)
class EscapedBytes:
    """Stored bytes as escaped text; units are bytes."""

    store: Store
    content: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start

    @property
    def size_bytes(self) -> None:
        return None

    def raw(self, start: int, stop: int) -> bytes:
        """The bytes themselves."""
        return self.store.read(self.content, self.start + start, self.start + stop)

    def read(self, start: int, stop: int) -> str:
        return escape(self.raw(start, stop))

    def edge(self, position: int, reach: int) -> int:
        return position


class BytesBody:
    """Bytes that are no text; items are single bytes."""

    def __init__(self, data: EscapedBytes) -> None:
        self._data = data

    @property
    def kind(self) -> Kind:
        return "bytes"

    def source(self) -> Source:
        return self._data

    def length(self) -> int:
        return self._data.size

    def value(self) -> Any:
        return self._data.raw(0, self._data.size)

    def child(self, key: Key) -> Body:
        if not isinstance(key, int):
            raise KeyError(key)
        if key >= self.length():
            raise IndexError(key)
        return body_of(self._data.raw(key, key + 1)[0])

    def slice(self, start: int, stop: int) -> Body:
        data = self._data
        return BytesBody(EscapedBytes(data.store, data.content, data.start + start, data.start + stop))

    def keys(self, start: int, stop: int) -> Sequence[Key]:
        return ()

    def rows(self) -> Iterator[dict[str, Any]] | None:
        return None
