"""One measurement in a process of its own: `python -m benchmarks.child WHAT FILE` prints seconds and memory as JSON.

WHAT: `read` the file once in pieces; `copy` also writes it; `page` stores it and opens its first page; `pages` also
times page 1,000 against page 1; `summarize` stores and summarizes it. With `_cold` behind it, the file is first put out
of the system's cache, as far as the system does so. Peak memory is the resident set's high-water mark above that after
import.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pager import Pager
from summarizers import summarize

Found = dict[str, float]
Work = Callable[[Path, Pager], Found]
PIECE = 1 << 20
COLD = "_cold"


def read(path: Path, _: Pager) -> Found:
    """Seconds to read the file once."""
    with path.open("rb") as file:
        while file.read(PIECE):
            pass
    return {}


def copy(path: Path, _: Pager) -> Found:
    """Seconds to read and write the file once: the least that keeping a copy takes."""
    with path.open("rb") as file, tempfile.TemporaryFile(dir=path.parent) as kept:
        while piece := file.read(PIECE):
            kept.write(piece)
    return {}


def page(path: Path, pager: Pager) -> Found:
    """Storing the file and opening its first page."""
    pager.open(pager.put_file(path).id, limit_tokens=1000)
    return {}


def pages(path: Path, pager: Pager) -> Found:
    """The first page, then page 1 and page 1,000 again, medians of 7."""
    root = pager.put_file(path).id
    pager.open(root, limit_tokens=1000)
    return {f"page_{k}_seconds": _median(partial(pager.open, f"{root}#{k}", limit_tokens=1000)) for k in (1, 1000)}


def summary(path: Path, pager: Pager) -> Found:
    """Storing the file and summarizing it in 150 tokens."""
    root = pager.put_file(path).id
    stored = time.perf_counter()
    summarize(pager.node(root), budget_tokens=150, counter=pager.counter)
    return {"summarize_seconds": time.perf_counter() - stored}


def main(what: str, path: Path) -> None:
    """Measures and prints."""
    works: dict[str, Work] = {"read": read, "copy": copy, "page": page, "pages": pages, "summarize": summary}
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, Pager(Path(folder) / "store") as pager:
        pager.counter.count("warm")
        if what.endswith(COLD):
            _forget(path)
        before, start = _peak_megabytes(), time.perf_counter()
        found = works[what.removesuffix(COLD)](path, pager)
        seconds = time.perf_counter() - start
        memory = {"peak_megabytes": _peak_megabytes() - before, "base_megabytes": before}
        print(json.dumps({"seconds": seconds, **memory, **found}))


def _forget(path: Path) -> None:
    """Put a file out of the system's cache, where the system can be asked to."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb+") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _median(work: Callable[[], object], repeats: int = 7) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[repeats // 2]


def _peak_megabytes() -> float:
    """From /proc where there is one: getrusage's figure starts at that of the process which forked this one."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
