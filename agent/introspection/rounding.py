"""Numbers as a reader wants them."""

import math


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Return the value to so many significant digits; None for None and for what is not finite.

    >>> rounded(0.000123456), rounded(22550.4), rounded(float("nan"))
    (0.0001235, 22550.0, None)
    """
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}") if value else 0.0
