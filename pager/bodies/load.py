"""From a record in the store back to what a node holds."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from ..errors import StoreFailed
from ..intake.jsontext import parse_json
from ..storage.record import Record
from ..storage.store import Store
from ..types import Key, Kind
from .arraybody import ArrayBody, BytesBody, EscapedBytes
from .body import Body, ValueBody, body_of
from .numeric import ArrayText
from .source import Source, StoredText
from .tablebody import CsvBody, JsonLinesBody
from .textbody import TextBody


def load(store: Store, record: Record, parsed: object = None) -> Body:
    """The body of a record; `parsed` spares parsing a JSON document again."""
    details = record.details
    if record.layout == "array":
        shape = tuple(_integers(details["shape"]))
        return ArrayBody(ArrayText(store, record.content, _integer(details["offset"]), str(details["dtype"]), shape))
    if record.layout == "bytes":
        return BytesBody(EscapedBytes(store, record.content, 0, record.size_bytes))
    text = StoredText(store, record.content, 0, store.size(record.content), str(details.get("errors", "strict")))
    if record.layout == "json":
        return JsonBody(text, record, parsed)
    if record.layout == "jsonl":
        return JsonLinesBody(text, record.kind)
    if record.layout == "csv":
        return CsvBody(text, str(details["delimiter"]))
    if record.layout in ("text", "string"):
        language = details.get("language")
        return TextBody(text, record.kind, None if language is None else str(language))
    raise StoreFailed(f"the store holds a {record.layout!r} result, which this version cannot read; update toolpager")


def _integer(value: object) -> int:
    return int(str(value))


def _integers(value: object) -> list[int]:
    return [int(item) for item in value] if isinstance(value, list) else []


class JsonBody:
    """A JSON document: its text is the document's own, and it is parsed only when something asks for a part."""

    def __init__(self, text: StoredText, record: Record, parsed: object = None) -> None:
        self._text = text
        self._record = record
        if parsed is not None:
            self.__dict__["inner"] = body_of(parsed, record.kind)

    @cached_property
    def inner(self) -> Body:
        """The parsed document."""
        return body_of(parse_json(self._text.read(0, self._text.size)), self._record.kind)

    @property
    def kind(self) -> Kind:
        return self._record.kind

    def source(self) -> Source:
        return self._text

    def length(self) -> int:
        known = self._record.details.get("length")
        return known if isinstance(known, int) else self.inner.length()

    def value(self) -> Any:
        return self.inner.value()

    def plain(self) -> Any:
        """The value without numpy."""
        return self.inner.plain() if isinstance(self.inner, ValueBody) else self.inner.value()

    def child(self, key: Key) -> Body:
        return self.inner.child(key)

    def slice(self, start: int, stop: int) -> Body:
        return self.inner.slice(start, stop)

    def keys(self, start: int, stop: int) -> Sequence[Key]:
        known = self._record.details.get("keys")
        if isinstance(known, list) and (stop <= len(known) or len(known) == self.length()):
            return known[start:stop]
        if self.kind in ("table", "list", "array"):
            return range(self.length())[start:stop]
        return self.inner.keys(start, stop)

    def rows(self) -> Iterator[dict[str, Any]] | None:
        return self.inner.rows()
