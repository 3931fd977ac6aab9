"""How much a text is about a focus (a goal, a question): BM25 over short texts."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from pager import Phrase

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_K1, _B = 1.2, 0.6
_ENOUGH = 2.5  # words' worth of a focus that a text need not exceed
_STOP_WORDS = frozenset(
    (
        *(
            "a",
            "an",
            "and",
            "any",
            "all",
            "are",
            "as",
            "at",
            "be",
            "been",
            "by",
            "can",
            "could",
            "did",
            "do",
            "does",
            "for",
        ),
        *("from", "had", "has", "have", "how", "i", "if", "in", "is", "it", "its", "me", "my", "of", "on", "or", "our"),
        *("so", "than", "that", "the", "their", "them", "there", "these", "they", "this", "to", "was", "we", "were"),
        *("what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your", "should", "out"),
        *("find", "show", "tell", "give", "list"),
    )
)


def terms_of(text: str) -> list[str]:
    """Lower-case words and numbers, camelCase and snake_case parted, plurals cut, without function words."""
    return list(chain.from_iterable(map(_terms, _WORD.findall(text))))


@lru_cache(maxsize=1 << 14)
def _terms(word: str) -> tuple[str, ...]:
    parted = _HUMP.sub(" ", word)
    return tuple(_stem(part) for part in _WORD.findall(parted.lower()) if part not in _STOP_WORDS)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def relevance(focus: str | None, texts: Sequence[str]) -> list[float]:
    """For each text its BM25 score against the focus, 0 (nothing in common) to 1 (the best of them).

    Okapi BM25 with k1 = 1.2, b = 0.6 (Robertson and Zaragoza 2009).
    """
    query = set(terms_of(focus or ""))
    if not query or not texts:
        return [0.0] * len(texts)
    bags = [Counter(terms_of(text)) for text in texts]
    mean = sum(map(len, bags)) / len(bags) or 1.0
    containing = Counter(term for bag in bags for term in query & bag.keys())
    weight = {term: math.log(1 + (len(bags) - n + 0.5) / (n + 0.5)) for term, n in containing.items()}
    scores = [_score(bag, weight, mean) for bag in bags]
    best = max(scores)
    return [score / best if best else 0.0 for score in scores]


def answering(focus: str, texts: Sequence[str]) -> list[float]:
    """For each text how much of the focus it answers: the terms it has, weighed by how rare they are among all.

    Unlike `relevance` nothing is scaled to the best of them: where none is about the focus, all are near 0. From 1 on a
    text answers as much as a question of a few words holds, however long the focus is.
    """
    phrase = Phrase(focus)
    held = [phrase.bits(text) for text in texts]
    weights = [
        _weight(term.weight, sum(bits >> n & 1 for bits in held), len(texts)) for n, term in enumerate(phrase.terms)
    ]
    asked = min(_ENOUGH, sum(weight for weight, term in zip(weights, phrase.terms, strict=True) if term.text))
    if not asked:
        return [0.0] * len(texts)
    return [sum(w for n, w in enumerate(weights) if bits >> n & 1) / asked for bits in held]


def _weight(weight: float, count: int, total: int) -> float:
    """A term's weight, less where many texts have it: all of it where at most one does."""
    return weight * min(1.0, math.log(1 + (total - count + 0.5) / (count + 0.5)) / math.log(1 + (total - 0.5) / 1.5))


def mentions(focus: str, texts: Sequence[str]) -> list[int]:
    """Indices of the texts that hold any term of the focus: a quick sieve before `relevance`."""
    terms = sorted({re.escape(term) for term in terms_of(focus)})
    if not terms:
        return []
    sieve = re.compile("|".join(terms), re.IGNORECASE)
    return [index for index, text in enumerate(texts) if sieve.search(text)]


def _score(bag: Counter[str], weight: dict[str, float], mean: float) -> float:
    norm = _K1 * (1 - _B + _B * len(bag) / mean)
    return sum(w * bag[term] * (_K1 + 1) / (bag[term] + norm) for term, w in weight.items() if term in bag)
