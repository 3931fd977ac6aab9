"""Whether a sentence says only what stands in the facts or the result, each clause of it in one place."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from .claim import NUMBER, Amount, Claim, canonical, claims_of, denied, words_of
from .lexicon import GLUE, JUDGEMENTS, NEGATIONS, NOUNS, ROLES, UNITS

_PIECE = 400  # characters of a long line that count as one place
_TOKEN = re.compile(rf"(?P<number>(?<![\w.])(?<!\d[:/-]){NUMBER}(?!\d|[:/-]\d))|(?P<word>[^\W\d_]+)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_RESULT = re.compile(r"(?<![\w./-])r\d+(?!\w)")
_TELLING = 2  # significant digits that a rounded number must keep to be told from others


@dataclass(frozen=True, slots=True)
class Verified:
    """A sentence that holds, and the indices of the facts that say it."""

    sentence: str
    facts: tuple[int, ...]


def verified(
    sentences: Sequence[str],
    facts: Sequence[str],
    text: Iterable[str] = (),
    *,
    focus: str | None = None,
    result: str | None = None,
) -> list[Verified]:
    """The sentences that the facts, or else the lines of `text`, say clause by clause.

    One place (a fact with its address, or a line) must hold all of a clause: its numbers, names, quotations and telling
    words; a clause without a subject and verb of its own is held to the subject of the one before. Numbers may be
    rounded as far as two significant digits or more are written (41.2 for 41.178); their unit must be the place's, and
    the word they are said of must stand by them there too, so that "median 41.2" is no reading of "max 41.178, median
    3.1". Superlatives need a word of the same meaning, a negation needs one, and so does its absence. Words of the
    focus that no fact has may be echoed, judgements (slow, broken) apart. A name is a word with a digit, "_", "." or
    "/" in it, in CamelCase or in capitals; an address must be a fact's and in `result` (its id). What cannot be
    checked, speaks to the reader, or has look-alike digits goes. `text` is read only for what is missing.

    >>> facts = ["max 41.178 layers[17]", "min 3 layers[3]"]
    >>> [one.sentence for one in verified(["Layer 17 has max 41.2.", "Layer 3 has max 41.2."], facts)]
    ['Layer 17 has max 41.2.']
    """
    free = frozenset(words_of(focus or "")) - JUDGEMENTS - ROLES - NEGATIONS - NOUNS
    free -= {word for fact in facts for word in words_of(fact)} if free else set()
    waiting = {
        sentence: claims_of(sentence, free)
        for sentence in dict.fromkeys(sentences)
        if all(found == result for found in _RESULT.findall(sentence))
    }
    claims = list(dict.fromkeys(claim for found in waiting.values() for claim in found))
    said_by = {
        claim: at
        for claim in claims
        if (at := next((at for at, fact in enumerate(facts) if _supports(fact, claim, is_fact=True)), None)) is not None
    }
    held = {*said_by, *_said_in(text, [claim for claim in claims if claim not in said_by])}
    return [
        Verified(sentence, tuple(dict.fromkeys(said_by[claim] for claim in found if claim in said_by)))
        for sentence, found in waiting.items()
        if found and held.issuperset(found)
    ]


def _said_in(text: Iterable[str], claims: Sequence[Claim]) -> Iterator[Claim]:
    """Those of the claims that a line says; reading ends with the last of them."""
    left = list(claims)
    for place in _places(text) if left else ():
        for claim in [claim for claim in left if _supports(place, claim, is_fact=False)]:
            left.remove(claim)
            yield claim
        if not left:
            return


def _supports(place: str, claim: Claim, *, is_fact: bool) -> bool:
    """Whether one place says all of a clause; cheap checks first, since most places say nothing of it."""
    if not all(_occurs(name, place) and (is_fact or not _RESULT.search(name)) for name in claim.names):
        return False
    lowered = place.lower()
    if not all(word in lowered for word in claim.words - ROLES - UNITS):
        return False
    if not claim.words.issubset(words_of(place)) or not _agrees(claim, denied(place)):
        return False
    if not claim.amounts:
        return True
    there = _numbers_in(place, is_fact=is_fact)
    return all(any(_is_said(number, amount, claim) for number in there) for amount in claim.amounts)


def _agrees(claim: Claim, denied_there: frozenset[str]) -> bool:
    """Whether place and clause say no of the same words, as far as the clause has them."""
    return claim.denied <= denied_there and not claim.affirmed & denied_there


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of a place: what it may be read as, its unit, the telling words by it, and what it is an index of."""

    values: tuple[Decimal, ...]
    unit: str
    labels: frozenset[str]
    index_of: str | None
    counts: bool


def _is_said(number: _Number, amount: Amount, claim: Claim) -> bool:
    """Whether a number of a place is the amount that is claimed, said of the same thing."""
    if number.index_of is not None:
        named = amount.noun in NOUNS or amount.noun == number.index_of
        return bool(amount.noun) and named and _decimal(amount.written) in number.values
    if not any(_rounds_to(value, amount.written) for value in number.values):
        return False
    if amount.unit != number.unit and (number.unit or amount.unit not in number.labels):
        return False
    if not amount.label:
        return number.counts if amount.counted else claim.is_bound
    return amount.of_name or amount.label in number.labels or not number.labels


def _numbers_in(place: str, *, is_fact: bool) -> list[_Number]:
    place = _CAMEL.sub(" ", place)
    tokens = list(_TOKEN.finditer(place))
    return [_number(place, tokens, at, is_fact) for at, token in enumerate(tokens) if token["number"]]


def _number(place: str, tokens: Sequence[re.Match[str]], at: int, is_fact: bool) -> _Number:
    token = tokens[at]
    is_index = is_fact and place[token.start() - 1 : token.start()] == "["
    before = tokens[at - 1] if at else None
    beside = [canonical(tokens[place]["word"] or "") for place in (at - 1, at + 1) if 0 <= place < len(tokens)]
    unit = re.match(r"%|\s?[^\W\d_]+", place[token.end() : token.end() + 20])
    said = canonical(unit.group().strip()) if unit else ""
    return _Number(
        values=tuple(_readings(token.group())),
        unit=said if said in UNITS or (unit and not unit.group().startswith(" ")) else "",
        labels=frozenset(_labels(tokens, at)),
        counts=not NOUNS.isdisjoint(beside),
        index_of=(canonical(before["word"]) if before and before["word"] else "") if is_index else None,
    )


def _labels(tokens: Sequence[re.Match[str]], at: int) -> set[str]:
    """The telling words between a number and the one before it, else before that; after it where a number is first."""
    found: set[str] = set()
    for place in range(at - 1, -1, -1) if not tokens[0]["number"] else ():
        if tokens[place]["number"] and found:
            return found
        found |= _said_by(tokens, place)
    for place in range(at + 1, len(tokens)) if not found else ():
        if tokens[place]["number"]:
            break
        found |= _said_by(tokens, place)
    return found


def _said_by(tokens: Sequence[re.Match[str]], at: int) -> set[str]:
    """What a token says by itself: nothing where it is a number, glue, or the unit of a number."""
    word = canonical(tokens[at]["word"] or "")
    after = tokens[at - 1] if at else None
    is_unit = word in UNITS and after is not None and after["number"] and tokens[at].start() - after.end() < 2
    return set() if is_unit or not word else {word} - GLUE


def _occurs(name: str, place: str) -> bool:
    """Whether a name stands in a place as a whole: no letter, digit or underscore goes on where it ends."""
    return (
        name in place
        and re.search(rf"(?<!\w){re.escape(name)}(?!\w)" if name[0].isalnum() else re.escape(name), place) is not None
    )


def _readings(written: str) -> Iterator[Decimal]:
    """1,300 as a number with a comma, and as two numbers of a list."""
    for part in {written.replace(",", ""), *written.split(",")}:
        if (value := _decimal(part)) is not None:
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
