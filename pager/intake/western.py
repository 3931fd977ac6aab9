"""Western European text in single bytes, which a detector of charsets takes for others as long as it is short."""

import re

_LETTERS = "àáâãäåæçèéêëìíîïñòóôöøùúûüÿßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖØÙÚÛÜ"
_SIGNS = "£€§°µ·«»–—‘’“”…•™®©±×÷¼½¾¿¡ªº \xa0"
_ODD = re.compile(
    rf"[^\x00-\x7f{_LETTERS}{_SIGNS}²³]"  # a letter or a sign that this text has no use for
    r"|[^\x00-\x7f]{3}"  # a word of another script
    r"|[a-zà-öø-ÿ][À-ÖØ-Þ]"  # a capital within a word
    r"|[^\W\d_][£€§°«»–—“”…•™®©±×÷¼½¾¿¡ªº][^\W\d_]"  # a sign within a word
    r"|(?<![mM])[²³]"
)


def western(data: bytes) -> str | None:
    """The charset (cp1252) under which the bytes read as Western European words among ASCII; None where they don't.

    >>> western("Größe: 21 °C, £5".encode("latin-1"))
    'cp1252'
    >>> western("Привет".encode("cp1251")) is None
    True
    """
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    czech = "ø" in text and any(letter in text for letter in "èìù")
    return None if czech or _ODD.search(text) else "cp1252"
