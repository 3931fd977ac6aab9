"""What an agent of any framework sees of a pager: results as text it can afford, and three verbs to look further."""

import hashlib
import re
from collections.abc import Callable, Mapping

from pager import Call, Node, Pager, PagerError

from .card import card
from .looking import LEAST_ANSWER, Look, Looking
from .summary import SMALLEST_BUDGET
from .templating import Templates, neutralise

Verb = Callable[..., str]
VERBS = ("open", "find", "query")
_FRAME = re.compile(r"\[(r\d+[^\s:,;\]]*)[:,;]")
_FRAME_TOKENS = LEAST_ANSWER + 20  # of the lines around a page
_CARDS_KNOWN = 4096  # of this process, the newest; an older one is made again to be known
_CHARACTERS_PER_TOKEN = 24  # more than a token of ordinary text has: what is longer is over the limit uncounted


class Views:
    """A pager's results as the text that stands in a prompt; the `open`, `find` and `query` that such text names.

    A result of at most `limit_tokens` is told as it is, a longer one by its card of at most `card_tokens`; what a verb
    answers has at most `page_tokens`. All are tokens of the pager's counter. Raises ValueError for limits too small to
    say anything in.
    """

    def __init__(
        self,
        pager: Pager,
        *,
        limit_tokens: int = 400,
        card_tokens: int = 260,
        page_tokens: int = 800,
        templates: Templates | None = None,
    ) -> None:
        least = {"limit_tokens": (limit_tokens, 0), "card_tokens": (card_tokens, SMALLEST_BUDGET)}
        for name, (given, smallest) in (least | {"page_tokens": (page_tokens, 2 * _FRAME_TOKENS)}).items():
            if given < smallest:
                raise ValueError(f"{name}={given} is too small to say anything in; give {smallest} or more")
        self.pager = pager
        self.templates = templates or Templates()
        self.limit_tokens = limit_tokens
        self._card_tokens = card_tokens
        self._cards: dict[bytes, str] = {}
        self._looking = Looking(
            pager=pager,
            templates=self.templates,
            page_tokens=page_tokens - _FRAME_TOKENS,
            card_tokens=card_tokens,
            allowance=page_tokens,
        )

    def shown(self, value: object, *, tool: str, arguments: Mapping[str, object] | None = None) -> str:
        """What an agent is told of a tool's result: the result, or its card once the whole is in the store.

        `tool` and `arguments` (JSON values) are the call that the result answers. Raises PagerError where the store
        cannot keep it.
        """
        if isinstance(value, str) and self._is_short(value):
            return neutralise(value)
        result = self.pager.put(value, name=tool, call=Call(tool, dict(arguments or {})))
        node = self.pager.node(result.id)
        if not isinstance(value, str | bytes) and (node.size_bytes or 0) <= self.limit_tokens * _CHARACTERS_PER_TOKEN:
            text = node.text() if node.kind != "lazy" else None
            if text is not None and self._is_short(text):
                return neutralise(text)
        text = self._card(node)
        self._cards[_digest(text)] = node.address
        if len(self._cards) > _CARDS_KNOWN:
            del self._cards[next(iter(self._cards))]
        return text

    def result_told(self, text: str) -> str | None:
        """The id of the result whose card this text is, to the letter; None for any other text, however it begins."""
        if (known := self._cards.get(_digest(text))) is not None:
            return known
        address = self.address_in(text)  # of an earlier process, perhaps
        return address if address is not None and self._card(self.pager.node(address)) == text else None

    def address_in(self, text: str) -> str | None:
        """The address that a text stands for, where it is a card, page, summary or stub of this pager; else None."""
        framed = _FRAME.match(text)
        if framed is None:
            return None
        try:
            return self.pager.node(framed[1]).address
        except PagerError:
            return None

    def open(self, address: str) -> str:
        """Show what stands at an address of a stored result.

        Args:
            address: r3, r3/layers[17], r3[120:140], or r3#2 for page 2
        """
        return self._answered(lambda: self._looking.open(address))

    def find(self, address: str, pattern: str) -> str:
        """Search a stored result, from an address on, for a regular expression, or for plain words such as a question.

        Args:
            address: where to search, such as r3
            pattern: the expression or the words
        """
        return self._answered(lambda: self._looking.find(address, pattern))

    def query(self, address: str, sql: str) -> str:
        """Run one SELECT on the table at an address of a stored result; the table's name is t.

        Args:
            address: a table, such as r3
            sql: the SELECT statement
        """
        return self._answered(lambda: self._looking.query(address, sql))

    @property
    def verbs(self) -> tuple[Verb, Verb, Verb]:
        """`open`, `find` and `query`, for a framework that makes tools of functions."""
        return self.open, self.find, self.query

    def _card(self, node: Node) -> str:
        made = card(node, limit_tokens=self._card_tokens, counter=self.pager.counter, templates=self.templates)
        return made.text

    def _answered(self, look: Callable[[], Look]) -> str:
        """What a verb answers; what cannot be answered is a sentence that says what can."""
        try:
            return look().text
        except PagerError as error:
            return neutralise(str(error))

    def _is_short(self, text: str) -> bool:
        if len(text) > self.limit_tokens * _CHARACTERS_PER_TOKEN:
            return False
        return self.pager.counter.count(text) <= self.limit_tokens


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
