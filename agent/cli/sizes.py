"""Sizes and ages as people write them."""

import re
from datetime import timedelta

from ..errors import BadInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def read_age(text: str) -> timedelta:
    """12h, 7d, 4w. Raises BadInput."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip().lower())
    if found is None:
        raise BadInput(f"{text!r} is no age; write a number and s, m, h, d or w, such as 7d")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def read_size(text: str) -> int:
    """500MB, 14.74GiB, 2k, 1000: in bytes. Raises BadInput.

    >>> read_size("1.5GiB"), read_size("2 TB")
    (1610612736, 2000000000000)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?b?", text.strip().lower())
    if found is None:
        raise BadInput(f"{text!r} is no size; write a number and B, KB, MB, GB or TB, or KiB, MiB, GiB or TiB")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** _POWERS[found[2] or ""])
