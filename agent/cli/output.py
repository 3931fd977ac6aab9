"""What the command prints: text for people, JSON for programs, one sentence for an error."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
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
    with _read_or_gone():
        print(json.dumps(fields, default=str), flush=True)


def print_text(text: str) -> None:
    """Text on standard output: exact bytes into a pipe, made visible on a terminal."""
    if sys.stdout.isatty():
        print(visible(text))
        return
    with _read_or_gone():
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()


@contextmanager
def _read_or_gone() -> Iterator[None]:
    """Where the reader went away nothing is wrong and nothing more can be said: the command ends as by SIGPIPE.

    Here, because typer would end with status 1 instead.
    """
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + 13)


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
