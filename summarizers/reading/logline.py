"""How a log's lines are laid out after the time: level, component, host, message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from .stamp import Style, style_of

_WORDS = (
    "TRACE|DEBUG|INFO|INFORMATION|NOTICE|WARN|WARNING|ERR|ERROR|CRIT|CRITICAL|FATAL|ALERT|EMERG|EMERGENCY|SEVERE|PANIC"
    "|FAILURE|FINE|FINER|FINEST|CONFIG|SUCCESS"
)
_LEVEL = rf"(?P<level>{_WORDS}|{_WORDS.lower()}|{_WORDS.title()})"
_ALIASES = {"WARNING": "WARN", "ERR": "ERROR", "CRIT": "CRITICAL", "INFORMATION": "INFO", "EMERGENCY": "EMERG"}
_LETTERS = {"V": "VERBOSE", "D": "DEBUG", "I": "INFO", "W": "WARN", "E": "ERROR", "F": "FATAL", "A": "ASSERT"}
_STAMP_ENDS = 120  # characters from the line's start
_USUAL = 0.9  # of the lines that the best layout fits, an earlier one may fit
ALARMS = frozenset({"ERROR", "CRITICAL", "FATAL", "ALERT", "EMERG", "SEVERE", "PANIC", "ASSERT", "FAILURE"})
WARNINGS = frozenset({"WARN"})

_NAME = r"[A-Za-z_][\w.$/@*-]{0,120}"
_LAYOUTS = tuple(
    re.compile(pattern)
    for pattern in (
        # 10.0.0.1 - - [time] "GET /path HTTP/1.1" 200 512
        r'(?P<host>\S{1,80}) \S+ \S+ \[\] (?P<message>"[A-Z]{3,10} .*)',
        # 1702  2395 D WindowManager: message
        r"\s*\d+\s+\d+\s+(?P<letter>[VDIWEFA])\s+(?P<component>[^:]{1,60}?)\s*:\s(?P<message>.*)",
        # I0719 ... 123 file.go:12] message
        r"(?P<letter>[IWEF])\s+\d+\s+(?P<component>[\w./-]{1,80}):\d+\]\s(?P<message>.*)",
        # INFO [main] org.apache.Class: message
        rf"[^A-Za-z]{{0,40}}{_LEVEL}[\s:\]|,-]{{1,20}}\[[^\]]{{1,160}}\]\s+(?P<component>{_NAME}):\s(?P<message>.*)",
        # INFO  [component@774] - message
        rf"[^A-Za-z]{{0,40}}{_LEVEL}[\s:|,-]{{1,20}}\[(?P<component>.{{1,160}}?)(?:@\d+)?\](?:\s+-"
        rf"|:)?\s+(?P<message>.*)",
        # 148 INFO dfs.FSNamesystem: message
        rf"[^A-Za-z]{{0,40}}{_LEVEL}[\]:|,]?[\s|,-]{{1,30}}(?P<component>{_NAME}(?:\[\d+\])?):\s(?P<message>.*)",
        # 25746 INFO nova.compute.manager [req] message
        rf"[^A-Za-z]{{0,40}}{_LEVEL}[\]:|,]?[\s"
        rf"|,-]{{1,30}}(?P<component>\w{{1,60}}(?:\.\w{{1,60}}){{1,8}})\s(?P<message>.*)",
        # - name - LEVEL - message
        rf"[\s,|-]{{0,10}}(?P<component>{_NAME})\s+[-|]?\s*\[?{_LEVEL}\]?[\s:|-]{{1,10}}(?P<message>.*)",
        # host process[pid]: message
        r"\s?(?P<host>[\w.:-]{1,80}) (?P<component>[\w./()@ -]{1,60}?)(?:\[\d+\])?:\s(?P<message>.*)",
        # level=error msg=...
        rf".{{0,60}}?\blevel[=:]\"?{_LEVEL}\b(?P<message>.*)",
        # anything, LEVEL, message
        rf"[^A-Za-z]{{0,40}}{_LEVEL}\b[\]:|,>)-]{{0,3}}\s*(?P<message>.*)",
        rf".{{0,60}}?\b{_LEVEL}\b[\]:|,>)-]{{0,3}}\s*(?P<message>.*)",
        r"\s*(?P<component>[A-Za-z_][\w.$/@* -]{0,60}?)(?:\[\d+\])?(?::| -)\s(?P<message>.*)",
    )
)
_LEVELLED = re.compile(rf"\b{_LEVEL}\b|^\s*\d+\s+\d+\s+[VDIWEFA]\s|^[IWEF]\s+\d")
_ANY = re.compile(r"\s*(?P<message>.*)")
_BEFORE, _AFTER = r"[\[(<\- \t]*", r"(?:[\])>,:|][\])>,:| \t]*+)?+"
"""Marks around a stamp."""


class Entry(NamedTuple):
    """One log line taken apart; absent parts are empty."""

    stamp: str
    level: str
    component: str
    host: str
    message: str


@lru_cache(maxsize=256)
def rank_of(level: str) -> str:
    """A level under its common name, in capitals (WARNING is WARN)."""
    return _ALIASES.get(level.upper(), level.upper())


def spellings(ranks: Iterable[str], *, like: Iterable[str]) -> list[str]:
    """The words for some levels, in the letters in which others are written.

    >>> spellings(["WARN"], like=["info"])
    ['warn', 'warning']
    """
    spelt = {str.upper if word.isupper() else str.lower if word.islower() else str.title for word in like}
    words = [word for word in _WORDS.split("|") if rank_of(word) in set(ranks)]
    return sorted(spell(word) for spell in spelt for word in words)


@dataclass(frozen=True)
class Layout:
    """The layout that most lines of one log share."""

    style: Style | None
    pattern: re.Pattern[str]

    def entry(self, line: str) -> Entry | None:
        """Take a line apart; None where it continues the entry before it (a stamped log, a line without stamp)."""
        parted = self.parted(line)
        return None if parted is None else self.read(*parted)

    def parted(self, line: str) -> tuple[str, str] | None:
        """A line's stamp and the rest of it; None where it continues the entry before it."""
        if self.style is None:
            return "", line
        found = self._opening.match(line)
        if found is not None:
            return found[1].strip(), line[found.end() :]
        stamp, rest = self._stamped(line)
        return (stamp, rest) if stamp else None

    def read(self, stamp: str, rest: str) -> Entry:
        """The entry of a line whose stamp was taken off."""
        found = self._filled.match(rest)
        if found is None:
            return Entry(stamp, "", "", "", rest.strip())
        level, component, host, message = found.group(self._level, "component", "host", "message")
        return Entry(stamp, _LETTERS.get(level, level), component.strip(), host, message.strip())

    @property
    def names_levels(self) -> bool:
        """Whether levels are words, not letters."""
        return "level" in self.pattern.groupindex

    @cached_property
    def _opening(self) -> re.Pattern[str]:
        """A stamp that begins a line, as most do, with the marks around it: what it matches, `_stamped` cuts off so."""
        return re.compile(f"{_BEFORE}((?>{self.style.pattern.pattern if self.style else ''})){_AFTER}")

    @cached_property
    def _filled(self) -> re.Pattern[str]:
        """The pattern with an empty group for each part that the layout lacks."""
        lacking = {self._level, "component", "host", "message"} - self.pattern.groupindex.keys()
        return re.compile(self.pattern.pattern + "".join(f"(?P<{name}>)" for name in lacking))

    @cached_property
    def _level(self) -> str:
        return "letter" if "letter" in self.pattern.groupindex else "level"

    def _stamped(self, line: str) -> tuple[str, str]:
        if self.style is None:
            return "", line
        found = self.style.pattern.search(line, 0, _STAMP_ENDS)
        if found is None:
            return "", line
        start, stop = found.span()
        if start == 0:
            return found.group(), _after(line[stop:], "")
        before = line[:start]
        return found.group().strip(), (before if before.strip("[(<- \t") else "") + _after(line[stop:], before)


def _after(rest: str, before: str) -> str:
    return rest if before.strip("[(<- \t") else rest.lstrip("])>,:| \t") if rest[:1] in "])>,:|" else rest


def may_name_level(line: str) -> bool:
    """Whether a line holds a word, or a letter behind numbers, that some layout takes for a level."""
    return _LEVELLED.search(line) is not None


def layout_of(lines: Sequence[str]) -> Layout:
    """Return the layout that fits most of the sampled lines."""
    style = style_of(lines)
    bare = Layout(style, _ANY)
    rests = [parted[1] for line in lines if (parted := bare.parted(line)) is not None]
    fits = list[int]()
    for pattern in _LAYOUTS:
        fits.append(sum(1 for rest in rests if pattern.match(rest)))
        if fits[-1] >= _USUAL * len(rests):  # no other can fit so much better that it would be preferred
            break
    best = next(number for number, count in enumerate(fits) if count >= _USUAL * max(fits))
    return Layout(style, _LAYOUTS[best] if rests and fits[best] * 2 >= len(rests) else _ANY)
