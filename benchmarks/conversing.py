"""A session that agents of every framework go through: read a real result, ask one thing of it, go on to the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pager import TokenCounter

from .corpus import Corpus, Fact, Source

TASK = "Read each of the results, one after the other, and note what is asked of it."
SMALLEST, LARGEST = 1_000, 20_000


@dataclass(frozen=True, slots=True)
class Step:
    """A result that is read, and the question that it is read for."""

    source: Source
    fact: Fact

    @property
    def file(self) -> str:
        """Its place below the folder that the agent works in."""
        return f"files/{Path(self.source.path).name}"

    @property
    def question(self) -> str:
        """As the corpus asks it."""
        return self.fact.question


def steps(corpus: Corpus, counter: TokenCounter, *, least: int = SMALLEST, most: int = LARGEST) -> list[Step]:
    """The results of `least` to `most` tokens in UTF-8, each with the last detail that stands in it."""
    read = {source.path: source.text for source in corpus.sources}
    asked = {fact.path: fact for fact in corpus.detail() if corpus.check.contained(fact.record, read[fact.path])}
    return [
        Step(source, asked[source.path])
        for source in corpus.sources
        if source.path in asked and source.data == source.text.encode() and least <= counter.count(source.text) <= most
    ]


def write_files(of: Sequence[Step], folder: Path) -> None:
    """Each step's result as a file in `folder`/files."""
    for step in of:
        path = folder / step.file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(step.source.data)


def texts(messages: list[dict[str, object]]) -> Iterator[str]:
    """What a model reads of messages in the form of chat completions, less the calls."""
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            yield content
        elif isinstance(content, list):
            yield from (str(part.get("text", "")) for part in content if isinstance(part, dict))
