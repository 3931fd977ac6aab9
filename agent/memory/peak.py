"""The most memory in use between two moments."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .free import amounts

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


class Meter(Protocol):
    """Measures a peak."""

    def start(self) -> None:
        """Begin anew."""

    def above_start(self) -> int | None:
        """The peak since, in bytes above what was in use at the start; None where it cannot be told."""


def meter(device: Any = None) -> Meter:
    """The meter for a torch device; None is the CPU."""
    kind = getattr(device, "type", device) or "cpu"
    if kind == "cuda":
        import torch

        return CudaMeter(torch.cuda, device)
    return ProcessMeter() if kind == "cpu" else Unmeasured()


@dataclass(slots=True)
class ProcessMeter:
    """Resident memory of this process: the high-water mark, set back where the system lets us (Linux).

    Elsewhere the mark of the whole process tells only of a peak that is its highest.

    Pages of mapped files are left out: weights that are read from disk as they are first needed are no peak.
    `highest_bytes` is the highest mark that was seen by any start or end, all pages counted.
    """

    highest_bytes: int = 0
    _before: int = 0
    _files: int = 0
    _exact: bool = False
    _highest: int = 0

    def start(self) -> None:
        """Set the mark back to what is resident now."""
        self._see(_now())
        try:
            _CLEAR.write_text("5")
            self._exact = True
        except OSError:
            self._exact = False
        now = _now()
        self._before, self._highest = now.get("VmRSS", 0), now.get("VmHWM", 0)
        self._files = now.get("RssFile", 0)

    def above_start(self) -> int | None:
        """The mark, less what was resident; where it could not be set back, only when it rose."""
        now = _now()
        mark = self._see(now)
        if not mark or not self._before or (not self._exact and mark <= self._highest):
            return None
        return max(0, mark - self._before - max(0, now.get("RssFile", 0) - self._files))

    def _see(self, now: dict[str, int]) -> int:
        mark = now.get("VmHWM", 0)
        self.highest_bytes = max(self.highest_bytes, mark)
        return mark


def _now() -> dict[str, int]:
    """What is resident, its highest mark and what of it is mapped files, in bytes, by the names of Linux."""
    if _STATUS.exists():
        return amounts(_STATUS)
    try:
        import resource

        import psutil  # type: ignore[import-untyped]  # it comes with accelerate, without types
    except ImportError:
        return {}
    unit = 1 if sys.platform == "darwin" else 1024
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"VmRSS": int(psutil.Process().memory_info().rss), "VmHWM": highest}


@dataclass(slots=True)
class CudaMeter:
    """What torch allocated on a CUDA device."""

    cuda: Any
    device: Any = None
    _before: int = field(default=0)

    def start(self) -> None:
        """Set torch's peak back."""
        self.cuda.reset_peak_memory_stats(self.device)
        self._before = self.cuda.memory_allocated(self.device)

    def above_start(self) -> int | None:
        """Torch's peak, less what was allocated."""
        return max(0, int(self.cuda.max_memory_allocated(self.device)) - self._before)


class Unmeasured:
    """Where nothing tells a peak (MPS)."""

    def start(self) -> None:
        """Nothing to do."""

    def above_start(self) -> int | None:
        """Unknown."""
        return None
