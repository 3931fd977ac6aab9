"""One finding of a compiler or linter, as gcc, rustc, tsc, eslint and kin print it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_SEVERITY = (
    r"(?P<severity>fatal error|error|warning|note|remark|info|information|style|convention|refactor"
    r"|performance|help|hint)"
)
_FILE = r"(?P<file>(?:[A-Za-z]:)?[^\s:()\"'<>|]{1,300}\.\w{1,12}|[\w./-]{0,200}(?:Makefile|Dockerfile|CMakeLists\.txt))"
_ONE_LINE = tuple(
    re.compile(pattern)
    for pattern in (
        # file.c:3:9: warning: message [-Wflag]
        rf"{_FILE}:(?P<line>\d+)(?::\d+)?:\s+{_SEVERITY}(?:\[(?P<code>\w+)\])?: (?P<message>.*)$",
        # file.ts(3,9): error TS2304: message
        rf"{_FILE}\((?P<line>\d+)(?:,\d+)?\) ?: {_SEVERITY} (?P<code>\w+): (?P<message>.*)$",
        # file.py:3:9: E501 message
        rf"{_FILE}:(?P<line>\d+)(?::\d+)?:? (?P<code>[A-Z]{{1,4}}\d{{2,5}}):? (?P<message>.*)$",
        # file.go:3:9: message
        rf"{_FILE}:(?P<line>\d+):\d+: (?P<message>\S.*)$",
        # file.js: line 3, col 9, Error - message
        rf"{_FILE}: line (?P<line>\d+), col \d+, {_SEVERITY.title()} - (?P<message>.*)$",
        # [WARNING] file.java:[3,9] message
        rf"\[(?P<severity>WARNING|ERROR)\] {_FILE}:\[(?P<line>\d+),\d+\] (?P<message>.*)$",
    )
)
_FLAG = re.compile(r"\s*[\[(](?P<rule>-W[\w=+-]+|[\w./@-]{2,60})[\])]$")
_RUSTC = re.compile(r"(?P<severity>error|warning)(?:\[(?P<code>\w+)\])?: (?P<message>.*)$")
_RULED = re.compile(r"(?P<code>[A-Z]{1,6}\d{2,5}) (?:\[\*\] )?(?P<message>\S.*)$")
_ARROW = re.compile(r"\s*(?:-->|╭─\[|,-\[) ?(?P<file>[^\s:]+):(?P<line>\d+):\d+")
_ESLINT = re.compile(
    r"\s+(?P<line>\d+):\d+\s+(?P<severity>error|warning)\s+(?P<message>\S.*?)(?:\s{2,}(?P<code>[\w@/-]+))?$"
)
_ESLINT_FILE = re.compile(r"(?P<file>/?[\w./@-]{1,300}\.\w{1,6})$")
_FUNCTION = re.compile(
    r".{1,300}?: In (?:\w+ )*?(?:function|method|constructor|destructor) [‘'`\"](?P<function>.{1,120}?)[’'\"]:$"
)
_CODED = re.compile(r"(?P<code>[A-Z]{1,4}\d{2,5})\b")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding; `line` as printed (1-based), `index` the line of the output (0-based) that tells it."""

    severity: str
    file: str
    line: str
    rule: str
    message: str
    function: str
    index: int

    @property
    def place(self) -> str:
        """Where it is, as file:line."""
        return f"{self.file}:{self.line}"


def is_diagnostic(line: str) -> bool:
    """Whether one line tells a finding with its place."""
    return any(pattern.match(line) for pattern in _ONE_LINE) or bool(_ARROW.match(line) or _ESLINT.match(line))


def diagnostics(lines: Iterable[tuple[int, str]]) -> Iterator[Diagnostic]:
    """Yield the findings in order; `lines` are (index, text) pairs."""
    function = file = ""
    announced: re.Match[str] | None = None
    for index, line in lines:
        said = _FUNCTION.match(line)
        if said:
            function = said["function"].split("(")[0].split(" ")[-1].lstrip("*&")
        named = _ESLINT_FILE.match(line)
        file = named["file"] if named else file
        found = next((hit for pattern in _ONE_LINE if (hit := pattern.match(line))), None)
        if found:
            yield _diagnostic(found, index, function)
        elif announced and (place := _ARROW.match(line)):
            yield _joined(announced, place["file"], place["line"], index - 1)
            announced = None
        elif eslint := _ESLINT.match(line):
            yield _joined(eslint, file, eslint["line"], index)
        else:
            announced = _RUSTC.match(line) or _RULED.match(line) or (announced if line.strip() == "" else None)


def _diagnostic(found: re.Match[str], index: int, function: str) -> Diagnostic:
    parts = found.groupdict()
    message, code = parts["message"], parts.get("code") or ""
    flag = _FLAG.search(message)
    if flag:
        message, code = message[: flag.start()], code or flag["rule"]
    return Diagnostic(
        _severity(parts.get("severity"), code), parts["file"], parts["line"], code, message, function, index
    )


def _joined(found: re.Match[str], file: str, line: str, index: int) -> Diagnostic:
    parts = found.groupdict()
    code = parts.get("code") or ""
    return Diagnostic(_severity(parts.get("severity"), code), file, line, code, parts["message"], "", index)


def _severity(word: str | None, code: str) -> str:
    if word is None:
        return "finding" if code or word is None else "warning"
    word = word.lower()
    return {"fatal error": "error", "information": "info"}.get(word, word)
