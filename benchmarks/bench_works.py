"""The same pieces of work under pytest-benchmark: `pytest benchmarks/bench_works.py --benchmark-json FILE`."""

from collections.abc import Callable, Iterator

import pytest

from pager import counter

from .works import Timed, works

NAMES = (
    "count 100 kB",
    "put 1 MB JSON",
    "open a page of 1 MB JSON",
    "find in 1 MB JSON",
    "find in 10 MB log",
    "first query of 1 MB JSON",
    "further query",
    "pack 200 facts",
    "summarize 1 MB JSON, stored",
    "put and summarize 1 MB JSON",
    "assemble and check a 10k prompt",
    "12 scripted turns",
)


@pytest.fixture(scope="module")
def prepared() -> Iterator[dict[str, Timed]]:
    """Every piece of work, by name."""
    with works(counter()) as found:
        yield {work.name: work for work in found}


@pytest.mark.parametrize("name", NAMES)
def test_work(name: str, prepared: dict[str, Timed], benchmark: Callable[[Callable[[], object]], object]) -> None:
    """Times one piece of work."""
    assert benchmark(prepared[name].run) is not None
