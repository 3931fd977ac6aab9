"""How a value becomes a record in the store: decoded, its kind told, its content kept."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..bodies.numeric import array_bytes, array_details
from ..errors import PagerError
from ..shape import kind_of
from ..storage.large import LARGE_BYTES, Utf8
from ..storage.record import Record
from ..storage.store import Content, Store
from ..types import Lazy
from .detect import SAMPLE, Guess, guess_kind
from .encoding import Decoded, decode
from .jsontext import Malformed, dump_lines, parse_json
from .plain import to_plain

JSON_BYTES = 128 << 20
SHOWN_KEYS = 24


@dataclass(frozen=True, slots=True)
class Intake:
    """A record ready to be listed, the content it points to, and the parsed value when it was parsed anyway."""

    record: Record
    digest: str
    parsed: object = None


def take(store: Store, value: object, name: str | None = None) -> Intake:
    """Keep any value; raises NotStorable for one without a text form."""
    if isinstance(value, Lazy):
        return take_lazy(store, value)
    if isinstance(value, str):
        return _take_text(store, value, name)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return take_bytes(store, bytes(value), name)
    data = array_bytes(value)
    if data is not None:
        details = array_details(data)
        content = store.add_content(data)
        return _intake(content, Record("array", "array", content.id, len(data), details=details))
    return _take_plain(store, to_plain(value))


def take_lazy(store: Store, value: Lazy) -> Intake:
    """Keep the outline of a lazy value; its parts come later, one by one."""
    outline = {"about": to_plain(dict(value.about)), "children": list(value.keys)}
    data = dump_lines(outline).encode("utf-8", "surrogatepass")
    content = store.add_content(data)
    return _intake(content, Record("lazy", "lazy", content.id, len(data), details={"length": len(value.keys)}))


def _take_plain(store: Store, plain: Any) -> Intake:
    text = plain if isinstance(plain, str) else dump_lines(plain)
    data = text.encode("utf-8", "surrogatepass")
    content = store.add_content(data)
    layout = "string" if isinstance(plain, str) else "json"
    details = {"errors": "surrogatepass", **_known(plain)}
    return _intake(content, Record(layout, kind_of(plain), content.id, len(data), details=details))


def _take_text(store: Store, text: str, name: str | None) -> Intake:
    data = text.encode("utf-8", "surrogatepass")
    return _take_decoded(store, Decoded(text, "utf-8", "surrogatepass"), data, name, encoding=None)


def take_bytes(store: Store, data: bytes, name: str | None) -> Intake:
    """Keep bytes: as text where they are text, as they are where not."""
    decoded = decode(data)
    if decoded is None:
        content = store.add_content(data)
        return _intake(content, Record("bytes", "bytes", content.id, len(data), note="no text: shown escaped"))
    kept = decoded.text.encode("utf-8") if decoded.transcoded else data
    return _take_decoded(store, decoded, kept, name, encoding=decoded.encoding, size_bytes=len(data))


def _take_decoded(
    store: Store,
    decoded: Decoded,
    kept: bytes,
    name: str | None,
    *,
    encoding: str | None,
    size_bytes: int | None = None,
) -> Intake:
    guess = guess_kind(decoded.text[:SAMPLE], name, whole=len(decoded.text) <= SAMPLE)
    record = _record(guess, len(kept) if size_bytes is None else size_bytes, encoding, decoded.errors)
    parsed: object = None
    if guess.layout == "json":
        record, parsed = _parse(record, decoded.text, guess, name)
    elif guess.layout == "jsonl":
        record = replace(record, note=_broken_lines(decoded.text))
    notes = [note for note in (decoded.note, record.note, None if kept else "empty") if note]
    content = store.add_content(kept)
    return _intake(content, replace(record, content=content.id, note="; ".join(notes) or None), parsed)


def _record(guess: Guess, size_bytes: int, encoding: str | None, errors: str) -> Record:
    details = {"errors": errors, "language": guess.language, "delimiter": guess.delimiter}
    known = {key: value for key, value in details.items() if value is not None}
    return Record(guess.layout, guess.kind, 0, size_bytes, encoding, None, known)


def _parse(record: Record, text: str, guess: Guess, name: str | None) -> tuple[Record, object]:
    """The record of a JSON document, or of text when it is none."""
    try:
        parsed = parse_json(text)
    except Malformed as error:
        other = guess_kind(text[:SAMPLE], name, whole=len(text) <= SAMPLE, json=False)
        note = f"malformed JSON: {error}: kept as text" if guess.meant else None
        kind = other.kind if other.layout == "text" else "text"
        return replace(record, layout="text", kind=kind, note=note), None
    return replace(record, kind=kind_of(parsed), details={**record.details, **_known(parsed)}), parsed


def _broken_lines(text: str) -> str | None:
    """How many lines of JSON Lines are none, told from those that do not end as a value does."""
    lines = ((number, line.strip()) for number, line in enumerate(text.split("\n"), 1))
    broken = [number for number, line in lines if line and not line.endswith(("}", "]")) and _is_broken(line)]
    if not broken:
        return None
    which = "line" if len(broken) == 1 else f"{len(broken)} lines, first"
    return f"malformed JSON ({which} {broken[0]}): kept as text"


def _is_broken(line: str) -> bool:
    try:
        parse_json(line)
    except Malformed:
        return True
    return False


def _known(value: Any) -> Mapping[str, object]:
    """What a later process wants to know without parsing: how long, and the first keys."""
    if isinstance(value, dict):
        return {"length": len(value), "keys": [key for key in list(value)[:SHOWN_KEYS] if len(key) <= 200]}
    return {"length": len(value)} if isinstance(value, list) else {}


def take_file(store: Store, path: Path, name: str) -> Intake:
    """Keep a file; a large one is read in pieces unless it must be parsed."""
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        head = file.read(SAMPLE * 4)
        whole = size < LARGE_BYTES or (size <= JSON_BYTES and _looks_json(head, name))
        if whole:
            return take_bytes(store, head + file.read(), name)
        guess = _guess_head(head, name)
        utf8 = Utf8()
        content = store.add_large(file, size, utf8)
    return _intake(content, _streamed(guess, content, utf8.valid))


def _looks_json(head: bytes, name: str) -> bool:
    decoded = decode(_trimmed(head))
    return decoded is not None and guess_kind(decoded.text[:SAMPLE], name, whole=False).layout == "json"


def _trimmed(head: bytes) -> bytes:
    """A sample without a character cut at its end."""
    return codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head).encode("utf-8", "surrogateescape")


def _guess_head(head: bytes, name: str) -> Guess | None:
    decoded = decode(_trimmed(head))
    if decoded is None or decoded.transcoded:
        text = None if decoded is None else decoded.text
        return (
            None
            if text is None or head[:2] in (b"\xff\xfe", b"\xfe\xff")
            else guess_kind(text[:SAMPLE], name, whole=False)
        )
    return guess_kind(decoded.text[:SAMPLE], name, whole=False)


def _streamed(guess: Guess | None, content: Content, valid: bool) -> Record:
    size = content.size_bytes
    if guess is None:
        return Record("bytes", "bytes", content.id, size, note="no text: shown escaped")
    note = None
    if guess.layout == "json":
        note = f"JSON over {JSON_BYTES >> 20} MiB is not parsed: kept as text"
        guess = Guess("text", "text")
    errors = "strict" if valid else "surrogateescape"
    if not valid:
        note = "; ".join(part for part in (note, "some bytes are not UTF-8: kept as lone surrogates") if part)
    return replace(_record(guess, size, "utf-8", errors), content=content.id, note=note)


def _intake(content: Content, record: Record, parsed: object = None) -> Intake:
    return Intake(record, content.digest, parsed)


def check_readable(path: Path) -> None:
    """Raise PagerError where no file can be read at the path."""
    if not path.exists():
        raise PagerError(f"no file at {path}; check the path")
    if path.is_dir():
        raise PagerError(f"{path} is a folder; give a file in it")
