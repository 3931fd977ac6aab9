"""The named parts of a text: sections under headings, definitions in code, as line ranges."""

import ast
import html
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A named range of lines: `start` to `stop` (exclusive, 0-based); `key` is its name in an address."""

    key: str
    title: str
    level: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Heading:
    title: str
    level: int
    line: int
    key: str = ""


_FENCE = re.compile(r" {0,3}(```|~~~)")
_HASHES = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r"([=\-~^*+#])\1{2,}[ \t]*$")
_TAG = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]*>")
_BANNER = re.compile(r"([=_*#-])\1{2,} (\S.{0,120}?\S|\S) \1{3,}$")
_NUMBERED = re.compile(r"((?:\d{1,3}\.)+\d{0,3}|[IVX]{1,6}\.)[ \t]+([A-Z].{0,80}[^.,;:])$")
_PART = re.compile(r"((?:Chapter|Section|Part|Appendix|CHAPTER|SECTION|PART|APPENDIX) [\dA-Z]+\b.{0,80})$")
_WORD = re.compile(r"[^\w.]+")
_DEFINITION = re.compile(
    r"^(?:export |default |public |private |protected |internal |static |final |abstract |async |inline |extern |"
    r"const |unsafe |pub(?:\([^)]*\))? |override |open |data |sealed )*"
    r"(?:(?:class|struct|interface|enum|trait|impl|object|module|namespace|func|fun|fn|function|def|sub|type|union|record)"
    r"\*?[ \t]+(?:\([^)]*\)[ \t]*)?(?P<named>[A-Za-z_$][\w$:.]*)"
    r"|(?P<const>[A-Za-z_$][\w$]*) = (?:async )?(?:function|\([^)]*\) =>)"
    r"|(?:[A-Za-z_][\w:<>,]*[ \t*&]+)+(?P<c>~?[A-Za-z_][\w:~]*)[ \t]*\([^;]*$)"
)
_NOT_NAMES = {"if", "for", "while", "switch", "return", "else", "catch", "sizeof", "do", "case", "new", "delete"}


def slug(title: str) -> str:
    """A heading as it stands in an address: lower case, words joined by hyphens."""
    return _WORD.sub("-", title.lower()).strip("-.")[:64].rstrip("-.") or "section"


def sections(lines: Iterable[str]) -> list[Section]:
    """The sections of a text; one ends before the next heading of its own level or above."""
    headings: list[_Heading] = []
    total = 0
    for found in _headings(lines):
        if isinstance(found, int):
            total = found
        elif not (headings and headings[-1].line == found.line):
            headings.append(found)
    return _ranges(headings, total)


def _ranges(headings: list[_Heading], total: int) -> list[Section]:
    stops = [total] * len(headings)
    open_: list[int] = []
    for at, heading in enumerate(headings):
        while open_ and headings[open_[-1]].level >= heading.level:
            stops[open_.pop()] = heading.line
        open_.append(at)
    taken: dict[str, int] = {}
    return [
        Section(_unique(heading.key or slug(heading.title), taken), heading.title, heading.level, heading.line, stop)
        for heading, stop in zip(headings, stops, strict=True)
    ]


def _unique(key: str, taken: dict[str, int]) -> str:
    name = key
    while name in taken:
        taken[key] += 1
        name = f"{key}-{taken[key]}"
    taken[name] = 1
    return name


def _headings(lines: Iterable[str]) -> Iterator[_Heading | int]:
    """Each heading, and at last the number of lines."""
    fenced: str | None = None
    before = ""
    number = 0
    for number, full in enumerate(lines, 1):
        line = full[:400].rstrip("\r\n")
        if not line[:1].isalpha() and (fence := _FENCE.match(line)):
            fenced = None if fenced == fence[1] else fenced or fence[1]
        elif fenced is None and (heading := _heading(line, before, number - 1)):
            yield heading
        before = line
    yield number


def _heading(line: str, before: str, number: int) -> _Heading | None:
    worded = line[:1].isalpha()
    if not worded and (found := _HASHES.match(line)):
        return _Heading(found[2], len(found[1]), number)
    if "<" in line and (found := _TAG.search(line)):
        return _Heading(html.unescape(_MARKUP.sub("", found[2])).strip() or "section", int(found[1]), number)
    if not worded and (found := _UNDERLINE.match(line)):
        return _underlined(found[1], line, before, number)
    if not worded and (found := _BANNER.match(line)):
        return _Heading(found[2], 1 if found[1] == "=" else 2, number)
    if not line or before.strip():
        return None
    if found := _NUMBERED.match(line):
        return _Heading(line.strip(), found[1].strip(".").count(".") + 1, number)
    return _Heading(found[1], 1, number) if (found := _PART.match(line)) else None


def _underlined(mark: str, line: str, before: str, number: int) -> _Heading | None:
    """A title above a rule of about its own length."""
    title = before.strip()
    if not title or before[:1].isspace() or len(title) > 120 or abs(len(line.rstrip()) - len(title)) > 3:
        return None
    return _Heading(title, 1 if mark == "=" else 2, number - 1) if any(map(str.isalpha, title)) else None


def definitions(text: str, language: str | None) -> list[Section]:
    """The definitions of a source file: classes, functions and methods, named as in the code."""
    if language == "python":
        with warnings.catch_warnings(action="ignore"):
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return _by_pattern(text)
        taken: dict[str, int] = {}
        return [
            Section(_unique(name, taken), name, level, start, stop) for name, level, start, stop in _python(tree, "", 1)
        ]
    return _by_pattern(text)


def _python(tree: ast.AST, prefix: str, level: int) -> Iterator[tuple[str, int, int, int]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
            name = prefix + node.name
            yield name, level, first - 1, node.end_lineno or node.lineno
            if isinstance(node, ast.ClassDef):
                yield from _python(node, f"{name}.", level + 1)


def _by_pattern(text: str) -> list[Section]:
    """Definitions that start a line; each runs to the next one."""
    lines = text.split("\n")
    headings = []
    for number, line in enumerate(lines):
        found = _DEFINITION.match(line[:300])
        name = found and (found["named"] or found["const"] or found["c"])
        if name and name not in _NOT_NAMES:
            headings.append(_Heading(name, 1, number, name))
    return _ranges(headings, len(lines) - (not lines[-1]))
