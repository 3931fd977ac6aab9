"""Whether a sentence says only what stands in the facts or the result: its numbers, identifiers and quotations."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from .focus import terms_of

_PIECE = 400  # characters of a long line that count as one place
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d{1,3})?(?!\d)")
_MEASURE = re.compile(r"([-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)(?:%|[^\W\d_]{0,3})")  # 41.2, 41.2ms, 12%, 3rd
_QUOTED = re.compile(r"\"([^\"]{1,200})\"|“([^”]{1,200})”|`([^`]{1,200})`|(?<!\w)'([^']{1,200})'(?!\w)")
_EDGES = ".,;:!?…()<>{}\"'`“”‘’*"
_COUNTED = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDS = {word: str(n) for n, word in enumerate(_COUNTED, start=2)}
_VAGUE = frozenset(
    ("zero", "hundred", "hundreds", "thousand", "thousands", "million", "millions", "billion", "dozen", "dozens")
)
_TELLING = 2  # significant digits that a rounded number must keep to be told from others


@dataclass(slots=True)
class _Claim:
    """A sentence, what of it can be checked, and what has been found so far."""

    sentence: str
    numbers: tuple[str, ...]
    names: tuple[str, ...]
    terms: frozenset[str]
    placed: set[str] = field(default_factory=set)

    @property
    def holds(self) -> bool:
        """Whether everything that can be checked was found, and there was something."""
        return bool(self.numbers or self.names) and self.placed >= {*self.numbers, *self.names}

    def look(self, place: str) -> None:
        """Tick off what stands at one place: names wherever they are, a number beside something else it is said of."""
        if self.holds:
            return
        names = {name for name in self.names if _occurs(name, place)}
        self.placed |= names
        if not any(number not in self.placed for number in self.numbers):
            return
        there = list(_numbers_in(place))
        numbers = {number for number in self.numbers if any(_rounds_to(one, number) for one in there)}
        alone = len(self.numbers) + len(self.names) == 1
        if len(names) + len(numbers) > 1 or (alone and numbers and self.terms & set(terms_of(place))):
            self.placed |= numbers


def verified(sentences: Sequence[str], facts: Iterable[str], text: Iterable[str] = ()) -> list[str]:
    """The sentences of which every number, identifier and quotation occurs in `facts` or else in `text`.

    A number may be rounded as far as it is written with two significant digits or more (41.2 for 41.178), and must
    stand in one fact or line together with another number or name of the sentence, or, alone, with a word of it.
    An identifier is a word with a digit, "_", "." or "/" in it, in CamelCase or in capitals. A sentence with nothing
    to check says nothing that could be trusted, and goes. `text` (lines) is read only while something is missing.

    >>> verified(["Layer 17 reaches 41.2.", "Layer 3 reaches 41.2."], ["max 41.178 layers[17]", "layers[3] is flat"])
    ['Layer 17 reaches 41.2.']
    """
    claims = [claim for sentence in sentences if (claim := _claim(sentence)) is not None]
    for place in facts:
        for claim in claims:
            claim.look(place)
    for place in _places(text):
        if all(claim.holds for claim in claims):
            break
        for claim in claims:
            claim.look(place)
    return [claim.sentence for claim in claims if claim.holds]


def _claim(sentence: str) -> _Claim | None:
    """What of a sentence can be checked; None where it holds an amount that nothing can confirm."""
    quoted = [" ".join(next(filter(None, found)).split()) for found in _QUOTED.findall(sentence)]
    numbers, names = [], list(filter(None, quoted))
    for word in _QUOTED.sub(" ", sentence).split():
        word = _bare(word)
        if word.lower() in _VAGUE:
            return None
        if word.lower() in _WORDS:
            numbers.append(_WORDS[word.lower()])
        elif measure := _MEASURE.fullmatch(word):
            numbers.append(measure[1].replace(",", ""))
        elif _is_identifier(word):
            names.append(word)
    return _Claim(sentence, tuple(dict.fromkeys(numbers)), tuple(dict.fromkeys(names)), frozenset(terms_of(sentence)))


def _bare(word: str) -> str:
    word = word.strip(_EDGES)
    return word.removesuffix("'s").removesuffix("’s")


def _is_identifier(word: str) -> bool:
    if len(word) < 2:
        return False
    spelled = any(character.isdigit() or character in "_./[]\\@#=" for character in word)
    capitals = word.isupper() and word.isalpha()
    return spelled or capitals or re.search(r"[a-z][A-Z]|[A-Z]{2}[a-z]", word) is not None


def _occurs(name: str, place: str) -> bool:
    """Whether a name stands in a place as a whole: no letter, digit or underscore goes on where it ends."""
    return (
        name in place
        and re.search(rf"(?<!\w){re.escape(name)}(?!\w)" if name[0].isalnum() else re.escape(name), place) is not None
    )


def _numbers_in(place: str) -> Iterator[Decimal]:
    for found in _NUMBER.findall(place):
        for written in {found.replace(",", ""), *found.split(",")} if "," in found else {found}:
            if (value := _decimal(written)) is not None:
                yield value


def _rounds_to(value: Decimal, written: str) -> bool:
    claimed = _decimal(written)
    if claimed is None or claimed == value:
        return claimed is not None
    digits, exponent = claimed.as_tuple().digits, claimed.as_tuple().exponent
    if len(digits) < _TELLING or not isinstance(exponent, int):
        return False
    return abs(value - claimed) * 2 <= Decimal(1).scaleb(exponent)


def _decimal(written: str) -> Decimal | None:
    try:
        return Decimal(written)
    except InvalidOperation:
        return None


def _places(lines: Iterable[str]) -> Iterator[str]:
    """Lines; a long one in pieces, cut between words or values so that nothing is found that is not there."""
    for line in lines:
        while len(line) > _PIECE:
            cut = max(line.rfind(mark, 1, _PIECE) for mark in " ,;\t")
            if cut < 1:
                ends = [at for mark in " ,;\t" if (at := line.find(mark, _PIECE)) > 0]
                cut = min(ends, default=len(line))
            yield line[:cut]
            line = line[cut:].lstrip(" \t")
        yield line
