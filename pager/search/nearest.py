"""Which names come closest to one that does not exist."""

from collections.abc import Sequence

SHOWN = 5


def closest(wanted: str, names: Sequence[str], *, at_most: int = SHOWN) -> list[str]:
    """The names most like `wanted`, best first; the first names when nothing is like it."""
    from rapidfuzz import fuzz, process, utils

    found = process.extract(
        wanted[:200], names, scorer=fuzz.WRatio, processor=utils.default_process, limit=at_most, score_cutoff=50
    )
    return [name for name, _, _ in found] or list(names[:at_most])
