"""What matters in a tool result, in 100 to 200 tokens, with the address of each statement.

`facts` finds, `summarize` packs under an exact budget, `card` is the first view of a new result, `stub` its last line;
`stated` gives the facts to a search;
`summarize_with` lets a small model choose and connect, and keeps of that only what verifies.
"""

from .assisted import summarize_with
from .card import Card, card, stub
from .fact import Fact
from .gather import facts
from .stated import stated
from .summary import Summary, summarize
from .templating import TemplateError, Templates
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
    "stated",
    "stub",
    "summarize",
    "summarize_with",
]
