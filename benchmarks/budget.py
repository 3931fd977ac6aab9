"""Cutting a text to a token budget, exactly, from either end."""

from collections.abc import Iterable

from pager import TokenCounter


def head(text: str, budget_tokens: int, counter: TokenCounter) -> str:
    """The longest beginning of the text (to a character) that was found to fit the budget."""
    low, high = _bracket(text, budget_tokens, counter)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if counter.count(text[:middle]) <= budget_tokens else (low, middle - 1)
    return text[:low]


def tail(text: str, budget_tokens: int, counter: TokenCounter) -> str:
    """The longest end of the text (to a character) that was found to fit the budget."""
    low, high = _bracket(text[::-1], budget_tokens, counter, backwards=True)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if counter.count(text[len(text) - middle :]) <= budget_tokens else (low, middle - 1)
    return text[len(text) - low :]


def whole_lines(lines: Iterable[str], budget_tokens: int, counter: TokenCounter) -> str:
    """The lines in their order, each that still fits, to the first that does not."""
    text = ""
    for line in lines:
        longer = f"{text}\n{line}" if text else line
        if len(longer) > 40 * budget_tokens or counter.count(longer) > budget_tokens:
            break
        text = longer
    return text


def _bracket(text: str, budget_tokens: int, counter: TokenCounter, *, backwards: bool = False) -> tuple[int, int]:
    """A length that fits, and one up to which to look: doubling, so that a long text is never counted whole."""
    low, high = 0, min(len(text), 2 * budget_tokens)
    while high < len(text):
        part = text[:high][::-1] if backwards else text[:high]
        if counter.count(part) > budget_tokens:
            break
        low, high = high, min(len(text), 2 * high)
    return low, high
