"""Memory that ran out: how to know it, and how to let go of what was held."""

import gc
import re
import sys

_REQUESTED = re.compile(r"tried to allocate ([\d.]+) ?(bytes|KiB|MiB|GiB|TiB)?", re.IGNORECASE)
_UNITS = {"bytes": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, in whichever form: CUDA's, Metal's, the CPU allocator's, Python's."""
    if isinstance(error, MemoryError):
        return True
    if not isinstance(error, RuntimeError):
        return False
    text = str(error)
    return (
        type(error).__name__ == "OutOfMemoryError" or "you tried to allocate" in text or "out of memory" in text.lower()
    )


def requested_bytes(error: BaseException) -> int | None:
    """What the failing allocation asked for, where the allocator said."""
    found = _REQUESTED.search(str(error))
    return int(float(found[1]) * _UNITS[(found[2] or "bytes").lower()]) if found else None


def let_go() -> None:
    """Collect what nothing refers to any more, and give torch's cached memory back. Clear tracebacks before."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is None:
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
