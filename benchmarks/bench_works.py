"""The same pieces of work under pytest-benchmark: `pytest benchmarks/bench_works.py --benchmark-json FILE`."""

from collections.abc import Callable

import pytest

from pager import counter

from .works import Timed, works

WORKS = works(counter())


@pytest.mark.parametrize("work", WORKS, ids=[work.name for work in WORKS])
def test_work(work: Timed, benchmark: Callable[[Callable[[], object]], object]) -> None:
    """Times one piece of work."""
    assert benchmark(work.run) is not None
