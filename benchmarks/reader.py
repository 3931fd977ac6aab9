"""The reader test: a model answers the facts' questions from a summary, and from the result cut to as many tokens.

It also decides facts that containment cannot (small counts, yes or no). Sampled evenly over files with a seed; greedy
decoding; an answer is right when the corpus's own `match` says so. Both texts come in the same words around them.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from agent import Choice, Message, Model

from .baselines import baselines
from .corpus import Corpus, Fact
from .interval import Share, by_file
from .method import Method, Plain
from .ours import Ours, Shelf
from .recall import source_of

ANSWER_TOKENS = 40
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
    """That many gist facts, dealt out over the files in turn, the same for a seed."""
    dice = random.Random(seed)
    piles: dict[str, list[Fact]] = {}
    for fact in corpus.facts:
        if fact.tier == "gist":
            piles.setdefault(fact.path, []).append(fact)
    for pile in piles.values():
        dice.shuffle(pile)
    turns = max(map(len, piles.values()), default=0)
    dealt = [pile[turn] for turn in range(turns) for pile in piles.values() if turn < len(pile)]
    return tuple(dealt[:size])


def read(
    model: Model, corpus: Corpus, facts: Sequence[Fact], shelf: Shelf, *, budget_tokens: int = 150, seed: int = 0
) -> list[Answered]:
    """Every fact asked of toolpager's summary, of the head, and of head and tail, each within `budget_tokens`."""
    functions, _ = baselines()
    cuts = [Plain(name, functions[name], shelf.pager.counter) for name in ("head", "head+tail")]
    methods: list[Method] = [Ours(shelf), *cuts]
    return [_asked(model, corpus, fact, method, budget_tokens, seed) for method in methods for fact in facts]


def shares(answers: Sequence[Answered]) -> dict[str, Share]:
    """The share of right answers by method, with a bootstrap over files."""
    outcomes: dict[str, dict[str, list[bool]]] = {}
    for answered in answers:
        outcomes.setdefault(answered.method, {}).setdefault(answered.fact.path, []).append(answered.right)
    return {method: by_file(files) for method, files in outcomes.items()}


def _asked(model: Model, corpus: Corpus, fact: Fact, method: Method, budget_tokens: int, seed: int) -> Answered:
    text = method.summary(source_of(corpus, fact), budget_tokens, None)
    prompt = model.prompt([Message(role="user", content=_ASK.format(text=text, question=fact.question))], ())
    reply = model.generate(prompt, max_new_tokens=ANSWER_TOKENS, choice=Choice(tools=(), text=True), seed=seed)
    answer = reply.content.strip().split("\n")[0]
    return Answered(fact, method.name, answer, corpus.check.match(fact.record, answer))
