"""Located recall: the summary says the answer, and a place on the same line which, opened, shows it.

The rule sees the summary's text and the pager only. Of the lines that hold the answer it reads every word, and every
run of up to six words that has a `/`, `[` or `#` in it, as an address: as it stands, below the result, and below each
part that a line's `name:` has announced so far. A line of a text is opened with the 10 lines before it, and from it on.
A fact is located when one of them, not the result itself, opens to a first page of at most 500 tokens and page or
address holds the answer. Answers that do not stand in the result at all (a count, a length) have no place: they are
left out, and counted as such.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pager import Pager, PagerError, join

from .corpus import Check, Corpus, Fact
from .interval import Share, by_file
from .ours import Shelf
from .recall import Recall, source_of

PAGE_TOKENS = 500
KINDS = ("extremum", "outlier", "error")
_RUN = 6  # words of a name with spaces in it
_TRIES = 60  # addresses that are tried for one line
_LINE = re.compile(r"(?P<home>.+)\[(?P<number>\d+)\]")


@dataclass(frozen=True, slots=True)
class Located:
    """The share of facts with answer and place, of those with a place; how many have none; and which were missed."""

    share: Share
    placeless: int
    missed: tuple[Fact, ...]


def located(recall: Recall, corpus: Corpus, shelf: Shelf) -> Located:
    """Located recall of one method's texts, over the extremum, outlier and error facts among the headline ones."""
    outcomes: dict[str, list[bool]] = {}
    missed: list[Fact] = []
    placeless = 0
    for verdict in recall.verdicts:
        fact, source = verdict.fact, source_of(corpus, verdict.fact)
        if fact.kind not in KINDS:
            continue
        if not corpus.check.contained(fact.record, source.text):
            placeless += 1
            continue
        root = shelf.node(source).address
        found = verdict.held and _is_located(fact, verdict.text, root, shelf.pager, corpus.check)
        outcomes.setdefault(fact.path, []).append(found)
        if not found:
            missed.append(fact)
    return Located(by_file(outcomes), placeless, tuple(missed))


def places(line: str, homes: Sequence[str]) -> Iterator[str]:
    """The addresses that a line of a summary may be read to name, below any of `homes`, plainest first, once each."""
    words = [word.strip(",;()") for word in line.split()]
    runs = [word for word in words if _looks_like_one(word)]
    runs += [run for run in _runs(words) if _looks_like_one(run)]
    runs += words
    seen = set(homes)
    for run in runs:
        for address in [run, *(below for home in homes for below in _below(home, run.rstrip(":")))]:
            if address.startswith(homes[0]) and address not in seen:
                seen.add(address)
                yield address


def _is_located(fact: Fact, text: str, root: str, pager: Pager, check: Check) -> bool:
    homes = [root]
    for line in text.split("\n"):
        label, colon, _ = line.partition(": ")
        if colon:
            homes += [home for home in _below(root, label) if _opens(pager, home)]
        if check.contained(fact.record, line) and any(
            check.contained(fact.record, seen)
            for address in list(places(line, homes))[:_TRIES]
            for seen in _pages(pager, address)
        ):
            return True
    return False


def _pages(pager: Pager, address: str) -> Iterator[str]:
    """What opening an address shows, the address itself before it; around and from a line on, where it is one."""
    if not _opens(pager, address):
        return
    yield f"{unquote(address)}\n{pager.open(address, limit_tokens=PAGE_TOKENS).text}"
    line = _LINE.fullmatch(address)
    if line and pager.node(line["home"]).unit == "lines":
        number = int(line["number"])
        for start, stop in ((number, number + 40), (max(0, number - 10), number + 1)):
            yield pager.open(f"{line['home']}[{start}:{stop}]", limit_tokens=PAGE_TOKENS).text


def _opens(pager: Pager, address: str) -> bool:
    try:
        pager.node(address)
    except PagerError:
        return False
    return True


def _looks_like_one(run: str) -> bool:
    return re.search(r"[/\[#]", run) is not None


def _runs(words: list[str]) -> Iterator[str]:
    for length in range(2, _RUN + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def _below(home: str, run: str) -> list[str]:
    """`run` as a path below `home`, and as one key with its slashes escaped."""
    if run.startswith(("[", "#")):
        return [home + run]
    return [f"{home}/{run}", join(home, run)]
