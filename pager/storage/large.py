"""Contents too large for the database: each a file beside it, copied at the speed of the system and read by range."""

import codecs
import hashlib
import os
import shutil
import tempfile
import weakref
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from io import FileIO
from itertools import accumulate
from pathlib import Path
from typing import Protocol

from ..errors import StoreFailed
from .leftover import is_abandoned, owner

LARGE_BYTES = 16 << 20
FOLDER = "large"
PIECE = 1 << 18
SAMPLES = 64
SAMPLE_BYTES = 4096
_SEARCHED_BYTES = 512


class Input(Protocol):
    """What a large content is read from: an open file, or io.BytesIO."""

    def seek(self, at: int, /) -> int:
        """Go to a byte."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer as far as there is something."""


@dataclass(slots=True)
class Utf8:
    """Whether the pieces seen so far are UTF-8."""

    valid: bool = True
    _decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def see(self, piece: bytes | bytearray, *, final: bool = False) -> None:
        """Take the next piece; one of ASCII costs next to nothing."""
        if self.valid and not (piece.isascii() and not self._decoder.getstate()[0]):
            try:
                self._decoder.decode(piece, final)
            except UnicodeDecodeError:
                self.valid = False

    def end(self) -> bool:
        """Whether all of it was UTF-8, its end included."""
        self.see(b"", final=True)
        return self.valid and not self._decoder.getstate()[0]


def sampled(source: Input, size: int) -> str:
    """A digest of the size and of bytes from all over it; two contents that share it must be compared."""
    digest, buffer = hashlib.blake2b(digest_size=20), memoryview(bytearray(SAMPLE_BYTES))
    for number in range(SAMPLES):
        source.seek((size - SAMPLE_BYTES) * number // (SAMPLES - 1))
        digest.update(buffer[: _fill(source, buffer)])
    return f"sampled {size} {digest.hexdigest()}"


def _fill(source: Input, buffer: memoryview) -> int:
    got = 0
    while got < len(buffer) and (more := source.readinto(buffer[got:])):
        got += more
    return got


def pieces(source: Input) -> Iterator[bytes | bytearray]:
    """All of it in pieces; each is good only until the next is asked for."""
    source.seek(0)
    buffer = bytearray(PIECE)
    view = memoryview(buffer)
    while got := _fill(source, view):
        yield buffer if got == PIECE else bytes(view[:got])


def _delete(folder: Path, process: int) -> None:
    """Delete a folder in the process that made it, not in one that was forked off."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


class LargeFiles:
    """The folder of large contents. A file counts once the database names it; its name says who was writing it."""

    def __init__(self, beside: Path | None) -> None:
        self._beside = beside
        self._end: weakref.finalize[[Path, int], LargeFiles] | None = None

    @cached_property
    def _folder(self) -> Path:
        if self._beside is not None:
            return self._beside / FOLDER
        folder = Path(tempfile.mkdtemp(prefix="toolpager-"))
        self._end = weakref.finalize(self, _delete, folder, os.getpid())
        return folder

    def close(self) -> None:
        """Delete them where they were for memory only."""
        if self._end is not None:
            self._end()

    def opened(self, name: str, size: int) -> "LargeFile":
        """One of them, to be read."""
        return LargeFile(self._folder / name, size)

    def copy(self, source: Input, utf8: Utf8) -> tuple[str, int]:
        """Copy all of a source: the name of the new file and its size. What fails leaves nothing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name, size = owner().replace(" ", "~"), 0
        try:
            with (self._folder / name).open("xb", buffering=0) as file:
                for piece in pieces(source):
                    size += len(piece)
                    utf8.see(piece)
                    _write(file.fileno(), piece)
        except BaseException:
            self.remove(name)
            raise
        return name, size

    def equal(self, name: str, source: Input, utf8: Utf8) -> bool:
        """Whether a file has the very bytes of a source."""
        buffer = memoryview(bytearray(PIECE))
        with (self._folder / name).open("rb", buffering=0) as file:
            for piece in pieces(source):
                utf8.see(piece)
                if buffer[: _fill(file, buffer[: len(piece)])] != memoryview(piece):
                    return False
            return not file.read(1)

    def remove(self, name: str) -> None:
        """Delete one that does not count."""
        (self._folder / name).unlink(missing_ok=True)

    def sweep(self, counted: set[str]) -> None:
        """Delete what processes of this machine left half written."""
        for file in self._folder.iterdir() if self._folder.is_dir() else ():
            if file.name not in counted and is_abandoned(file.name.replace("~", " ")):
                file.unlink(missing_ok=True)


def _write(descriptor: int, piece: bytes | bytearray) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]


class LargeFile:
    """A large content as it is read; where its lines are is counted when first asked for."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self._before: list[int] = []
        if not path.is_file() or path.stat().st_size < size:
            raise StoreFailed(f"{path} is not there with the {size} bytes it was stored with; the store is damaged")

    def reading(self) -> FileIO:
        """The file, opened to be read."""
        return self._path.open("rb", buffering=0)

    def stream(self, start: int, stop: int) -> Iterator[bytes]:
        """Bytes start to stop, a piece at a time."""
        with self.reading() as file:
            file.seek(start)
            while start < stop:
                piece = file.read(min(PIECE - start % PIECE, stop - start))
                if not piece:
                    raise StoreFailed(f"{self._path} ends at byte {start} of {self._size}; the store is damaged")
                yield piece
                start += len(piece)

    def newlines_before(self, position: int) -> int:
        """How many newlines lie before a byte."""
        seq = max(0, position - 1) // PIECE
        return self._counted()[seq] + sum(piece.count(b"\n") for piece in self.stream(seq * PIECE, position))

    def after_newline(self, ordinal: int) -> int | None:
        """The byte after newline number `ordinal` (the first is 1), or None when there are fewer."""
        seq = bisect_left(self._counted(), ordinal) - 1
        for piece in self.stream(seq * PIECE, min(self._size, (seq + 1) * PIECE)):
            end = line_end(piece, ordinal - self._before[seq])
            return None if end is None else seq * PIECE + end
        return None

    def _counted(self) -> list[int]:
        """The newlines before each piece, and in all."""
        if not self._before:
            self._before = list(accumulate((piece.count(b"\n") for piece in self.stream(0, self._size)), initial=0))
        return self._before


def line_end(data: bytes, ordinal: int) -> int | None:
    """The byte after newline number `ordinal` (from 1) of some bytes; None where there are fewer."""
    low, high = 0, len(data)
    while high - low > _SEARCHED_BYTES:
        middle = (low + high) // 2
        passed = data.count(b"\n", low, middle)
        low, high, ordinal = (low, middle, ordinal) if passed >= ordinal else (middle, high, ordinal - passed)
    at = low - 1
    for _ in range(ordinal):
        at = data.find(b"\n", at + 1, high)
        if at < 0:
            return None
    return at + 1
