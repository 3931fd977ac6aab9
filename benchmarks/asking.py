"""What a question itself says: terms to search for, and whether it asks for parts, an end, or a figure."""

import re
from dataclasses import dataclass

_QUESTION = re.compile(
    r"\b(what|which|who|when|where|why|how|many|much|long|is|are|was|were|be|been|does|do|did|has|have|had|in|on|at|of|"
    r"by|for|from|to|the|a|an|and|or|it|its|this|that|there|with|each|according|must|can|use|used|using|up|as|over|"
    r"all|any|named|called|full|printed|name|number|value|values|number|distinct|show|shows|hold|holds|look|"
    r"looked|tool|result|file|list|text|report|table|row|first|last|newest|oldest|second|total|overall|top-level)\b"
)
_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”')
_WORD = re.compile(r"[^\W_](?:[\w@./:+-]*\w)?\(?\)?|_\w+")
_MARKED = re.compile(r"\w[_./:\d-]+\w|\d\w|\w\d|[a-z][A-Z]|[A-Z]{3}")
_PARTS = re.compile(
    r"\b(fields?|keys?|columns?|headings?|headers?|classes|providers|at the top|top-level|first|second)\b"
)
_END = re.compile(r"\b(last|oldest|final|finally|end)\b")
_FIGURES = (
    ("avg", r"mean|average"),
    ("max", r"maximum|highest|largest|most"),
    ("min", r"minimum|lowest|smallest|least"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """`patterns`: regular expressions to search for, the most telling first. `words`: the question's, in lower case.

    `marked`: names as they stand in data (c5.4xlarge, head_branch, LAX, quoted ones). `figure`: the SQL aggregate it
    asks for, or none.
    """

    patterns: tuple[str, ...]
    words: tuple[str, ...]
    marked: tuple[str, ...]
    parts: bool
    end: bool
    figure: str | None


def read_question(question: str) -> Asked:
    """The question taken apart by rule, without knowledge of the result."""
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(question)]
    rest = re.sub(r"\([^)]*\)|['’]s\b", " ", _QUOTED.sub(" ", question))
    names = [word.removesuffix("()").rstrip("(") for word in _WORD.findall(rest)]
    marked = [name for name in names if _MARKED.search(name)]
    words = [word.lower() for word in names if not _QUESTION.fullmatch(word.lower())]
    proper = [name for name in names[1:] if name[0].isupper() and not _QUESTION.fullmatch(name.lower())]
    stems = list(dict.fromkeys(_stem(word) for word in sorted(words, key=_telling) if len(word) > 1))
    patterns = [
        *map(re.escape, quoted),
        *map(_marked, _by_telling(marked)),
        *map(_marked, proper),
        *_together(stems),
        *stems,
    ]
    figure = next((sql for sql, words_for in _FIGURES if re.search(rf"\b({words_for})\b", rest)), None)
    return Asked(
        patterns=tuple(dict.fromkeys(f"(?i){pattern}" for pattern in patterns)),
        words=tuple(dict.fromkeys(words)),
        marked=tuple(dict.fromkeys([*quoted, *marked, *proper])),
        parts=_PARTS.search(question) is not None,
        end=_END.search(question) is not None,
        figure=figure,
    )


def _by_telling(marked: list[str]) -> list[str]:
    """The longest first, but a plain capital word such as SHA or PID after names with marks in them."""
    return sorted(marked, key=lambda name: (name.isalpha(), -len(name)))


def _marked(name: str) -> str:
    """The name as a whole word; of a dotted path also its longest part, since the parts are keys of their own."""
    parts = [part for part in name.split(".") if "_" in part]
    names = dict.fromkeys([name, max(parts, key=len, default=name)])
    return "|".join(rf"(?<![^\W_]){re.escape(one)}(?![^\W_])" for one in names)


def _together(stems: list[str]) -> list[str]:
    """Two different ones of the words near each other, in any order: finds user_id, "Average Overheads"."""
    if len(stems) < 2:
        return []
    any_of = "|".join(stems)
    return [rf"({any_of}).{{0,60}}?(?!\1)({any_of})"]


def _telling(word: str) -> tuple[bool, int]:
    """Nouns before what is done to them, long ones first."""
    return word.endswith(("ed", "ing")), -len(word)


def _stem(word: str) -> str:
    """A word without its plural and the like, so that it also finds the other form."""
    return re.escape(re.sub(r"(?<=\w{4})(ies|y|ing|ed|es|s)$", "", word))
