"""toolpager's own summaries as a method: a result is put once, as the bytes a tool returned, and has no name."""

from collections import Counter

from agent import ModelWriter
from pager import Node, Pager, TokenCounter
from summarizers import Templates, summarize, summarize_with

from .corpus import Source
from .replies import Replies


class Shelf:
    """Every result of the corpus in one pager, by its path; summaries are computed again at each asking."""

    def __init__(self, counter: TokenCounter) -> None:
        self.pager = Pager(counter=counter)
        self._ids: dict[str, str] = {}
        self.templates = Templates()

    def node(self, source: Source) -> Node:
        """The root of a result, stored at the first asking."""
        if source.path not in self._ids:
            self._ids[source.path] = self.pager.put(source.data).id
        return self.pager.node(self._ids[source.path])


class Ours:
    """The heuristic summary; with `focused`, the fact's question is the focus."""

    def __init__(self, shelf: Shelf, *, focused: bool = False) -> None:
        self.shelf = shelf
        self.focused = focused
        self.name = "toolpager, focused" if focused else "toolpager"

    def summary(self, source: Source, budget_tokens: int, focus: str | None) -> str:
        """The summary's text."""
        made = summarize(
            self.shelf.node(source),
            budget_tokens=budget_tokens,
            focus=focus if self.focused else None,
            counter=self.shelf.pager.counter,
            templates=self.shelf.templates,
        )
        return made.text


class OursWithModel:
    """The summary in which a model has its say; `said` counts by budget what came of it, the notes word for word."""

    focused = False

    def __init__(self, shelf: Shelf, writer: ModelWriter, replies: Replies) -> None:
        self.shelf = shelf
        self.writer = writer
        self.replies = replies
        self.name = f"toolpager + {writer.name}"
        self.said: dict[int, Counter[str]] = {}

    def summary(self, source: Source, budget_tokens: int, focus: str | None) -> str:
        """The summary's text."""
        made = summarize_with(
            self.writer,
            self.shelf.node(source),
            budget_tokens=budget_tokens,
            counter=self.shelf.pager.counter,
            memory=self.replies,
            templates=self.shelf.templates,
        )
        words = "in words" if "\nin words: " in made.text else "another order"
        told = (made.note or "").replace(self.writer.name, "it")
        self.said.setdefault(budget_tokens, Counter())[words if made.by == "model" else told] += 1
        return made.text
