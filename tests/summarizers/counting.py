"""A counter for tests: words and punctuation, about what a tokenizer makes of them."""

import re


class WordCounter:
    """Every word and every mark is one token."""

    name = "words"

    def count(self, text: str) -> int:
        """How many words and marks the text has, line breaks included."""
        return len(re.findall(r"\w+|[^\w\s]|\n", text))
