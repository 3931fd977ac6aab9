"""Looking into results: the three verbs that need nothing but a pager and templates."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from pager import Node, Page, Pager

from .answers import clipped, matches_text, page_text, rows_text
from .card import card
from .stated import stated
from .templating import Templates

LEAST_ANSWER = 40  # tokens; where fewer remain, an answer says that it has no room
_BRANCHES = ("table", "mapping", "list", "array", "lazy", "text", "log", "code")


@dataclass(frozen=True, slots=True)
class Look:
    """What a verb answers, and the address that it shows; None where the answer is that there is no room.

    `whole` says that the text holds all of what stands at that address.
    """

    text: str
    address: str | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Each verb answers in at most `allowance` tokens of the pager's counter, of which a page has `page_tokens`.

    A part too long for one page is shown by its card first, unless it is among the addresses `shown`. Raises
    PagerError for what cannot be opened, searched or queried.
    """

    pager: Pager
    templates: Templates
    page_tokens: int
    card_tokens: int
    allowance: int
    question: str | None = None
    shown: frozenset[str] = frozenset()

    def open(self, address: str) -> Look:
        """Show what stands at an address.

        Args:
            address: r3, r3/layers[17], r3[120:140], or r3#2 for page 2
        """
        page = self.pager.open(address, limit_tokens=self.page_tokens)
        node = self.pager.node(address)
        if page.pages > 1 and "#" not in address and self._is_branch(node):
            return self._outline(node)
        return self._page(page, node)

    def find(self, address: str, pattern: str) -> Look:
        """Search at an address for a regular expression, or for plain words such as a question."""
        known = cache(partial(stated, self.pager.node(address)))

        def found(limit: int) -> str:
            matches = self.pager.find(address, pattern, limit_tokens=limit, statements=known)
            return matches_text(address, pattern, matches, self.templates, self.pager.counter)

        return self._fitting(address, found)

    def query(self, address: str, sql: str) -> Look:
        """Run one SELECT on the table at an address; its name is t."""
        return self._fitting(
            address,
            lambda limit: rows_text(address, self.pager.query(address, sql, limit_tokens=limit), self.templates),
        )

    def _fitting(self, address: str, answer: Callable[[int], str]) -> Look:
        """The answer, frame included, with ever less in it until it fits."""
        if self.allowance < 2 * LEAST_ANSWER:
            return self._no_room(address)
        limit = min(self.page_tokens, self.allowance) - LEAST_ANSWER
        for within in (limit, limit // 2, limit // 4):
            if self._fits(text := answer(max(within, 20))):
                return Look(text, address)
        return self._no_room(address)

    def _is_branch(self, node: Node) -> bool:
        """A part with parts of its own, whose card the model has not seen: that comes before its text."""
        return node.kind in _BRANCHES and node.address not in self.shown and "/" in node.address

    def _page(self, page: Page, node: Node) -> Look:
        text = page_text(page, self.templates)
        return Look(text, page.address, page.pages == 1) if self._fits(text) else self._outline(node)

    def _outline(self, node: Node) -> Look:
        limit, counter = min(self.card_tokens, self.allowance - LEAST_ANSWER), self.pager.counter
        if limit < LEAST_ANSWER:
            return self._no_room(node.address)
        made = card(node, limit_tokens=limit, focus=self.question, counter=counter, templates=self.templates)
        return Look(self.templates.render("branch", card=made.text, address=node.address), node.address)

    def _no_room(self, address: str) -> Look:
        return Look(self.templates.render("no_room", address=clipped(address, 30, self.pager.counter)))

    def _fits(self, text: str) -> bool:
        return self.pager.counter.count(text) <= self.allowance
