"""What matters in a tool result, in 100 to 200 tokens, with the address of each statement.

`facts` finds, `summarize` packs under an exact budget, `card` is the first view of a new result, `stub` its last line;
`summarize_with` lets a small model choose and connect, and keeps of that only what verifies.
"""

from .assisted import summarize_with
from .card import Card, card, stub
from .fact import Fact
from .gather import facts
from .summary import Summary, summarize
from .templating import TemplateError, Templates, unframed
from .writer import Memory, NotWritten, Writer

__all__ = [
    "Card",
    "Fact",
    "Memory",
    "NotWritten",
    "Summary",
    "TemplateError",
    "Templates",
    "Writer",
    "card",
    "facts",
    "stub",
    "summarize",
    "summarize_with",
    "unframed",
]
