"""Which kind a text is, told from its beginning and its name."""

import ast
import csv
import json
import re
import warnings
from dataclasses import dataclass
from pathlib import PurePath

from ..types import Kind

SAMPLE = 1 << 16
JSON_NAMES = {".json", ".geojson", ".ipynb", ".har", ".sarif", ".map"}
JSONL_NAMES = {".jsonl", ".ndjson", ".jsonlines"}
CSV_NAMES = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".psv": "|"}
TEXT_NAMES = {".md", ".rst", ".txt", ".html", ".htm", ".xml", ".tex", ".org", ".adoc", ".markdown"}
_LANGUAGES = {
    "python": "py pyi",
    "c": "c h cc cpp hpp cu m",
    "js": "js jsx ts tsx php",
    "java": "java kt scala cs dart",
    "go": "go swift",
    "rust": "rs zig",
    "ruby": "rb jl ex",
    "shell": "sh bash",
    "other": "lua pl sql r",
}
CODE_NAMES = {f".{ending}": language for language, endings in _LANGUAGES.items() for ending in endings.split()}
_OPENING = re.compile(r"\ufeff?\s*[\[{]")
_MEANT_AS_JSON = re.compile(r"\ufeff?\s*(?:\{\s*[\"}]|\[\s*(?:[\"\[{\]]|-?\d[\d.eE+-]*\s*(?:,|\]\s*$)))")
_STAMP = re.compile(
    r"\d{4}[-/.]\d\d?[-/.]\d\d?[T ,]|\d\d?:\d\d:\d\d|^\W?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d+\s|"
    r"^\d{6} \d{6}\b|\b\d{2}/[A-Z][a-z]{2}/\d{4}:|^\[?\d{10}(?:\.\d+)?\b|^\[ *\d+\.\d{6}\]"
)
_LEVEL = re.compile(r"\b(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE)\b|^[IWEF]\d{4} ")
_CODE = re.compile(
    r"^(?:#include\b|#define\b|package \w|using namespace|func \w|fn \w|pub fn|impl\b|"
    r"(?:export )?(?:default )?function\b|"
    r"(?:public|private|protected) |(?:static |extern |inline )?(?:void|int|char|bool|double|float) \w+\()"
)
_PYTHON = re.compile(r"\n(?:def |class |import |from \w[\w.]* import |@\w|async def )")
_PROSE = re.compile(r"[,;] |[.!?:]\s*$")
_NUMERIC = re.compile(r"[-+]?\d")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a text seems to be. `json`: it must be parsed to tell; `meant` says that it was surely meant as JSON."""

    layout: str
    kind: Kind
    language: str | None = None
    delimiter: str | None = None
    meant: bool = False


def suffix_of(name: str | None) -> str:
    """The ending of a name, lower case, with its dot."""
    return PurePath(name).suffix.lower() if name else ""


def guess_kind(sample: str, name: str | None, *, whole: bool, json: bool = True) -> Guess:
    """What a text is, from its first characters (all of them when `whole`) and the name it came with.

    `json`: whether it may be JSON; False once it is known not to be.
    """
    suffix = suffix_of(name)
    if suffix not in CODE_NAMES and not sample.strip("\ufeff \t\r\n"):
        return Guess("text", "text")
    if suffix in TEXT_NAMES - {".txt"}:
        return Guess("text", "text")
    if suffix in CODE_NAMES:
        return Guess("text", "code", CODE_NAMES[suffix])
    lines = _whole_lines(sample, whole)
    as_json = _jsonish(sample, lines, suffix) if json else None
    return as_json or _tabular(lines, suffix) or _plain(sample, lines, suffix)


def _whole_lines(sample: str, whole: bool) -> list[str]:
    lines = sample.split("\n")
    if not whole and len(lines) > 1:
        lines.pop()
    return [line for line in lines if line.strip()][:200]


def _jsonish(sample: str, lines: list[str], suffix: str) -> Guess | None:
    if not _OPENING.match(sample):
        return None
    if (len(lines) > 1 or suffix in JSONL_NAMES) and (kinds := _json_lines(lines[:20])):
        return Guess("jsonl", "table" if kinds == {"object"} else "list")
    meant = suffix in JSON_NAMES | JSONL_NAMES or bool(_MEANT_AS_JSON.match(sample))
    return Guess("json", "mapping", meant=meant)


def _json_lines(lines: list[str]) -> set[str]:
    """What the lines are, each a JSON document of its own; empty where one is none."""
    kinds = set[str]()
    for line in lines:
        if (kind := _json_line(line)) is None:
            return set()
        kinds.add(kind)
    return kinds


def _json_line(line: str) -> str | None:
    try:
        value = json.loads(line.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else None


def _tabular(lines: list[str], suffix: str) -> Guess | None:
    if suffix in CSV_NAMES and lines:
        return Guess("csv", "table", delimiter=_delimiter(lines, 2) or CSV_NAMES[suffix])
    if suffix == ".log" or len(lines) < 3:
        return None
    delimiter = None if _PROSE.search(lines[0]) else _delimiter(lines, 3)
    return None if delimiter is None else Guess("csv", "table", delimiter=delimiter)


def _delimiter(lines: list[str], least: int) -> str | None:
    """The delimiter under which the sample is a table with a header, or None."""
    for delimiter in ",\t;|":
        if delimiter in lines[0] and _is_table(lines[:100], delimiter, least):
            return delimiter
    return None


def _is_table(lines: list[str], delimiter: str, least: int) -> bool:
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    header = [cell.strip() for cell in rows[0]]
    named = all(cell.isprintable() and 0 < len(cell) <= 64 and not _NUMERIC.match(cell) for cell in header)
    if len(rows) < least or len(header) < 2 or not named or len(set(header)) != len(header):
        return False
    return all(len(row) == len(header) for row in rows[1:-1]) and not any("{" in cell for cell in header)


def _plain(sample: str, lines: list[str], suffix: str) -> Guess:
    stamped = sum(1 for line in lines if _STAMP.search(line[:200]))
    levelled = sum(1 for line in lines if _LEVEL.search(line[:200]))
    share = 0.1 if suffix == ".log" else 0.5
    if len(lines) >= 3 and (stamped >= share * len(lines) or levelled >= max(share, 0.5) * len(lines)):
        return Guess("text", "log")
    if suffix == ".log":
        return Guess("text", "log")
    language = _language(sample, lines)
    return Guess("text", "code", language) if language and suffix != ".txt" else Guess("text", "text")


def _language(sample: str, lines: list[str]) -> str | None:
    if sample.startswith("#!"):
        return "python" if "python" in lines[0] else "shell"
    if len(_PYTHON.findall(f"\n{sample}")) >= 2 and _is_python("\n".join(sample.split("\n")[:40])):
        return "python"
    heads = sum(1 for line in lines if _CODE.match(line))
    ends = sum(1 for line in lines if line.rstrip()[-1:] in "{};")
    return "c" if heads >= 2 and ends >= 0.3 * len(lines) else None


def _is_python(text: str) -> bool:
    """Whether the text parses, apart from where the sample breaks off."""
    lines = text.split("\n")
    end = len(lines)
    with warnings.catch_warnings(action="ignore"):
        while end > 0:
            try:
                return bool(ast.parse("\n".join(lines[:end])).body) and end > 1
            except SyntaxError as error:
                end = min(end, error.lineno or end) - 1  # no stretch with that line parses
            except (ValueError, RecursionError, MemoryError):
                end -= 1
    return False
