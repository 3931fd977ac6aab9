"""What comes from a stream, whose length nobody knows: in memory while short, else spooled to a file, up to a limit."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

HELD_BYTES = 8 << 20
PIECE = 1 << 20


class Stream(Protocol):
    """A file opened to be read, buffered, or the buffer of standard input."""

    def read(self, size: int, /) -> bytes:
        """So many bytes; fewer only at the end."""

    def seekable(self) -> bool:
        """Whether it can be read again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was read: `data` where it is short, else the file at `path`; `goes_on` where there was more."""

    data: bytes
    path: Path | None
    goes_on: bool


def most_bytes() -> int:
    """The most that is read of a stream unless told otherwise: it is written twice, to half of the free disk."""
    return shutil.disk_usage(tempfile.gettempdir()).free // 4


@contextmanager
def taken(stream: Stream, limit_bytes: int) -> Iterator[Taken]:
    """Read a stream to its end, or to the limit; a long one is never whole in memory."""
    data = stream.read(min(HELD_BYTES, limit_bytes))
    if len(data) < HELD_BYTES:
        yield Taken(data, None, goes_on=len(data) == limit_bytes and bool(stream.read(1)))
        return
    with tempfile.NamedTemporaryFile(prefix="toolpager-") as spool:
        left = limit_bytes
        while data:
            spool.write(data)
            left -= len(data)
            data = stream.read(min(PIECE, left))
        spool.flush()
        yield Taken(b"", Path(spool.name), goes_on=not left and bool(stream.read(1)))
