"""Reach: the calls and tokens that it takes to get a fact which the summary does not hold.

The rule is fixed and blind: it sees the question and what came back, never the answer; the harness looks whether the
answer stands in what came back so far, and stops the rule there. Each call answers within 250 tokens, and costs what
it answers. The rule:

1. Find the question, as it stands, in the result.
2. Open what that answer names first; of a line, from 3 lines before it to 12 after.

Opening a part that has parts and is longer than a page answers with its card, the question as focus; else its page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pager import Node, Pager
from summarizers import card, stated

from .corpus import Corpus, Fact
from .interval import Share, by_file
from .method import Method
from .ours import Shelf
from .recall import source_of

CALL_TOKENS = 250
MOST_CALLS = 2
GOAL_CALLS = 2
GOAL_TOKENS = 500


@dataclass(frozen=True, slots=True)
class Reached:
    """How a fact was got: 0 calls when the summary held it; `reached` is false when the calls ran out."""

    fact: Fact
    calls: int
    tokens: int
    reached: bool

    @property
    def in_goal(self) -> bool:
        """Within 2 calls and 500 tokens."""
        return self.reached and self.calls <= GOAL_CALLS and self.tokens <= GOAL_TOKENS


def reach(method: Method, corpus: Corpus, shelf: Shelf, *, budget_tokens: int = 150) -> tuple[Reached, ...]:
    """For every detail fact, what it took after the summary of `budget_tokens`."""
    return tuple(_reach(fact, method, corpus, shelf, budget_tokens) for fact in corpus.detail())


def share_in_goal(outcomes: Sequence[Reached]) -> Share:
    """The share of facts got within 2 calls and 500 tokens."""
    files: dict[str, list[bool]] = {}
    for outcome in outcomes:
        files.setdefault(outcome.fact.path, []).append(outcome.in_goal)
    return by_file(files)


def answers(question: str, root: Node, shelf: Shelf) -> Iterator[str]:
    """What the calls of the rule answer, one after the other."""
    found = shelf.pager.find(root.address, question, limit_tokens=CALL_TOKENS, statements=lambda: stated(root))
    yield found.text
    first = next(iter(found.matches or found.ranked), None)
    yield _opened(_around(first.address, shelf.pager) if first else root.address, question, shelf)


def _reach(fact: Fact, method: Method, corpus: Corpus, shelf: Shelf, budget_tokens: int) -> Reached:
    source = source_of(corpus, fact)
    text = method.summary(source, budget_tokens, fact.question if method.focused else None)
    calls = tokens = 0
    if corpus.check.contained(fact.record, text):
        return Reached(fact, calls, tokens, True)
    for answer in answers(fact.question, shelf.node(source), shelf):
        calls, tokens, text = calls + 1, tokens + shelf.pager.counter.count(answer), f"{text}\n{answer}"
        if corpus.check.contained(fact.record, text):
            return Reached(fact, calls, tokens, True)
    return Reached(fact, calls, tokens, False)


def _opened(address: str, question: str, shelf: Shelf) -> str:
    page = shelf.pager.open(address, limit_tokens=CALL_TOKENS)
    if page.pages == 1 or not page.children:
        return page.text
    node, counter = shelf.pager.node(address), shelf.pager.counter
    return card(node, limit_tokens=CALL_TOKENS, focus=question, counter=counter, templates=shelf.templates).text


def _around(address: str, pager: Pager) -> str:
    """The lines around a line; any other address as it is."""
    above, item, number = address[:-1].rpartition("[")
    if not item or pager.node(above).kind not in ("log", "text", "code"):
        return address
    return f"{above}[{max(0, int(number) - 3)}:{int(number) + 12}]"
