"""What the command prints: text for people, JSON for programs, one sentence for an error."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Text that a terminal may show: control characters, turns of direction and damaged bytes are written out."""
    return _CONTROL.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if 0x100 <= code < 0xD800 else f"\\x{code & 0xFF:02x}"


def print_json(fields: Mapping[str, object]) -> None:
    """One JSON object on standard output; lone surrogates stay escaped, so bytes survive."""
    print(json.dumps(fields, default=str), flush=True)


def print_text(text: str) -> None:
    """Text on standard output: exact bytes into a pipe, made visible on a terminal."""
    if sys.stdout.isatty():
        print(visible(text))
        return
    print_pieces([text.encode("utf-8", "surrogateescape")])


def print_pieces(pieces: Iterable[bytes]) -> None:
    """Bytes on standard output, as they come."""
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def print_note(text: str) -> None:
    """A remark for the person, on standard error, so that a pipe carries only the text asked for."""
    print(visible(text), file=sys.stderr)


@contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner on the terminal's standard error while something long happens; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
