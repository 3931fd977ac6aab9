"""What a small model wrote, taken apart: the facts it chose by number, its sentences, and what is wrong with it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

MOST_SENTENCES = 2
_MOST_CHOSEN = 6
_LONGEST = 60  # words of prose; who writes more was asked for two sentences and did not stop
_LOOP = 3  # words in a row that come back as often as this are a loop
_LIST = re.compile(r"\W*(?:facts?|numbers?|chosen|lines?)?\W*(\d{1,3}(?:(?:\W|and|facts?)+\d{1,3})*)\W*", re.IGNORECASE)
_COPIED = re.compile(r"\s*(?:facts?\s*)?(\d{1,3})[.):]\s+\S", re.IGNORECASE)
_LABEL = re.compile(r"^\W*(?:answer|summary|second line|first line|facts?)\W*:[\s*]*", re.IGNORECASE)
_SENTENCE = re.compile(r".*?[.!?](?=[\"'”)\]]*(?:\s|$))[\"'”)\]]*")
_STUCK = re.compile(r"(\S{1,12}?)\1{9,}")


@dataclass(frozen=True, slots=True)
class Said:
    """`chosen` are indices of candidates, from 0; `sentences` are whole ones, in order."""

    chosen: tuple[int, ...]
    sentences: tuple[str, ...]


def read_reply(reply: str, candidates: int) -> Said:
    """The candidates a reply names, in its order, and its first sentences; lists of numbers and copied facts are none.

    >>> read_reply("Facts: 3, 1\\nAnswer: Layer 17 is off. It", 5)
    Said(chosen=(2, 0), sentences=('Layer 17 is off.',))
    """
    chosen: list[int] = []
    prose = []
    for line in reply.splitlines():
        listed = _LIST.fullmatch(line) or _COPIED.match(line)
        if listed:
            chosen += [int(number) - 1 for number in re.findall(r"\d+", listed[1])]
        else:
            prose.append(_LABEL.sub("", line.strip()))
    known = [index for index in dict.fromkeys(chosen) if 0 <= index < candidates]
    return Said(tuple(known[:_MOST_CHOSEN]), tuple(_sentences(prose))[:MOST_SENTENCES])


def fault_of(reply: str) -> str | None:
    """Why a reply is no use at all: it is empty, it repeats itself, it does not end; None where it may be of use."""
    if not reply.strip():
        return "it wrote nothing"
    words = reply.lower().split()
    runs = Counter(zip(words, words[1:], words[2:], strict=False))
    if _STUCK.search(reply) or max(runs.values(), default=0) >= _LOOP:
        return "it repeated itself"
    prose = [line for line in reply.splitlines() if not (_LIST.fullmatch(line) or _COPIED.match(line))]
    count = sum(len(line.split()) for line in prose)
    return f"it wrote {count} words where {MOST_SENTENCES} sentences were asked for" if count > _LONGEST else None


def _sentences(lines: list[str]) -> Iterator[str]:
    """Whole sentences, each once; what breaks off without an end is none."""
    seen = set()
    for line in lines:
        for found in _SENTENCE.finditer(line):
            sentence = found.group().strip()
            if sentence and sentence not in seen:
                seen.add(sentence)
                yield sentence
