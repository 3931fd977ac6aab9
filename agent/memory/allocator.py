"""glibc's allocator, kept from holding on to freed tensors."""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_FROM_BYTES = 64 << 10


def return_freed_memory() -> bool:
    """Have every block of 64 KiB or more given back to the system as it is freed; whether that could be had.

    Left alone, glibc raises that threshold to 32 MiB as blocks are freed: then tensors live in its heap and fragment
    it, and the peak of a chunked prefill is 1.4 to 1.7 times what its tensors take. What a user set by environment
    variables stays.
    """
    if not sys.platform.startswith("linux") or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(mallopt(option, _FROM_BYTES) == 1 for option in (_MMAP_THRESHOLD, _TRIM_THRESHOLD))
