"""How a result or a computed part is written down in the store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..types import Call, Kind, Result


@dataclass(frozen=True, slots=True)
class Record:
    """How a result or a computed part is kept: which layout its content has, and what is known of it."""

    layout: str
    kind: Kind
    content: int
    size_bytes: int
    encoding: str | None = None
    note: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def dump_call(call: Call | None) -> str | None:
    """A call as JSON."""
    return None if call is None else json.dumps([call.tool, dict(call.arguments)], sort_keys=True, default=str)


def dump_record(record: Record) -> str:
    """A record as JSON."""
    fields = (record.layout, record.kind, record.content, record.size_bytes, record.encoding, record.note)
    return json.dumps([*fields, dict(record.details)])


def load_record(text: object) -> Record:
    """The record of its JSON."""
    return Record(*json.loads(str(text)))


def result_of(row: tuple[object, ...]) -> Result:
    """The result that a row of the store stands for."""
    number, _, name, call, created, text = row
    record = load_record(text)
    loaded = None if call is None else Call(*json.loads(str(call)))
    label = None if name is None else str(name)
    return Result(
        f"r{number}", label, record.kind, record.size_bytes, record.encoding, record.note, loaded, str(created)
    )
