"""The record of a run: one JSON object a line, only ever appended to."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from .errors import RunFailed

Event = Mapping[str, object]
Observer = Callable[[Event], None]


def unobserved(event: Event) -> None:
    """The observer of a run that nobody watches."""


class EventLog:
    """Appends events to a file, each flushed before anybody hears of it; `observer` then receives it.

    A line that a killed process left half-written is cut off when the log is opened again.
    """

    def __init__(self, path: Path, *, observer: Observer = unobserved) -> None:
        self._path = path
        self._observer = observer
        _drop_torn_line(path)
        self._file: IO[str] = path.open("a", encoding="utf-8", newline="\n")

    def append(self, event: Event) -> None:
        """Write one event, with the time (`at`, Unix seconds) it was written."""
        line = json.dumps({**event, "at": round(time.time(), 3)}, ensure_ascii=True, allow_nan=True)
        self._file.write(line + "\n")
        self._file.flush()
        self._observer(json.loads(line))

    def close(self) -> None:
        """Close the file; the log cannot be appended to any more."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_events(path: Path) -> Iterator[dict[str, object]]:
    """The events of a run in order; a torn last line is no event. Raises `RunFailed` for a damaged earlier one."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            yield _parsed(path, number, line)


def _parsed(path: Path, number: int, line: bytes) -> dict[str, object]:
    try:
        event = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunFailed(f"{path}, line {number} is damaged ({error}); restore the line or start a new run") from error
    if not isinstance(event, dict) or "event" not in event:
        raise RunFailed(f"{path}, line {number} is no event; restore the line or start a new run")
    return event


def _drop_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
