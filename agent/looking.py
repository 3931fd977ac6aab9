"""Looking into results: the three verbs that need nothing but a pager and words."""

from dataclasses import dataclass
from functools import cache, partial

from pager import Node, Page, Pager
from summarizers import card, stated

from .exchange import Answer
from .words import Words

LEAST_ANSWER = 40  # tokens; where fewer remain, an answer says that it has no room
_BRANCHES = ("table", "mapping", "list", "array", "lazy", "text", "log", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Each verb answers in at most `allowance` tokens; `shown` are addresses whose card was seen."""

    pager: Pager
    words: Words
    page_tokens: int
    card_tokens: int
    allowance: int
    question: str | None = None
    shown: frozenset[str] = frozenset()

    def open(self, address: str) -> Answer:
        """Show what stands at an address.

        Args:
            address: r3, r3/layers[17], r3[120:140], or r3#2 for page 2
        """
        page = self.pager.open(address, limit_tokens=self.page_tokens)
        node = self.pager.node(address.partition("#")[0])
        if page.pages > 1 and "#" not in address and self._is_branch(node):
            return self._outline(node)
        return self._page(page, node)

    def find(self, address: str, pattern: str) -> Answer:
        """Search at an address for a regular expression, or for plain words such as a question."""
        if self.allowance < 2 * LEAST_ANSWER:
            return Answer(self.words.no_room(address), "failed")
        limit = min(self.page_tokens, self.allowance) - LEAST_ANSWER
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
        limit = min(self.page_tokens, self.allowance) - LEAST_ANSWER
        for within in (limit, limit // 2, limit // 4):
            text = self.words.rows(address, self.pager.query(address, sql, limit_tokens=max(within, 20)))
            if self._fits(text):
                return Answer(text, "view", address)
        return Answer(self.words.no_room(address), "failed")

    def _is_branch(self, node: Node) -> bool:
        """A part with parts of its own, whose card the model has not seen: that comes before its text."""
        return node.kind in _BRANCHES and node.address not in self.shown and "/" in node.address

    def _page(self, page: Page, node: Node) -> Answer:
        text = self.words.page(page)
        if self._fits(text):
            return Answer(text, "view", page.address)
        return self._outline(node)

    def _outline(self, node: Node) -> Answer:
        limit = min(self.card_tokens, self.allowance - LEAST_ANSWER)
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
