"""A long investigation that every framework's test runs: forty calls, each answered by thousands of tokens."""

from pager import counter

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
