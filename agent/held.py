"""What a prompt was made of: the tokens of its parts, logged with every generation."""

from collections import Counter
from collections.abc import Iterator, Mapping

from pager import TokenCounter

from .exchange import Answer, Remark
from .ledger import Ledger

PARTS = (
    "system", "tool schemas", "question", "notebook", "index", "cards", "pages", "summaries", "stubs", "notes", "calls",
)  # fmt: skip


def held_tokens(ledger: Ledger, counter: TokenCounter, *, input_tokens: int) -> Mapping[str, int]:
    """The tokens of a prompt by part, in the order of PARTS; together they are `input_tokens`.

    "notes" are receipts, errors and the loop's own remarks; "calls" is the rest: the model's words and calls, and the
    chat template's frames around every message.
    """
    found: Counter[str] = Counter(ledger.parts or {})
    for part, text in _texts(ledger):
        found[part] += counter.count(text)
    found["calls"] = max(0, input_tokens - found.total())
    return {part: found[part] for part in PARTS}


def level_of(answer: Answer) -> str:
    """Which part of a prompt an answer is."""
    if answer.level != "page":
        return {"summary": "summaries", "stub": "stubs"}[answer.level]
    return {"new": "cards", "view": "pages"}.get(answer.status, "notes")


def _texts(ledger: Ledger) -> Iterator[tuple[str, str]]:
    for entry in ledger.entries:
        if isinstance(entry, Remark):
            yield from _remarked(entry.content, {"notebook": ledger.notebook, "index": ledger.index})
        else:
            yield from ((level_of(answer), answer.content) for answer in entry.answers)


def _remarked(content: str, within: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The findings and the index that a remark carries, and what is left of it."""
    for part, text in within.items():
        if text and text in content:
            yield part, text
            content = content.replace(text, "")
    yield "notes", content.strip()
