"""The 100-200 tokens that stand for a result: its best facts under an exact budget."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pager import Node, TokenCounter

from .fact import Fact
from .gather import facts as facts_of
from .packer import Packed, pack
from .shape import shape_of, title_of
from .templating import Templates
from .whole import whole

SMALLEST_BUDGET = 40


@dataclass(frozen=True, slots=True)
class Summary:
    """`text` has `tokens` tokens; `facts` are those in it, `left_out` counts those not.

    `by` says what chose them, "heuristic" or "model"; `note` why a model that was asked had no say, if so.
    """

    text: str
    tokens: int
    kind: str
    by: str
    facts: tuple[Fact, ...]
    left_out: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """Facts in the fullest frame that the budget allowed; `frame(lines, left_out, words=...)` renders it again."""

    packed: Packed
    frame: Callable[..., str]


def summarize(
    node: Node,
    *,
    budget_tokens: int = 150,
    focus: str | None = None,
    counter: TokenCounter,
    templates: Templates | None = None,
) -> Summary:
    """The node's best facts in at most `budget_tokens` of the counter's tokens, the line on what is left out included.

    `focus` (a goal, a question) raises what it is about. Raises ValueError below 40 tokens.
    """
    check_budget(budget_tokens)
    templates = templates or Templates()
    found = facts_of(node, focus=focus)
    shown = whole(node, found, call=None, budget_tokens=budget_tokens, counter=counter, templates=templates)
    return summary_of(node, shown or fit(node, found, budget_tokens, counter, templates).packed)


def check_budget(budget_tokens: int) -> None:
    """Raise ValueError where no summary fits."""
    if budget_tokens < SMALLEST_BUDGET:
        raise ValueError(f"a budget of {budget_tokens} tokens holds no summary; give {SMALLEST_BUDGET} or more")


def summary_of(node: Node, packed: Packed, *, by: str = "heuristic", note: str | None = None) -> Summary:
    """What was packed, as a summary of the node."""
    return Summary(packed.text, packed.tokens, node.kind, by, packed.facts, packed.left_out, note)


def fit(node: Node, found: list[Fact], budget_tokens: int, counter: TokenCounter, templates: Templates) -> Fitted:
    """The fullest frame that fits: with the title, without it, then by the result's id and kind alone."""
    shape = shape_of(node)
    for address, title, said in (
        (node.address, title_of(node), shape),
        (node.address, None, shape),
        (node.result.id, None, shape),
        (node.result.id, None, node.kind),
    ):
        frame = partial(_frame, templates, address, title, said)
        packed = pack(found, frame, root=node.address, budget_tokens=budget_tokens, counter=counter)
        if packed is not None:
            return Fitted(packed, frame)
    raise ValueError(f"{node.result.id}: not even its id fits {budget_tokens} tokens of {counter.name}")


def _frame(
    templates: Templates,
    address: str,
    title: str | None,
    shape: str,
    lines: list[str],
    left_out: int,
    words: str | None = None,
) -> str:
    return templates.render(
        "summary", address=address, title=title, shape=shape, lines=lines, left_out=left_out, words=words
    )
