"""Reach: the calls and tokens that it takes to get a fact which the summary does not hold.

The rule is fixed and blind: it sees the question, what kind of result it is, and what came back, never the answer; the
harness looks whether the answer stands in what came back so far, and stops the rule there, or after 4 calls. Each call
is one of find, open and query, answers within 250 tokens, and costs what it answers. The rule:

1. A question for keys, columns, headings, or something first opens the result; one for something last opens its end.
2. Otherwise it searches the result for the question's most telling pattern: a quoted name, one that looks like a name
   in data, two of its words together, its longest word. No match: the next pattern, or a word that the answer names as
   near and that resembles one of the question's. Of the matches shown, the one equal to what was searched is taken,
   else the one with the most of the question's words, the shortest address first.
3. A mean, greatest or least asks SQL for it, of the columns that the question's words name, where the matched column
   has the searched value.
4. In a text or log it opens the lines around the match. Elsewhere it opens the matched item, then searches it for the
   rest of the question's words.

Opening a part that has parts and is longer than a page answers with its card, the question as focus; else its page.
"""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pager import Match, Matches, Node, Pager, PagerError
from summarizers import Templates, card

from .asking import Asked, read_question
from .corpus import Corpus, Fact
from .interval import Share, by_file
from .method import Method
from .ours import Shelf
from .recall import source_of

CALL_TOKENS = 250
MOST_CALLS = 4
GOAL_CALLS = 2
GOAL_TOKENS = 500
_LINES = ("log", "text", "code")


@dataclass(frozen=True, slots=True)
class Move:
    """One call: a verb, an address, and the pattern or SQL."""

    verb: str
    address: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a call answered."""

    text: str
    matches: tuple[Match, ...] = ()
    near: tuple[str, ...] = ()


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


Moves = Generator[Move, Seen, None]


def reach(method: Method, corpus: Corpus, shelf: Shelf, *, budget_tokens: int = 150) -> tuple[Reached, ...]:
    """For every detail fact, what it took after the summary of `budget_tokens`."""
    return tuple(_reach(fact, method, corpus, shelf, budget_tokens) for fact in corpus.detail())


def share_in_goal(outcomes: Sequence[Reached]) -> Share:
    """The share of facts got within 2 calls and 500 tokens."""
    files: dict[str, list[bool]] = {}
    for outcome in outcomes:
        files.setdefault(outcome.fact.path, []).append(outcome.in_goal)
    return by_file(files)


def moves(question: str, root: Node) -> Moves:
    """The rule of the module's docstring."""
    asked = read_question(question)
    if asked.parts:
        yield Move("open", root.address)
    if asked.end:
        yield Move("open", _end_of(root))
    for pattern in asked.patterns:
        seen = yield Move("find", root.address, pattern)
        if not seen.matches and ".{0," not in pattern and (near := _near(seen, asked)):
            seen = yield Move("find", root.address, near)
        if seen.matches:
            best = min(seen.matches, key=lambda match: _rank(match, asked, pattern))
            yield from _below(best, pattern, asked, root)


def _below(match: Match, pattern: str, asked: Asked, root: Node) -> Moves:
    if root.kind in _LINES:
        yield Move("open", _around(match.address))
        return
    item, column = _item(match)
    if asked.figure and column and item != root.address:
        yield Move("query", _table_of(item), _sql(asked, match.text, column))
    yield Move("open", item)
    rest = [word for word in asked.words if not re.search(pattern, word)]
    if rest:
        yield Move("find", item, "(?i)" + "|".join(map(re.escape, rest)))


def _reach(fact: Fact, method: Method, corpus: Corpus, shelf: Shelf, budget_tokens: int) -> Reached:
    source = source_of(corpus, fact)
    text = method.summary(source, budget_tokens, fact.question if method.focused else None)
    root = shelf.node(source)
    rule = moves(fact.question, root)
    calls = tokens = 0
    move = next(rule, None)
    while not (reached := corpus.check.contained(fact.record, text)) and move is not None and calls < MOST_CALLS:
        seen = _made(move, shelf, fact.question)
        calls, tokens, text = calls + 1, tokens + shelf.pager.counter.count(seen.text), f"{text}\n{seen.text}"
        move = _next(rule, seen)
    return Reached(fact, calls, tokens, reached)


def _next(rule: Moves, seen: Seen) -> Move | None:
    try:
        return rule.send(seen)
    except StopIteration:
        return None


def _made(move: Move, shelf: Shelf, question: str) -> Seen:
    """The call's answer; an error is an answer too."""
    try:
        if move.verb == "find":
            found: Matches = shelf.pager.find(move.address, move.argument, limit_tokens=CALL_TOKENS)
            shown = tuple(match for match in found.matches if f"{match.address}: " in found.text)
            return Seen(found.text, shown, found.near)
        if move.verb == "query":
            return Seen(shelf.pager.query(move.address, move.argument, limit_tokens=CALL_TOKENS).text)
        return Seen(_opened(move.address, shelf.pager, shelf.templates, question))
    except PagerError as error:
        return Seen(str(error))


def _opened(address: str, pager: Pager, templates: Templates, question: str) -> str:
    page = pager.open(address, limit_tokens=CALL_TOKENS)
    if page.pages > 1 and page.children and address == page.address.partition("#")[0]:
        node = pager.node(address)
        return card(node, limit_tokens=CALL_TOKENS, focus=question, counter=pager.counter, templates=templates).text
    return page.text


def _near(seen: Seen, asked: Asked) -> str | None:
    """A word that an empty answer names as near and that begins as a word of the question does, or ends so."""
    stems = [word[:4] for word in asked.words if len(word) >= 4]
    return next((re.escape(word) for word in seen.near if any(stem in word.lower() for stem in stems)), None)


def _rank(match: Match, asked: Asked, pattern: str) -> tuple[bool, bool, int, int]:
    said = f"{match.address} {match.text}".lower()
    exact = re.fullmatch(pattern, match.text) is not None
    return match.text not in asked.marked, not exact, -sum(word in said for word in asked.words), len(match.address)


def _item(match: Match) -> tuple[str, str | None]:
    """The item that a match stands in, and the column it stands in: "r1[3]", "name" for r1[3]/name."""
    head, slash, name = match.address.rpartition("/")
    if not slash or unquote(name) == match.text:
        return match.address, None
    return head, unquote(name)


def _table_of(item: str) -> str:
    return re.sub(r"\[\d+\]$", "", item)


def _sql(asked: Asked, value: str, column: str) -> str:
    words = "|".join(re.escape(word) for word in asked.words if word not in value.lower())
    text, name = value.replace("'", "''"), column.replace('"', '""')
    return f"select {asked.figure}(COLUMNS('(?i){words}')) from t where \"{name}\" = '{text}'"


def _around(address: str) -> str:
    """A few lines from before a line on."""
    found = re.fullmatch(r"(.+)\[(\d+)\]", address)
    if found is None:
        return address
    line = int(found[2])
    return f"{found[1]}[{max(0, line - 2)}:{line + 12}]"


def _end_of(root: Node) -> str:
    """The last lines or items of a result."""
    return f"{root.address}[{max(0, len(root) - 8)}:{len(root)}]"
