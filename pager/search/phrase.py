"""A phrase or question taken apart into what to look for in a result."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from .terms import stem, variants, words_of

K = TypeVar("K")

MOST_TERMS = 40
_KEPT = 20_000
_SILENT_WORDS = """
    a an and any all are as at be been by can could did do does for from had has have how i if in is it its me my of on
    or our so than that the their them there these they this to up was we were what when where which who why will with
    would you your should out find show tell give many much each according must s named called
"""
_FAINT_WORDS = """
    number total first last second name value type list file result report text table row record item entry tool call
    line data time use used occur appear look hold write written full overall different distinct new level
"""
_SILENT = frozenset(_SILENT_WORDS.split())
_FAINT = frozenset(map(stem, _FAINT_WORDS.split()))
_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|`([^`]+)`')
_WRITTEN = re.compile(r"[^\W_](?:[\w@./:+-]*\w)?|_\w+")
_MARKED = re.compile(r"\w[_./:@+-]+\w|\d\w|\w\d|[a-z][A-Z]|^_|^\d{2,}$")
_LINKS = ("https://", "http://")
_GAP = 16  # characters between words side by side
_RUN = re.compile(r"\w+")
_LITERAL, _WORD, _WEAK, _PAIR = 1.5, 1.0, 0.35, 0.5
_SHAPES = {
    "version": re.compile(r"\d+\.\d+"),
    "duration": re.compile(r"\d(?:\.\d+)? ?(?:s|ms|secs?|seconds|min|minutes|hours)\b"),
    "percent": re.compile(r"\d ?%"),
    "date": re.compile(r"\b\d{4}-\d\d-\d\d\b"),
    "email": re.compile(r"\w@\w+\."),
}
"""Words whose answer has a form of its own: a text that has it counts as having the word."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing looked for: `text` as it is said back, and how much it counts before its rarity does."""

    text: str
    weight: float


@dataclass(slots=True)
class _Terms:
    terms: list[Term] = field(default_factory=list)
    literals: dict[str, int] = field(default_factory=dict)
    stems: dict[str, int] = field(default_factory=dict)
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, into: dict[K, int], key: K, term: Term) -> None:
        if key and key not in into and len(self.terms) < MOST_TERMS:
            into[key] = 1 << len(self.terms)
            self.terms.append(term)


@dataclass(frozen=True, slots=True)
class _Word:
    """The terms in one run of letters and digits, and the stems of its first and last word."""

    bits: int
    first: str
    last: str


class Phrase:
    """What to look for: quoted texts and identifiers as they are written, words in any form, two words side by side.

    A text is compared as a set of bits, one for each of `terms`; `dob` holds those of "date of birth".
    """

    def __init__(self, text: str) -> None:
        parsed = _Terms()
        for written in _literals(text):
            parsed.add(parsed.literals, written.lower(), Term(written, _LITERAL))
        said = list(words_of(_QUOTED.sub(lambda found: found[0][1:-1], text)))
        for word in said:
            if word not in _SILENT:
                weak = stem(word) in _FAINT or (len(word) == 1 and not word.isdigit())
                parsed.add(parsed.stems, stem(word), Term(word, _WEAK if weak else _WORD))
        telling = [word for word in said if word not in _SILENT]
        for word, after in pairwise(telling):
            parsed.add(parsed.pairs, (stem(word), stem(after)), Term("", _PAIR))
        self.terms = tuple(parsed.terms)
        self._literals = [(one, _whole(one), bit) for one, bit in parsed.literals.items()]
        self._stems = parsed.stems
        self._pairs = parsed.pairs
        self._shapes = [
            (shape, parsed.stems[stem(word)]) for word, shape in _SHAPES.items() if stem(word) in parsed.stems
        ]
        self._shapes += [(_whole(one), bit) for one, bit in parsed.stems.items() if len(one) == 1]
        self._initials = _initials(said, parsed.stems)
        self._known: dict[str, int] = {}
        self._seen: dict[str, _Word] = {}

    @cached_property
    def sieve(self) -> re.Pattern[str] | None:
        """Passes every text that can hold a term, single letters and digits aside; None where there is none."""
        words = {part for one in self._stems if len(one) > 1 for part in variants(one)}
        words |= {literal for literal, _, _ in self._literals} | self._initials.keys()
        return re.compile("|".join(map(re.escape, sorted(words))), re.IGNORECASE) if words else None

    def bits(self, text: str) -> int:
        """The terms that a text holds."""
        hit = self.sieve.search(text) if self.sieve else None
        if hit is None:
            return 0
        found = 0 if text.startswith(_LINKS) else self._words(text, hit.start())
        for shape, bit in self._shapes:
            if shape.search(text):
                found |= bit
        lowered = text.lower() if self._literals else ""
        for literal, whole, bit in self._literals:
            if literal in lowered and whole.search(lowered):
                found |= bit
        return found

    def _words(self, text: str, at: int) -> int:
        """The terms in the words of a text, which are looked at only where the sieve finds something."""
        found, stop, last = 0, 0, ""
        while True:
            start = at
            while start > stop and (text[start - 1].isalnum() or text[start - 1] == "_"):
                start -= 1
            run = _RUN.match(text, start)
            end = run.end() if run else at + 1
            word = self._word(text[start:end])
            found |= word.bits
            if last and word.first and (bit := self._pairs.get((last, word.first))) and _is_silent(text[stop:start]):
                found |= bit
            stop, last = end, word.last
            hit = self.sieve.search(text, stop) if self.sieve else None
            if hit is None:
                return found
            at = hit.start()

    def _word(self, word: str) -> "_Word":
        """The terms in one run of letters and digits, and the stems it begins and ends with."""
        known = self._seen.get(word)
        if known is None:
            known = self._parted(word)
            if len(self._seen) < _KEPT:
                self._seen[word] = known
        return known

    def _parted(self, written: str) -> "_Word":
        found, first, before = 0, "", ""
        for word in words_of(written):
            base = stem(word)
            found |= self._stems.get(base, 0) | self._initials.get(word, 0)
            if before:
                found |= self._pairs.get((before, base), 0)
            first, before = first or base, base
        return _Word(found, first, before)

    def of_name(self, name: str) -> int:
        """The terms that a key or file name holds."""
        known = self._known.get(name)
        if known is None:
            known = self.bits(name) | self._stems.get(name, 0)
            if len(self._known) < _KEPT:
                self._known[name] = known
        return known

    def told(self, bits: int) -> list[str]:
        """The terms of the bits, as they stand in the phrase."""
        return [term.text for number, term in enumerate(self.terms) if term.text and bits >> number & 1]


def _is_silent(gap: str) -> bool:
    """Whether what stands between two words says nothing."""
    return gap == " " or (len(gap) <= _GAP and all(word in _SILENT for word in words_of(gap)))


def _literals(text: str) -> list[str]:
    """Quoted texts and marked words, and the parts of dotted ones that are marked themselves."""
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(text)]
    words = [word for word in _WRITTEN.findall(_QUOTED.sub(" ", text)) if _MARKED.search(word)]
    parts = [part for word in words for part in re.split(r"[./:]+", word) if part != word and _MARKED.search(part)]
    return [*quoted, *words, *parts]


def _whole(literal: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(literal)}(?![^\W_])")


def _initials(said: list[str], stems: dict[str, int]) -> dict[str, int]:
    """The first letters of three to five words in a row, with the terms of those words."""
    found: dict[str, int] = {}
    for length in (3, 4, 5):
        for start in range(len(said) - length + 1):
            run = said[start : start + length]
            bits = 0
            for word in run:
                bits |= stems.get(stem(word), 0)
            if run[0] not in _SILENT and run[-1] not in _SILENT:
                found.setdefault("".join(word[0] for word in run), bits)
    return found
