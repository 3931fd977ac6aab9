"""Sizes and ages as people write them."""

import re
from datetime import timedelta

from ..errors import BadInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def read_age(text: str) -> timedelta:
    """12h, 7d, 4w. Raises BadInput."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip().lower())
    if found is None:
        raise BadInput(f"{text!r} is no age; write a number and s, m, h, d or w, such as 7d")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def read_size(text: str) -> int:
    """500MB, 2GB, 1000: in bytes. Raises BadInput."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    if found is None:
        raise BadInput(f"{text!r} is no size; write a number and B, KB, MB or GB, such as 500MB")
    return int(float(found[1]) * _SIZES[found[2]])
