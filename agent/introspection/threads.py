"""How many threads the linear algebra of one step may use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def few_threads(count: int = 1) -> Iterator[None]:
    """Let torch use `count` threads within, then as many as before.

    On shared cores many threads wait for each other in small steps: one 576 x 576 decomposition took 13 s with two
    threads and 0.1 s with one.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def half_the_cores() -> int:
    """Return as many threads as leave half of the machine to others: one on two cores."""
    return max(1, (os.cpu_count() or 1) // 2)
