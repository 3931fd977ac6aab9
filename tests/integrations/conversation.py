"""A long investigation that every framework's test runs: forty calls, each answered by thousands of tokens."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from pager import counter
from summarizers import Views

CALLS = 40
CEILING = 6_000
RESERVE = 500
TASK = "Find the request that took longest, and in which region it was served."
COUNTER = counter()


QUERY = {"address": "r3", "sql": "select max(ms) from t"}


def rows(batch: int) -> list[dict[str, object]]:
    """One batch of requests, about 3,000 tokens as JSON; the slowest of each is known."""
    made = [
        {"id": batch * 100 + n, "region": f"zone-{n % 5}", "ms": 20 + (batch * 7 + n * 13) % 50} for n in range(100)
    ]
    made[(batch * 17) % 100]["ms"] = 9_000 + batch
    return made


def tokens(text: str) -> int:
    """Of cl100k_base."""
    return COUNTER.count(text)


def slow(views: Views, seconds: float = 1.0) -> Views:
    """Views that take long over a result, as over a large one in a store far away."""
    shown = views.shown

    def late(*given: Any, **named: Any) -> str:
        time.sleep(seconds)
        return shown(*given, **named)

    views.shown = late  # type: ignore[method-assign]
    return views


def longest_pause(work: Coroutine[Any, Any, object]) -> float:
    """The longest time, in seconds, for which everything else stood still while something ran."""

    async def watched() -> float:
        pauses: list[float] = []

        async def tick() -> None:
            while True:
                began = time.monotonic()
                await asyncio.sleep(0.01)
                pauses.append(time.monotonic() - began)

        ticking = asyncio.create_task(tick())
        await work
        ticking.cancel()
        return max(pauses)

    return asyncio.run(watched())
