"""Exceptions in text: type, message, frames and causes, as Python, Java, JavaScript, .NET, Go and Rust print them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Frame:
    """One place on the stack; `line` is 1-based as printed, 0 where none is printed."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        file = self.file.replace("\\", "/").rsplit("/", 1)[-1]
        place = f"{file}:{self.line}" if self.line else file
        return f"{place} in {self.function}" if self.function else place


@dataclass(slots=True)
class Raised:
    """One exception of a chain: where its line stands (0-based) and the frames printed with it, innermost known."""

    kind: str
    message: str
    index: int
    frames: list[Frame] = field(default_factory=list)
    innermost_first: bool = False

    @property
    def innermost(self) -> Frame | None:
        """The frame in which it was raised."""
        if not self.frames:
            return None
        return self.frames[0] if self.innermost_first else self.frames[-1]

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


_PYTHON = re.compile(r"\s*File \"(?P<file>[^\"]{1,400})\", line (?P<line>\d+)(?:, in (?P<function>.{1,120}))?")
_IPYTHON = re.compile(r"(?:File )?(?P<file>[^\s:(]{1,400}):(?P<line>\d+), in (?P<function>[\w.<>]{1,120})")
_CELL = re.compile(r"(?P<file>Cell In *\[\d+\]), line (?P<line>\d+)(?P<function>)")
_JAVA = re.compile(r"\s+at (?P<function>[\w$.<>/@-]{1,200})\((?P<file>[^():]{1,120})(?::(?P<line>\d+))?\)")
_NET = re.compile(r"\s+at (?P<function>[\w.`<>]{1,200})\([^)]{0,300}\)(?: in (?P<file>.{1,300}):line (?P<line>\d+))?")
_SCRIPT = re.compile(
    r"\s+at (?:(?:async |new )?(?P<function>[\w.$<>]{1,120})(?: \[as [^\]]{1,60}\])? )?"
    r"\(?(?P<file>[^\s()]{1,300}?):(?P<line>\d+):\d+\)?$"
)
_GO = re.compile(r"\t(?P<file>\S{1,300}\.go):(?P<line>\d+)(?P<function>)")
_FRAMES_BEFORE = (_PYTHON, _IPYTHON, _CELL)
_FRAMES_AFTER = (_JAVA, _SCRIPT, _NET, _GO)

_NAMED = re.compile(
    r"(?:E   +|Caused by: |Uncaught |Unhandled exception[.:] |Exception in thread \"[^\"]{1,80}\" |Suppressed: )?"
    r"(?P<kind>(?:[A-Za-z_$][\w$]{0,80}[./])*(?:[A-Z_a-z]\w{0,80}?)?"
    r"(?:Error|Exception|Interrupt|Exit|Throwable|Failure|Fault|Warning|StopIteration|Timeout))"
    r"(?: \[[\w-]{1,40}\])?(?:: ?(?P<message>.*))?$"
)
_AFTER_FRAMES = re.compile(r"(?P<kind>[A-Za-z_][\w.]{1,100})(?:: (?P<message>.*))?$")
_PANIC = re.compile(r"(?P<kind>panic|fatal error|runtime error): (?P<message>.*)$")
_RUST = re.compile(r"thread '[^']{0,80}'(?: \(\d+\))? (?P<kind>panicked) at (?P<message>.*)$")


def frame_of(line: str) -> tuple[Frame, bool] | None:
    """Return the stack frame a line prints, and whether such frames follow their exception (innermost first)."""
    for patterns, after in ((_FRAMES_BEFORE, False), (_FRAMES_AFTER, True)):
        for pattern in patterns:
            found = pattern.match(line)
            if found:
                return _frame(found), after
    return None


def _frame(found: re.Match[str]) -> Frame:
    parts = found.groupdict()
    return Frame(parts.get("file") or "?", int(parts.get("line") or 0), (parts.get("function") or "").strip())


def raised_in(lines: Iterable[tuple[int, str]]) -> list[Raised]:
    """Return the exceptions in order of appearance; `lines` are (index, text) pairs without escape sequences."""
    found: list[Raised] = []
    pending: list[Frame] = []
    for index, line in lines:
        frame = frame_of(line) if line[:1] in " \tFC/~." or ", in " in line else None
        if frame is not None:
            _place(frame[0], frame[1], found, pending)
            continue
        exception = _exception(line, bool(pending))
        if exception is not None:
            found.append(Raised(*exception, index, pending))
            pending = []
    return [one for one in found if one.frames or one.kind in ("panic", "panicked") or one.message]


def _place(frame: Frame, after: bool, found: list[Raised], pending: list[Frame]) -> None:
    if after and found and not pending:
        found[-1].innermost_first = True
        found[-1].frames.append(frame)
    else:
        pending.append(frame)


def _exception(line: str, framed: bool) -> tuple[str, str] | None:
    if not line or line[0] in " \t>-" or line.endswith("(most recent call last)"):
        return None
    for pattern in (_NAMED, _PANIC, _RUST):
        found = pattern.match(line)
        if found:
            return found["kind"], (found["message"] or "").strip()
    found = _AFTER_FRAMES.match(line) if framed else None
    return (found["kind"], (found["message"] or "").strip()) if found else None
