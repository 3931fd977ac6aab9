"""Sections of a document: headings in Markdown, reStructuredText and plain text, with their level and extent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_ATX = re.compile(r"(?P<marks>#{1,6})[ \t]+(?P<title>\S.*?)[ \t]*#*$")
_UNDER = re.compile(r"(?P<mark>[=\-~^*+#\"'`])(?P=mark){2,}$")
_FENCE = re.compile(r"(?P<indent> {0,3})(?P<mark>```+|~~~+)(?P<language>[\w+-]*)")
_LINK = re.compile(
    r"\[[^\]\n]{0,300}\]\((?!#)([^)\s]{1,500})|<(https?://[^>\s]{1,500})>|(?<![(<\"'])\bhttps?://[^\s)>\]\"']{1,500}"
)
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)]) \S")
_NUMBERED = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|(?:CHAPTER|Chapter|PART|Part|SECTION|Section|Appendix"
    r"|APPENDIX) \w{1,6}[.:]?)\s+\S"
)
_EMPHASIS = re.compile(r"<[^>\n]{1,200}>|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: level (1 is highest), title without markup, line (0-based), how many lines its section has."""

    level: int
    title: str
    index: int
    length: int = 0


@dataclass(slots=True)
class Document:
    """What a document is made of; `fences`: code blocks as (language, line); `indented`: how many stand in lists."""

    headings: list[Heading] = field(default_factory=list)
    fences: list[tuple[str, int]] = field(default_factory=list)
    links: int = 0
    tables: list[list[tuple[int, str]]] = field(default_factory=list)
    items: int = 0
    indented: int = 0
    images: int = 0
    lines: int = 0


def document_of(lines: Iterable[str]) -> Document:
    """Read a document's lines once."""
    document = Document()
    reader = _Reader(document)
    for index, line in enumerate(lines):
        reader.read(index, line)
        document.lines = index + 1
    reader.close()
    document.headings = _with_lengths(document.headings, document.lines)
    return document


def _with_lengths(headings: list[Heading], lines: int) -> list[Heading]:
    found = []
    for at, one in enumerate(headings):
        later = (other.index for other in headings[at + 1 :] if other.level <= one.level)
        found.append(Heading(one.level, one.title, one.index, next(later, lines) - one.index))
    return found


class _Reader:
    """Keeps what one line must know of the lines before it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._fence = ""
        self._front = False
        self._before = ""
        self._above = ""
        self._marks: list[str] = []
        self._rows: list[tuple[int, str]] = []

    def read(self, index: int, line: str) -> None:
        if line[:1].isalpha() and not (self._front or self._fence):
            self._count(index, line)
        elif self._skipped(index, line):
            return
        elif heading := _ATX.match(line):
            self._head(len(heading["marks"]), heading["title"], index)
        elif self._underlines(line):
            self._head(self._level(line[0]), self._before, index - 1)
        else:
            self._count(index, line)
        self._above, self._before = self._before, line

    def close(self) -> None:
        """End what the last line left open."""
        if len(self._rows) >= 3:
            self._document.tables.append(self._rows)
        self._rows = []

    def _skipped(self, index: int, line: str) -> bool:
        """Front matter and fenced code."""
        if index == 0 and line == "---":
            self._front = True
            return True
        if self._front:
            self._front = line not in ("---", "...")
            return True
        fence = _FENCE.match(line)
        if fence and not self._fence and line[0] == "~" and self._underlines(line):
            return False
        if line.startswith(".. code") and "::" in line:
            self._document.fences.append((line.split("::", 1)[1].strip(), index))
        if self._fence:
            if fence and fence["mark"].startswith(self._fence) and not fence["language"]:
                self._fence = ""
            return True
        if fence:
            self._fence = fence["mark"]
            self._document.fences.append((fence["language"], index))
            self._document.indented += bool(fence["indent"])
            self._before = ""
        return bool(fence)

    def _underlines(self, line: str) -> bool:
        title = self._before.strip()
        if not title or not _UNDER.match(line) or _UNDER.match(title) or title[0] in "|>-*+#`":
            return False
        if len(line) < 3 or len(title) > 120 or (self._above.strip() and not _UNDER.match(self._above.strip())):
            return False
        return abs(len(line) - len(title)) <= 4 or (line[0] in "=-" and len(line) >= len(title) // 2)

    def _level(self, mark: str) -> int:
        if mark not in self._marks:
            self._marks.append(mark)
        if mark in "=-" and set(self._marks) <= {"=", "-"}:
            return 1 if mark == "=" else 2
        return self._marks.index(mark) + 1

    def _head(self, level: int, title: str, index: int) -> None:
        plain = _EMPHASIS.sub("", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)).strip()
        if plain:
            self._document.headings.append(Heading(level, plain, index))

    def _count(self, index: int, line: str) -> None:
        self._document.links += len(_LINK.findall(line)) if "http" in line or "](" in line else 0
        self._document.images += line.count("![")
        self._document.items += not line[:1].isalpha() and _ITEM.match(line) is not None
        if line.count("|") >= 2:
            self._rows.append((index, line))
        else:
            self.close()


def plain_headings(lines: Iterable[str]) -> list[Heading]:
    """Return lines of plain text that stand alone like headings: in capitals, numbered, or underlined."""
    found: list[Heading] = []
    before, candidate = "", ("", -1)
    for index, line in enumerate(lines):
        bare = line.strip()
        if candidate[0] and not bare:
            found.append(Heading(1, candidate[0], candidate[1]))
        candidate = (bare, index) if not before and _is_title(bare) else ("", -1)
        before = bare
    return _with_lengths(found, index + 1) if found else []


def _is_title(line: str) -> bool:
    if not 3 <= len(line) <= 80 or line[-1] in ".,;" or sum(letter.isalpha() for letter in line) < 3:
        return False
    return line.isupper() or bool(_NUMBERED.match(line))
