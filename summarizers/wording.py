"""Numbers and names as they stand in facts: exact where they are data, short where they are computed."""

import json
from collections.abc import Iterable

_LONGEST_INTEGER = 1000  # bits
LONGEST_NAME = 90  # characters; a longer value is text, it names nothing


def number(value: object) -> str:
    """A value of the data, exactly as its JSON."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int) and value.bit_length() > _LONGEST_INTEGER:
        return f"an integer of {value.bit_length()} bits"
    return json.dumps(value, default=str)


def rounded(value: float) -> str:
    """A computed number (mean, median) to four significant digits, without an exponent where that is readable."""
    if value == 0 or 1e-4 <= abs(value) < 1e15:
        digits = f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"
        return digits if "e" in digits or "." not in digits else digits.rstrip("0").rstrip(".")
    return f"{value:.3g}"


def name(value: object) -> str:
    """A value that names something: quoted only where it would run into the words around it."""
    text = " ".join(str(value).split()) if isinstance(value, str) else number(value)
    plain = bool(text) and not any(character in text for character in ' ,"')
    return text if plain else json.dumps(text, ensure_ascii=False) if text else '""'


def short(value: object) -> bool:
    """Whether the value is brief enough to be listed whole."""
    return not isinstance(value, str) or len(value) <= LONGEST_NAME


def excerpt(text: str, *, at_most: int = 120) -> str:
    """The beginning of a text on one line, cut between words and marked where cut."""
    text = " ".join(text.split())
    if len(text) <= at_most:
        return text
    cut = text.rfind(" ", 0, at_most)
    return text[: cut if cut > at_most // 2 else at_most] + "…"


def counted(pairs: Iterable[tuple[object, int]]) -> str:
    """`Adelie 152, Gentoo 124`."""
    return ", ".join(f"{name(value)} {count}" for value, count in pairs)
