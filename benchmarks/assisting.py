"""The part of models in the quality benchmark: their say in summaries, and what they read out of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from summarizers import NotWritten

from .baselines import baselines
from .corpus import Corpus
from .method import Method, Plain
from .ours import Ours, OursWithModel, Shelf
from .progress import Tick
from .reader import ANSWER_TOKENS, read, sample, shares
from .replies import Replies, RepliesMissing, Source, sources, tidy

Fields = dict[str, object]
READER_FACTS = 30  # a generation of half a billion weights takes seconds without an accelerator
READER_BUDGET = 150
_READ = ("toolpager", "head", "head+tail")


@dataclass(slots=True)
class Assistance:
    """The models that take part, by name or by their kept replies; `skipped` says which could not, and why."""

    file: Path
    models: list[Source]
    skipped: dict[str, str] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, named: Sequence[str], file: Path) -> "Assistance":
        """The models asked for and those with replies in the file."""
        return cls(file, sources(named, file))

    def steps(self, corpus: Corpus) -> int:
        """How often the models are ticked off, rows of the table apart."""
        return len(self.models) * (len(corpus.sources) + len(_READ) * min(READER_FACTS, len(corpus.facts)))

    def methods(self, shelf: Shelf, corpus: Corpus, tick: Tick) -> Iterator[OursWithModel]:
        """Ours with each model's say, every result asked about once; a model without its replies is left out."""
        for source in self.models:
            method = OursWithModel(shelf, source.writer(), Replies(self.file, source.name))
            if self._can(method.name, partial(_warm, method, corpus, tick), method.replies):
                yield method

    def readers(self, shelf: Shelf, corpus: Corpus, tick: Tick) -> dict[str, Fields]:
        """For each model what it answers right from ours, from the head, and from head and tail."""
        found: dict[str, Fields] = {}
        for source in self.models:
            replies = Replies(self.file, source.name)

            def work(source: Source = source, replies: Replies = replies) -> None:
                found[source.name] = _read(source, replies, shelf, corpus, tick)

            self._can(f"reader {source.name}", work, replies)
        return found

    def tidy(self) -> None:
        """Forget replies that no prompt of this run asked for."""
        tidy(self.file, self._used)

    def _can(self, name: str, work: Callable[[], None], replies: Replies) -> bool:
        try:
            work()
        except (RepliesMissing, NotWritten) as missing:
            self.skipped[name] = str(missing)
            return False
        finally:
            self._used |= replies.used
        return True


def _warm(method: OursWithModel, corpus: Corpus, tick: Tick) -> None:
    for source in corpus.sources:
        tick(f"{method.writer.name} on {source.path}")
        method.summary(source, READER_BUDGET, None)
    method.said.clear()


def _read(source: Source, replies: Replies, shelf: Shelf, corpus: Corpus, tick: Tick) -> Fields:
    functions, _ = baselines()
    methods: list[Method] = [Ours(shelf), *(Plain(name, functions[name], shelf.pager.counter) for name in _READ[1:])]
    write = source.writer().write

    def ask(prompt: str) -> str:
        tick(f"{source.name} reads")
        return replies.ask(write, "reader", prompt, ANSWER_TOKENS)

    answers = read(ask, corpus, sample(corpus, READER_FACTS), methods, budget_tokens=READER_BUDGET)
    return {
        "questions": len(answers) // len(methods),
        "budget": READER_BUDGET,
        "right": {name: share.as_json() for name, share in shares(answers).items()},
    }
