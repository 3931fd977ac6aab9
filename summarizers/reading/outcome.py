"""What a test runner reports, read line by line: pytest, unittest, Jest, Go, Cargo, Maven, RSpec, TAP and kin."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_SUMMARY = re.compile(
    r"(?:=+ )?(?=.*\bin [\d.]+ ?s)(?:\d+ (?:failed|passed|skipped|errors?|warnings?|deselected|xfailed"
    r"|xpassed|rerun)(?:, )?)+"
    r"|(?:=+ )?no tests ran in"
    r"|Ran \d+ tests? in [\d.]+s|FAILED \((?:failures|errors|skipped)=|OK(?: \(.*\))?$"
    r"|(?:Tests|Test Suites|Test Files): +\S.*(?:total|passed|failed)|\s*(?:Tests"
    r"|Test Files) +\d+ (?:failed|passed)"
    r"|\s+\d+ (?:passing|failing|pending)\b"
    r"|test result: |\[(?:INFO|ERROR|WARNING)\] Tests run: \d+|Tests run: \d+, Failures"
    r"|\d+ examples?, \d+ failures?|\d+ runs, \d+ assertions|# (?:tests|pass|fail) +\d+|\d+% tests passed"
    r"|(?:FAIL|ok)\t\S+|DONE \d+ tests|Tests: \d+, Assertions|(?:FAILED|PASSED) +\d+ tests"
    r"|\s*Summary \[|\[  (?:PASSED|FAILED)  \] \d+ test|\[=+\] \d+ tests? "
)
_START = re.compile(
    r"=+ (?:test session starts|FAILURES|ERRORS|short test summary info) =+|running \d+ tests?$|=== RUN |\[=+\] Running"
    r"|TAP version|\[INFO\]  T E S T S|--- (?:FAIL|PASS): |(?:PASS|FAIL) +\S+\.(?:test|spec)\.\w+|.{3,200} \[ *\d+%\]$"
)
_PROGRESS = re.compile(r"[.FEsxX]{10,} *\[ *\d+%\]$")
_FAILED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<kind>FAILED|ERROR) (?P<file>[^\s:]+?\.\w+)(?:::(?P<name>\S.*?))?(?: - (?P<message>.*))?$",
        r"--- FAIL: (?P<name>\S+) \([\d.]+s\)",
        r"test (?P<name>\S+)(?: - .*)? \.\.\. FAILED",
        r"(?P<kind>FAIL|ERROR): (?P<name>\w+) \((?P<file>[\w.]+)\)",
        r"\s*● (?P<name>.+ › .+)$",
        r"FAIL +(?P<file>\S+\.\w+)(?: > (?P<name>.+))?(?: \([\d.]+ ?m?s\))?$",
        r"not ok \d+ -? ?(?P<name>.+?)(?: # .*)?$",
        r"\[ERROR\]\s+(?P<name>[\w.]+(?:\.|:\d+)\w*)(?::\d+)?(?: »| ->)? (?P<message>.*)$",
        r"\[  FAILED  \] (?P<name>\w+\.\w+)",
        r"rspec (?P<file>\S+?):\d+ # (?P<name>.*)$",
        r"\s+\d+/\d+ Test +#\d+: (?P<name>\S+) \.+\*\*\*Failed",
        r"\s+(?P<name>[✕✗×] .+?)(?: \(\d+ ?ms\))?$",
    )
)
_HEADING = re.compile(r"_{2,} (?:(?P<kind>ERROR) (?:at \w+ of|collecting) )?(?P<name>\S.*?) _{2,}$")
_SECTION = re.compile(r"---- (?P<name>\S+) stdout ----$")
_PLACE = re.compile(r"(?P<file>[^\s:]+\.\w+):(?P<line>\d+):(?: (?P<kind>[A-Z]\w+))?(?: in \w+)?$")
_SAID = re.compile(r"E   +(?P<text>\S.*)$")
_KIND = re.compile(r"(?P<kind>(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit|Failure|Failed))\b:? ?")
_OTHER_SAID = re.compile(
    r"\s*(?P<text>(?:\w+\.)*(?:AssertionError|Error|\w+Error|\w+Exception)\b.*|expect\(.*|assertion .*failed.*"
    r"|thread '.*' panicked at .*|\w[\w/.-]*_test\.go:\d+: .*)$"
)
_RUNNING = re.compile(r"=== RUN +(?P<name>\S+)$")
_STATUS = re.compile(
    r"\s*--- (PASS|FAIL|SKIP): |test \S+(?: - .*)? \.\.\. (ok|FAILED|ignored)\b|\s+([✓✔√✕✗×○]) |(ok|not ok) \d+\b"
)
_STATUSES = dict.fromkeys(("PASS", "ok", "✓", "✔", "√"), "passed") | dict.fromkeys(
    ("FAIL", "FAILED", "✕", "✗", "×", "not ok"), "failed"
)
_STATUSES |= dict.fromkeys(("SKIP", "ignored", "○"), "skipped")
_SLOW = re.compile(
    r"(?P<seconds>\d+\.\d+)s (?:call|setup|teardown) +(?P<name>\S+)|--- \w+: (?P<go>\S+) \((?P<took>[\d.]+)s\)"
)
_SETTING = re.compile(r"platform \w+ -- |collected \d+ items|rootdir: |cachedir: |Python \d|RUN +v\d")


@dataclass(slots=True)
class Failure:
    """One failed test: its name, its file and message where printed, and the line (0-based) that names it."""

    name: str
    kind: str
    index: int
    file: str = ""
    message: str = ""
    failed: bool = False


@dataclass(slots=True)
class Outcome:
    """A whole run: summary lines, failures in order, exceptions and messages counted over the tracebacks."""

    summaries: list[tuple[str, int]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    exceptions: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)
    settings: list[tuple[str, int]] = field(default_factory=list)
    slowest: tuple[str, float, int] | None = None
    statuses: Counter[str] = field(default_factory=Counter)
    _named: dict[str, Failure] = field(default_factory=dict)
    _open: Failure | None = None
    _file: str = ""
    _before: str = ""

    def read(self, index: int, line: str) -> None:
        """Take in one line."""
        self._status(line)
        if (running := _RUNNING.match(line)) is not None:
            self._open = self._named.setdefault(_key(running["name"]), Failure(running["name"], "failed", index))
        elif _SUMMARY.match(line):
            self.summaries.append((line.strip("= "), index))
        elif _SETTING.match(line):
            self.settings.append((line, index))
        elif not self._failed(index, line):
            self._said(index, line)
            self._placed(line)
        self._slow(index, line)
        self._before = line

    def _failed(self, index: int, line: str) -> bool:
        heading = _HEADING.match(line) or _SECTION.match(line)
        if heading:
            name = heading["name"]
            kind = "error" if heading.groupdict().get("kind") else "failed"
            self._open = self._failure(name, kind, index)
            return True
        found = next((hit for pattern in _FAILED if (hit := pattern.match(line))), None)
        if found is None:
            return False
        parts = found.groupdict()
        if not parts.get("name") and parts.get("kind") is None and parts.get("file"):
            self._file = parts["file"] or ""
            return True
        name = (parts.get("name") or parts.get("file") or "").strip("✕✗× ")
        failure = self._failure(name, "error" if parts.get("kind") == "ERROR" else "failed", index)
        failure.file = failure.file or parts.get("file") or self._file
        failure.message = failure.message or (parts.get("message") or "")
        self._open = failure
        return True

    def _failure(self, name: str, kind: str, index: int) -> Failure:
        """The failure of that name, however much of its path a line says; the longest name is kept."""
        known = self._named.setdefault(_key(name), Failure(name, kind, index))
        if len(name) > len(known.name):
            known.name = name
        if not known.failed:
            known.failed, known.kind, known.index = True, kind, index
            self.failures.append(known)
        return known

    def _status(self, line: str) -> None:
        found = _STATUS.match(line)
        if found:
            self.statuses[_STATUSES[found[1] or found[2] or found[3] or found[4]]] += 1

    def _said(self, index: int, line: str) -> None:
        found = _SAID.match(line)
        starts = found is not None and not _SAID.match(self._before)
        if found is None:
            found = _OTHER_SAID.match(line) if self._open is not None and not self._open.message else None
            starts = found is not None
        if found is None:
            if self._before.startswith("thread '") and self._open is not None and "panicked at" in self._before:
                self._open.message = f"{line.strip()} ({self._before.split('panicked at ')[-1].rstrip(':')})"
            return
        text = found["text"]
        kind = _KIND.match(text)
        if kind:
            self.exceptions[kind["kind"]] += 1
        if kind or starts:
            self.messages[text] += 1
            self.first.setdefault(text, index)
            if self._open is not None and (kind or not self._open.message):
                self._open.message = text

    def _placed(self, line: str) -> None:
        found = _PLACE.match(line.rstrip())
        if found is None or self._open is None:
            return
        file, failure = found["file"], self._open
        if not failure.file or (_is_test_file(file) and not _is_test_file(failure.file)):
            failure.file = file
        failure.message = failure.message or found["kind"] or ""

    def _slow(self, index: int, line: str) -> None:
        found = _SLOW.match(line.strip())
        if found:
            seconds = float(found["seconds"] or found["took"])
            if self.slowest is None or seconds > self.slowest[1]:
                self.slowest = (found["name"] or found["go"], seconds, index)


def _is_test_file(path: str) -> bool:
    return "test" in path.rsplit("/", 1)[-1] or "spec" in path.rsplit("/", 1)[-1]


def _key(name: str) -> str:
    """Class::test, Class.test and suite › test are one."""
    return name.replace("::", ".").split(" › ")[-1]


def is_test_line(line: str) -> bool:
    """Whether only a test runner prints such a line."""
    strong = _SUMMARY.match(line) if not line.startswith("OK") else None
    return bool(strong or (_START.match(line) and not line.endswith("%]")) or _PROGRESS.match(line))


def read_outcome(lines: Iterable[tuple[int, str]]) -> Outcome:
    """Read a run's lines, given as (index, text)."""
    outcome = Outcome()
    for index, line in lines:
        outcome.read(index, line)
    return outcome
