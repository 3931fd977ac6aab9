"""Words as they are compared: identifiers parted, endings cut, names for the same thing made one."""

import re
from collections.abc import Iterator
from functools import lru_cache

_PARTED = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_WORD = re.compile(r"[^\W_]+")
_ENDING = re.compile(r"(?<=\w{3})(?:ations?|ings?|ies|ied|y|ed|es|s|e)$")
_ALIKE = (
    "maximum max highest largest greatest biggest peak",
    "minimum min lowest smallest least",
    "mean average avg",
    "percent percentage pct",
    "number num count",
    "message msg",
    "error err",
    "directory dir folder",
    "description desc",
    "temperature temp",
    "identifier id",
    "address addr",
    "configuration config cfg conf",
    "environment env",
    "version ver",
    "duration elapsed took take long",
    "licence license",
    "function func fn def",
    "parameter param argument arg",
    "column field key attribute header",
    "heading section chapter",
    "length len",
    "latitude lat",
    "longitude lon lng",
    "quantity qty",
    "memory mem",
    "second sec",
    "request req",
    "response resp",
    "source src",
    "destination dest dst",
    "process proc",
    "repository repo",
    "last final oldest end",
    "first start beginning",
)


def words_of(text: str) -> Iterator[str]:
    """The words of a text in lower case: `headCommit_id2` gives head, commit, id, 2.

    >>> list(words_of("headCommit_id2 of HTTPServer"))
    ['head', 'commit', 'id', '2', 'of', 'http', 'server']
    """
    for found in _WORD.finditer(text):
        word = found[0]
        if word.islower() and word.isalpha():
            yield word
        else:
            yield from (part.lower() for part in _parts(word))


def _parts(word: str) -> list[str]:
    return _PARTED.findall(re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", word))


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """A lower-case word as it is compared: `numbers`, `num` and `count` are one, and so are `covered` and `coverage`.

    >>> stem("percentage") == stem("percent"), stem("required") == stem("require")
    (True, True)
    """
    base = _bare(word)
    return _SAME.get(base, base)


def variants(stemmed: str) -> list[str]:
    """The beginnings that a word with this stem may have in a text."""
    return sorted({stemmed, *(base for base, named in _SAME.items() if named == stemmed)})


def _bare(word: str) -> str:
    if len(word) < 4 or not word.isalpha():
        return word[:-1] if len(word) == 3 and word.endswith("s") and word[1] not in "aiu" else word
    return _ENDING.sub("", word.removesuffix("age") if len(word) > 7 else word)


_SAME = {_bare(word): _bare(group.split()[0]) for group in _ALIKE for word in group.split()}
