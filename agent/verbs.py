"""The five tools every model gets: to look into results, and to keep what was found."""

import re
from dataclasses import dataclass
from functools import cache, partial

from pager import Node, Page, Pager, UnknownAddress
from summarizers import card, stated

from .ceiling import Budget
from .chat import ToolSpec
from .exchange import Answer
from .notebook import Notebook
from .tools import Toolbox, tool
from .words import Words

VERBS = ("open", "find", "query", "record_observation", "query_memory")
LEAST_ANSWER = 40  # tokens; where fewer remain, an answer says that it has no room
LEAST_WORDS = 3  # of a finding: fewer name a thing and state nothing of it
_BRANCHES = ("table", "mapping", "list", "array", "lazy", "text", "log", "code")


@dataclass(frozen=True, slots=True)
class Finding:
    """What `record_observation` was given; the loop writes it down."""

    finding: str
    evidence: tuple[str, ...]
    unknown: tuple[str, ...]
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verbs:
    """The verbs, each answering in at most `allowance` tokens; `shown` are addresses the model has seen the card of."""

    pager: Pager
    notebook: Notebook
    words: Words
    budget: Budget
    question: str
    allowance: int
    shown: frozenset[str] = frozenset()

    def open(self, address: str) -> Answer:
        """Show what stands at an address.

        Args:
            address: r3, r3/layers[17], r3[120:140], or r3#2 for page 2
        """
        page = self.pager.open(address, limit_tokens=self.budget.page)
        node = self.pager.node(address.partition("#")[0])
        if page.pages > 1 and "#" not in address and self._is_branch(node):
            return self._outline(node)
        return self._page(page, node)

    def find(self, address: str, pattern: str) -> Answer:
        """Search at an address for a regular expression, or for plain words such as a question."""
        if self.allowance < 2 * LEAST_ANSWER:
            return Answer(self.words.no_room(address), "failed")
        limit = min(self.budget.page, self.allowance) - LEAST_ANSWER
        known = cache(partial(stated, self.pager.node(address)))
        for within in (limit, limit // 2, limit // 4):
            found = self.pager.find(address, pattern, limit_tokens=max(within, 20), statements=known)
            text = self.words.matches(address, pattern, found)
            if self._fits(text):
                return Answer(text, "view", address)
        return Answer(self.words.no_room(address), "failed")

    def query(self, address: str, sql: str) -> Answer:
        """Run one SELECT on the table at an address; its name is t."""
        if self.allowance < 2 * LEAST_ANSWER:
            return Answer(self.words.no_room(address), "failed")
        limit = min(self.budget.page, self.allowance) - LEAST_ANSWER
        for within in (limit, limit // 2, limit // 4):
            text = self.words.rows(address, self.pager.query(address, sql, limit_tokens=max(within, 20)))
            if self._fits(text):
                return Answer(text, "view", address)
        return Answer(self.words.no_room(address), "failed")

    def record_observation(self, finding: str, evidence: str = "") -> Finding:
        """Save one finding: a value and its place.

        Args:
            evidence: the address it rests on
        """
        if len(finding.split()) < LEAST_WORDS:
            raise ValueError(f"{finding.strip()[:40]!r} states nothing; say what was found, its value and its place")
        known: list[str] = []
        unknown: list[str] = []
        near: list[str] = []
        for address in filter(None, re.split(r"[,;\s]+", evidence)):
            try:
                known.append(self.pager.node(address.partition("#")[0]).address)
            except UnknownAddress as error:
                unknown.append(address)
                near.extend(error.nearest)
        return Finding(finding.strip(), tuple(known), tuple(unknown), tuple(near))

    def query_memory(self, query: str) -> Answer:
        """Search saved findings by words."""
        limit = min(self.budget.page, self.allowance)
        return Answer(self.words.recalled(self.notebook.recall(query), limit_tokens=limit), "note")

    def toolbox(self) -> Toolbox:
        """The verbs as tools."""
        return Toolbox(tool(getattr(self, name)) for name in VERBS)

    def _is_branch(self, node: Node) -> bool:
        """A part with parts of its own, whose card the model has not seen: that comes before its text."""
        return node.kind in _BRANCHES and node.address not in self.shown and "/" in node.address

    def _page(self, page: Page, node: Node) -> Answer:
        text = self.words.page(page)
        if self._fits(text):
            return Answer(text, "view", page.address)
        return self._outline(node)

    def _outline(self, node: Node) -> Answer:
        limit = min(self.budget.card, self.allowance - LEAST_ANSWER)
        if limit < LEAST_ANSWER:
            return Answer(self.words.no_room(node.address), "failed")
        made = card(
            node,
            limit_tokens=limit,
            focus=self.question,
            counter=self.words.counter,
            templates=self.words.templates,
        )
        return Answer(self.words.branch(made.text, node.address), "view", node.address)

    def _fits(self, text: str) -> bool:
        return self.words.counter.count(text) <= self.allowance


def verb_specs() -> tuple[ToolSpec, ...]:
    """The five schemas."""
    return tuple(tool(getattr(Verbs, name)).spec for name in VERBS)
