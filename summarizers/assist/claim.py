"""What a sentence claims, taken apart into clauses: amounts with their units and labels, names, and words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .lexicon import GLUE, NEGATIONS, NOUNS, ROLES, SAME, TO_THE_READER, UNITS, VAGUE, VERBS, WRITTEN

NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d{1,3})?"
_MEASURE = re.compile(rf"({NUMBER})(%|[^\W\d_]{{0,3}})")  # 41.2, 41.2ms, 12%, 3rd
_ITEM = re.compile(r"\"[^\"]{1,200}\"|“[^”]{1,200}”|`[^`]{1,200}`|(?<!\w)'[^']{1,200}'(?!\w)|\S+")
_WORD = re.compile(r"[^\W\d_]+")
_NOT = re.compile(r"n['’]t\b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_EDGES = ".,;:!?…()<>{}\"'`“”‘’*"
_QUOTES = "\"“”`'"


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as written, with what binds it to the words around it.

    `label` is the nearest telling word of its clause before it, else after it ("" where there is none), `of_name`
    whether that is part of a name; `noun` is the word right before an integer ("layer" of "layer 17", else "");
    `counted`: it counts rows, lines, items or the like.
    """

    written: str
    unit: str
    label: str
    of_name: bool
    noun: str
    counted: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A clause as something that one place must support, all of it; `denied` are the words it says no or not of."""

    amounts: tuple[Amount, ...]
    names: tuple[str, ...]
    words: frozenset[str]
    denied: frozenset[str]

    @property
    def is_bound(self) -> bool:
        """Whether there is something that its amounts are said of."""
        return bool(self.names) or any(amount.noun for amount in self.amounts)

    @property
    def affirmed(self) -> frozenset[str]:
        """The words that it says without a no."""
        return (self.words | {word for name in self.names for word in words_of(name)}) - self.denied


_NOBODY = Claim((), (), frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class _Item:
    """A word of a sentence; `kind` is name, number or word, `value` what is looked up."""

    kind: str
    value: str
    unit: str = ""


def claims_of(sentence: str, free: frozenset[str] = frozenset()) -> list[Claim]:
    """The clauses of a sentence, each with the subject of the one before unless it has a subject and a verb of its own.

    Words in `free` claim nothing. None at all where nothing in it can be checked, or something cannot be: a vague
    amount, digits that only look like digits, words to the reader.
    """
    if any(character.isnumeric() and not character.isascii() for character in sentence):
        return []
    clauses = _with_their_verb([clause for clause in _clauses(sentence, free) if clause])
    words = {word for clause in clauses for item in clause if item.kind == "word" for word in words_of(item.value)}
    if words & (VAGUE | TO_THE_READER) or not any(item.kind != "word" for clause in clauses for item in clause):
        return []
    claims: list[Claim] = []
    subject = _NOBODY
    for clause in clauses:
        own = _claim(clause)
        if not claims or _stands_alone(own, clause):
            subject = _subject(own)
        claims.append(_of_subject(own, subject))
    return claims


def words_of(text: str) -> list[str]:
    """Its words in lower case, camelCase and snake_case parted, plurals cut, words of one meaning as one."""
    return [canonical(word) for word in _WORD.findall(_CAMEL.sub(" ", text))]


def canonical(word: str) -> str:
    """One form of a word: highest is max, seconds are s.

    >>> [canonical(word) for word in ("Highest", "layers", "loss")]
    ['max', 'layer', 'loss']
    """
    word = word.lower()
    stem = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    return SAME.get(word, SAME.get(stem, stem))


def _clauses(sentence: str, free: frozenset[str]) -> Iterator[list[_Item]]:
    clause: list[_Item] = []
    for word in _ITEM.findall(sentence):
        if word.lower() in ("and", "but", "while", "whereas"):
            yield clause
            clause = []
            continue
        item = _item(word)
        if item is not None and not (item.kind == "word" and free.issuperset(words_of(item.value))):
            clause.append(item)
        if word.endswith((",", ";")):
            yield clause
            clause = []
    yield clause


def _with_their_verb(clauses: Sequence[list[_Item]]) -> list[list[_Item]]:
    """The clauses, those before the first verb as part of the one that has it: what it says, it says of all of them."""
    first = next((at for at, clause in enumerate(clauses) if _has_verb(clause)), len(clauses) - 1)
    return [[item for clause in clauses[: first + 1] for item in clause], *clauses[first + 1 :]] if clauses else []


def _has_verb(clause: Sequence[_Item]) -> bool:
    return any(not VERBS.isdisjoint(words_of(item.value)) for item in clause if item.kind == "word")


def _item(word: str) -> _Item | None:
    bare = word.strip(_EDGES).removesuffix("'s").removesuffix("’s")
    if not bare:
        return None
    if word[0] in _QUOTES and word.rstrip(".,;:!?…")[-1] in _QUOTES and len(word) > 2:
        return _Item("name", " ".join(bare.split())) if bare.strip() else None
    if bare.lower() in WRITTEN:
        return _Item("number", WRITTEN[bare.lower()])
    if measure := _MEASURE.fullmatch(bare):
        return _Item("number", measure[1].replace(",", ""), canonical(measure[2]))
    return _Item("name" if _is_identifier(bare) else "word", bare)


def _is_identifier(word: str) -> bool:
    if len(word) < 2:
        return False
    spelled = any(character.isdigit() or character in "_./[]\\@#=" for character in word)
    capitals = word.isupper() and word.isalpha()
    return spelled or capitals or re.search(r"[a-z][A-Z]|[A-Z]{2}[a-z]", word) is not None


def _claim(clause: Sequence[_Item]) -> Claim:
    units = {at for at, item in enumerate(clause) if _is_unit(clause, at)}
    telling = [item.value for at, item in enumerate(clause) if item.kind == "word" and at not in units]
    words = words_of(_NOT.sub(" not", " ".join(telling)))
    said = " ".join(item.value.lower() for item in clause)
    return Claim(
        amounts=tuple(_amount(clause, at) for at, item in enumerate(clause) if item.kind == "number"),
        names=tuple(dict.fromkeys(item.value for item in clause if item.kind == "name")),
        words=frozenset(words) - GLUE - NEGATIONS,
        denied=denied(said),
    )


def denied(text: str) -> frozenset[str]:
    """The word that comes after each no, not, never or the like; "" where none does.

    >>> sorted(denied("no answer, and it isn't retried"))
    ['answer', 'retried']
    """
    words = iter(words_of(_NOT.sub(" not ", text)))
    return frozenset(next((word for word in words if word not in GLUE), "") for word in words if word in NEGATIONS)


def _is_unit(clause: Sequence[_Item], at: int) -> bool:
    """Whether an item is the unit of the number before it."""
    before = clause[at - 1] if at else None
    is_word = clause[at].kind == "word" and canonical(clause[at].value) in UNITS
    return is_word and before is not None and before.kind == "number" and not before.unit


def _amount(clause: Sequence[_Item], at: int) -> Amount:
    item = clause[at]
    unit = item.unit or (canonical(clause[at + 1].value) if at + 1 < len(clause) and _is_unit(clause, at + 1) else "")
    before = list(_telling(clause, range(at)))
    label, of_name = before[-1] if before else next(_telling(clause, range(at + 1, len(clause))), ("", False))
    previous = clause[at - 1] if at else None
    is_called = previous is not None and previous.kind == "word" and item.value.isdigit() and not unit
    noun = (words_of(previous.value) or [""])[-1] if previous is not None and is_called else ""
    noun = "" if noun in ROLES | (GLUE - NOUNS) else noun
    return Amount(item.value, unit, label, of_name, noun, counted=_is_counted(clause, at))


def _is_counted(clause: Sequence[_Item], at: int) -> bool:
    """Whether the word after a number, or before it, is what anything that has an index is called."""
    beside = [clause[place] for place in (at - 1, at + 1) if 0 <= place < len(clause)]
    return any(item.kind == "word" and not NOUNS.isdisjoint(words_of(item.value)) for item in beside)


def _telling(clause: Sequence[_Item], where: range) -> Iterator[tuple[str, bool]]:
    """The words of a clause that say something, and whether each is part of a name; units are none."""
    for at in where:
        item = clause[at]
        if item.kind != "number" and not _is_unit(clause, at):
            for word in words_of(item.value):
                if item.kind == "name" or word not in GLUE | NEGATIONS:
                    yield word, item.kind == "name"


def _stands_alone(claim: Claim, clause: Sequence[_Item]) -> bool:
    subject = _subject(claim)
    return bool(subject.names or subject.amounts) and _has_verb(clause)


def _subject(claim: Claim) -> Claim:
    """What a clause speaks of: its names, else what it calls by a number."""
    called = () if claim.names else tuple(amount for amount in claim.amounts if amount.noun)
    return Claim(called[:1], claim.names, frozenset(), frozenset())


def _of_subject(claim: Claim, subject: Claim) -> Claim:
    amounts, names = dict.fromkeys(subject.amounts + claim.amounts), dict.fromkeys(subject.names + claim.names)
    return replace(claim, amounts=tuple(amounts), names=tuple(names))
