"""How sure a share of hits is: Wilson's interval, and a bootstrap over whole files."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

Z95 = 1.959964
RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`, and the bounds of its 95 % interval; 0 of 0 has the share None."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """hits / n."""
        return self.hits / self.n if self.n else None

    def as_json(self) -> dict[str, object]:
        """The share and its bounds, rounded to a tenth of a per cent."""
        value = None if self.value is None else round(self.value, 3)
        return {"share": value, "hits": self.hits, "n": self.n, "low": round(self.low, 3), "high": round(self.high, 3)}


def wilson(hits: int, n: int) -> Share:
    """Wilson's score interval (Wilson 1927): right for few cases and shares near 0 and 1, facts independent."""
    if n == 0:
        return Share(0, 0, 0.0, 1.0)
    share, z2 = hits / n, Z95 * Z95
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Share(hits, n, max(0.0, centre - half), min(1.0, centre + half))


def by_file(outcomes: Mapping[str, Sequence[bool]], *, seed: int = 0) -> Share:
    """The share with a percentile bootstrap over files, since the facts of one file stand and fall together."""
    counts = [(sum(hits), len(hits)) for hits in outcomes.values() if hits]
    hits, n = sum(h for h, _ in counts), sum(k for _, k in counts)
    if not counts:
        return Share(0, 0, 0.0, 1.0)
    dice = random.Random(seed)
    shares = sorted(_share(dice.choices(counts, k=len(counts))) for _ in range(RESAMPLES))
    return Share(hits, n, shares[int(0.025 * RESAMPLES)], shares[int(0.975 * RESAMPLES) - 1])


def _share(counts: Sequence[tuple[int, int]]) -> float:
    return sum(h for h, _ in counts) / sum(k for _, k in counts)
