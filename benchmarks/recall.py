"""Which facts the texts of a method hold, and the shares that follow."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pager import TokenCounter

from .corpus import Corpus, Fact, Source
from .interval import Share, by_file, wilson
from .method import Method


@dataclass(frozen=True, slots=True)
class Verdict:
    """One fact against one text. `chance`: the same fact against another result's text, held by luck only."""

    fact: Fact
    text: str
    tokens: int
    held: bool
    chance: bool


@dataclass(frozen=True, slots=True)
class Recall:
    """The verdicts of one method at one budget."""

    method: str
    budget_tokens: int
    verdicts: tuple[Verdict, ...]
    most_tokens: int = field(default=0)

    def overall(self) -> Share:
        """All facts, with a bootstrap over files."""
        files: dict[str, list[bool]] = defaultdict(list)
        for verdict in self.verdicts:
            files[verdict.fact.path].append(verdict.held)
        return by_file(files)

    def chance(self) -> float:
        """The share of facts that the text of another result happens to hold."""
        return sum(v.chance for v in self.verdicts) / max(1, len(self.verdicts))

    def by(self, group: Callable[[Fact], str]) -> dict[str, Share]:
        """The shares of groups of facts, with Wilson's interval, in the order of the facts."""
        groups: dict[str, list[bool]] = defaultdict(list)
        for verdict in self.verdicts:
            groups[group(verdict.fact)].append(verdict.held)
        return {name: wilson(sum(held), len(held)) for name, held in groups.items()}


def measure(method: Method, corpus: Corpus, budget_tokens: int, counter: TokenCounter) -> Recall:
    """The verdict on every headline fact; a focused method is asked with each fact's question."""
    sources = {source.path: source for source in corpus.sources}
    texts: dict[tuple[str, str | None], str] = {}

    def text_for(fact: Fact) -> str:
        key = (fact.path, fact.question if method.focused else None)
        if key not in texts:
            texts[key] = method.summary(sources[fact.path], budget_tokens, key[1])
        return texts[key]

    facts = corpus.headline()
    held = [text_for(fact) for fact in facts]
    others = [_other(facts, held, number) for number in range(len(facts))]
    tokens = {text: counter.count(text) for text in set(held)}
    verdicts = tuple(
        Verdict(
            fact=fact,
            text=text,
            tokens=tokens[text],
            held=corpus.check.contained(fact.record, text),
            chance=corpus.check.contained(fact.record, other),
        )
        for fact, text, other in zip(facts, held, others, strict=True)
    )
    return Recall(method.name, budget_tokens, verdicts, max(tokens.values(), default=0))


def _other(facts: Sequence[Fact], texts: Sequence[str], number: int) -> str:
    """The text made for the nearest later fact of another file (the list taken as a ring)."""
    for step in range(1, len(facts)):
        later = (number + step) % len(facts)
        if facts[later].path != facts[number].path:
            return texts[later]
    return ""


def source_of(corpus: Corpus, fact: Fact) -> Source:
    """The result that a fact is about."""
    return next(source for source in corpus.sources if source.path == fact.path)
