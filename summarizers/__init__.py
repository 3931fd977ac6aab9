"""What matters in a tool result, in 100 to 200 tokens, with the address of each statement.

`facts` finds, `summarize` packs under an exact budget, `card` is the first view of a new result, `stub` its last line;
`stated` gives the facts to a search;
`summarize_with` lets a small model choose and connect, and keeps of that only what verifies.
"""

from .answers import call_text, clipped, matches_text, page_text, rows_text
from .assist.assisted import summarize_with
from .assist.writer import Memory, NotWritten, Writer
from .card import Card, card, stub
from .fact import Fact
from .gather import facts
from .looking import LEAST_ANSWER, Look, Looking
from .paged import paged
from .stated import stated
from .summary import SMALLEST_BUDGET, Summary, summarize
from .templating import TemplateError, Templates, unframed
from .views import Views
from .window import CeilingExceeded, Fitted, Shown, Window

__all__ = [
    "LEAST_ANSWER",
    "SMALLEST_BUDGET",
    "Card",
    "CeilingExceeded",
    "Fact",
    "Fitted",
    "Look",
    "Looking",
    "Memory",
    "NotWritten",
    "Shown",
    "Summary",
    "TemplateError",
    "Templates",
    "Views",
    "Window",
    "Writer",
    "call_text",
    "card",
    "clipped",
    "facts",
    "matches_text",
    "page_text",
    "paged",
    "rows_text",
    "stated",
    "stub",
    "summarize",
    "summarize_with",
    "unframed",
]
