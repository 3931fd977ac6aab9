"""One thing that stands out in a network: where, what, how large, and how that compares with its siblings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .rounding import rounded


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A finding. `score` is in robust standard deviations; 1,000 where siblings show nothing of the kind."""

    layer: int | None
    module: str
    what: str
    where: str
    value: float
    siblings: float | None
    score: float
    rank: int = 1
    also: tuple[str, ...] = ()

    def row(self, stack: str) -> dict[str, object]:
        """Return it as a row of a table, the module as the full module path."""
        path = self.module if self.layer is None else ".".join(filter(None, (stack, str(self.layer), self.module)))
        return {
            "layer": self.layer,
            "module": path,
            "what": self.what,
            "where": self.where,
            "value": rounded(self.value),
            "siblings_median": rounded(self.siblings),
            "score": rounded(self.score, 3),
            "also": ", ".join(self.also),
        }


def ranked(found: Iterable[Anomaly]) -> list[Anomaly]:
    """Return one finding per module, the plainest kind first (`rank`), then by score; its others in `also`."""
    ordered = sorted(found, key=_order)
    best: dict[tuple[int | None, str], Anomaly] = {}
    for one in ordered:
        place = (one.layer, one.module)
        if place not in best:
            best[place] = one
        elif one.what not in (best[place].what, *best[place].also):
            best[place] = replace(best[place], also=(*best[place].also, one.what))
    return sorted(best.values(), key=_order)


def outcomes(found: Sequence[Anomaly], stack: str, shown: int = 3) -> dict[str, str]:
    """Return the first findings in words, each under its own key, for a summary that has room for little else."""
    if not found:
        return {"outcome": "nothing stands out from its siblings"}
    rows = [one.row(stack) for one in found[:shown]]
    words = [
        f"alert: {row['what']} at {row['module']} ({row['where']}): {row['value']}, siblings {row['siblings_median']}"
        for row in rows
    ]
    return {"outcome" if number == 1 else f"outcome_{number}": text for number, text in enumerate(words, 1)}


def _order(one: Anomaly) -> tuple[int, float, int, str]:
    return (one.rank, -one.score, -1 if one.layer is None else one.layer, one.module)


def numbers(values: Iterable[object], shown: int = 4) -> str:
    """Return the first few numbers, and how many more there are.

    >>> numbers([3, 8, 21, 30, 77, 90])
    '3, 8, 21, 30 and 2 more'
    """
    listed = list(values)
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(map(str, listed[:shown])) + more
