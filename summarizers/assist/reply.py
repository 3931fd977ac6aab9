"""What a small model wrote, taken apart: its sentences, the lines it copied, and what is wrong with it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

MOST_SENTENCES = 2
_LONGEST = 60  # words of prose; who writes more was asked for a sentence and did not stop
_LOOP = 3  # words in a row that come back as often as this are a loop
_MARK = re.compile(r"^\W*(?:(?:answer|summary|facts?)\W*:|(?:[-*•]|\d{1,3}[.):])(?=\s))[\s*]*", re.IGNORECASE)
_PREAMBLE = re.compile(  # "The most striking fact is that": praise of what follows, and no part of it
    r"^(?:the|one|what)\b(?: most)? (?:notable|striking|surprising|important|interesting|significant|noteworthy|unusual"
    r"|remarkable|prominent|impactful|obvious|stands out)\b[^.,;:\d]{0,60}? (?:is|are)(?: that| the fact that)? ",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r".*?[.!?](?=[\"'”)\]]*(?:\s|$))[\"'”)\]]*")
_STUCK = re.compile(r"(\S{1,12}?)\1{9,}")


@dataclass(frozen=True, slots=True)
class Said:
    """`sentences` are whole ones, in order; `lines` are all that was written, without bullets and labels."""

    sentences: tuple[str, ...]
    lines: tuple[str, ...]


def read_reply(reply: str) -> Said:
    """The first whole sentences of a reply, each once, and its lines.

    >>> read_reply("Answer: Layer 17 is off. It")
    Said(sentences=('Layer 17 is off.',), lines=('Layer 17 is off. It',))
    """
    lines = tuple(line for line in map(_unmarked, reply.splitlines()) if line)
    return Said(tuple(dict.fromkeys(_sentences(lines)))[:MOST_SENTENCES], lines)


def fault_of(reply: str) -> str | None:
    """Why a reply is no use at all: it is empty, it repeats itself, it does not end; None where it may be of use."""
    if not reply.strip():
        return "it wrote nothing"
    words = reply.lower().split()
    runs = Counter(zip(words, words[1:], words[2:], strict=False))
    if _STUCK.search(reply) or max(runs.values(), default=0) >= _LOOP:
        return "it repeated itself"
    if len(words) > _LONGEST:
        return f"it wrote {len(words)} words where a sentence was asked for"
    return None


def _unmarked(line: str) -> str:
    """A line without its bullets, numbers and labels."""
    line = line.strip()
    while (short := _MARK.sub("", line, count=1).strip()) != line:
        line = short
    return line


def _sentences(lines: tuple[str, ...]) -> Iterator[str]:
    """What ends with a full stop; what breaks off is no sentence."""
    for line in lines:
        for found in _SENTENCE.finditer(line):
            sentence = _PREAMBLE.sub("", found.group().strip())
            if sentence:
                yield sentence
