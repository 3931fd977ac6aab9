"""The reader test: a model answers the facts' questions from a summary, and from the result cut to as many tokens.

It also decides facts that containment cannot (small counts, yes or no). Sampled evenly over files with a seed; greedy
decoding; an answer is right when the corpus's own `match` says so. Both texts come in the same words around them.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .corpus import Corpus, Fact
from .interval import Share, by_file
from .method import Method
from .recall import source_of

ANSWER_TOKENS = 16
Ask = Callable[[str], str]
_ASK = (
    "This is what is known of a tool's result:\n\n{text}\n\nQuestion: {question}\n"
    "Answer from the text above with the value alone, or say unknown."
)


@dataclass(frozen=True, slots=True)
class Answered:
    """One question, asked of one text."""

    fact: Fact
    method: str
    answer: str
    right: bool


def sample(corpus: Corpus, size: int, *, seed: int = 0) -> tuple[Fact, ...]:
    """That many gist facts, dealt out over the files in turn, the same for a seed; file by file."""
    dice = random.Random(seed)
    piles: dict[str, list[Fact]] = {}
    for fact in corpus.facts:
        if fact.tier == "gist":
            piles.setdefault(fact.path, []).append(fact)
    for pile in piles.values():
        dice.shuffle(pile)
    order = dice.sample(sorted(piles), len(piles))
    turns = max(map(len, piles.values()), default=0)
    dealt = [piles[path][turn] for turn in range(turns) for path in order if turn < len(piles[path])]
    return tuple(sorted(dealt[:size], key=lambda fact: (fact.path, fact.id)))


def read(
    ask: Ask, corpus: Corpus, facts: Sequence[Fact], methods: Sequence[Method], *, budget_tokens: int = 150
) -> list[Answered]:
    """Every fact asked of every method's text of at most `budget_tokens`; `ask` sends a prompt to the reader.

    Questions on one text follow each other, and the text comes first, so that a model which keeps its cache reads it
    once.
    """
    return [
        _asked(ask, corpus, fact, method.name, method.summary(source_of(corpus, fact), budget_tokens, None))
        for method in methods
        for fact in facts
    ]


def shares(answers: Sequence[Answered]) -> dict[str, Share]:
    """The share of right answers by method, with a bootstrap over files."""
    outcomes: dict[str, dict[str, list[bool]]] = {}
    for answered in answers:
        outcomes.setdefault(answered.method, {}).setdefault(answered.fact.path, []).append(answered.right)
    return {method: by_file(files) for method, files in outcomes.items()}


def _asked(ask: Ask, corpus: Corpus, fact: Fact, method: str, text: str) -> Answered:
    answer = next(iter(ask(_ASK.format(text=text, question=fact.question)).strip().splitlines()), "")
    return Answered(fact, method, answer, corpus.check.match(fact.record, answer))
