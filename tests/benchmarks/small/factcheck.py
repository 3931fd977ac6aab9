"""A check of this small corpus: an answer is held where it stands as a whole word."""

import re
from collections.abc import Mapping


def contained(fact: Mapping[str, object], text: str) -> bool:
    """Whether the answer stands in the text."""
    return re.search(rf"(?<!\w){re.escape(str(fact['answer']))}(?!\w)", text) is not None


def match(fact: Mapping[str, object], answer: str) -> bool:
    """Whether the answer is in what was said."""
    return contained(fact, answer)
