"""What matters in a tool result, in 100 to 200 tokens, with the address of each statement.

`facts` finds, `summarize` packs under an exact budget, `card` is the first view of a new result, `stub` its last line.
"""

from .card import Card, card, stub
from .fact import Fact
from .gather import facts
from .summary import Summary, summarize
from .templating import Templates

__all__ = ["Card", "Fact", "Summary", "Templates", "card", "facts", "stub", "summarize"]
