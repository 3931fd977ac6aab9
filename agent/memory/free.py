"""How much memory can be had now, and what sets that limit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_UNLIMITED = 1 << 60  # cgroup v1 writes "no limit" as the largest page-aligned number


@dataclass(frozen=True, slots=True)
class FreeMemory:
    """Bytes that can be had now; `limit` names what ends first."""

    bytes: int
    limit: str


def free_memory(device: Any = None, *, root: Path = Path("/"), limits: Mapping[str, int] | None = None) -> FreeMemory:
    """What is free on a torch device (None: the CPU).

    CUDA: the driver's free memory and what torch has cached of it. MPS: what Metal recommends, less what is in use.
    CPU: the least of what the system calls available, each control group's limit less its use (pages that can be
    given back not counted), and the address space and data limits of this process less their use. `root` holds proc/
    and sys/; `limits` replaces the process's own limits, by name.
    """
    kind = getattr(device, "type", device) or "cpu"
    if kind == "cuda":
        return _cuda(_torch().cuda, device)
    if kind == "mps":
        return _mps(_torch().mps)
    return min(_cpu(root, _own_limits() if limits is None else limits), key=lambda one: one.bytes)


def _cuda(cuda: Any, device: Any) -> FreeMemory:
    free, _ = cuda.mem_get_info(device)
    return FreeMemory(free + cuda.memory_reserved(device) - cuda.memory_allocated(device), "free memory of the GPU")


def _mps(mps: Any) -> FreeMemory:
    return FreeMemory(max(0, mps.recommended_max_memory() - mps.current_allocated_memory()), "what Metal recommends")


def _cpu(root: Path, limits: Mapping[str, int]) -> Iterator[FreeMemory]:
    available = amounts(root / "proc/meminfo").get("MemAvailable")
    yield FreeMemory(_available() if available is None else available, "available memory")
    yield from _groups(root)
    used = amounts(root / "proc/self/status")
    for name, field in (("RLIMIT_AS", "VmSize"), ("RLIMIT_DATA", "VmData")):
        if name in limits:
            yield FreeMemory(max(0, limits[name] - used.get(field, 0)), name)


def _groups(root: Path) -> Iterator[FreeMemory]:
    """The room under the memory limit of each control group this process is in, inner ones first; versions 1 and 2."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if "memory" in controllers.split(","):
            folder, files = root / "sys/fs/cgroup/memory", _VERSION_1
        elif not controllers:
            folder, files = root / "sys/fs/cgroup", _VERSION_2
        else:
            continue
        inner = folder / path.strip("/")
        for place in (inner, *inner.parents):  # a container sees its own group as the top one
            if (room := _room(place, *files)) is not None:
                yield FreeMemory(room, "the control group's limit")
            if place == folder:
                break


_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = ("memory.max", "memory.current", "inactive_file")


def _room(folder: Path, most: str, current: str, reclaimable: str) -> int | None:
    limit, used = _text(folder / most).strip(), _text(folder / current).strip()
    if not limit.isdigit() or not used.isdigit() or int(limit) >= _UNLIMITED:
        return None
    fields = dict(line.split(maxsplit=1) for line in _text(folder / "memory.stat").splitlines() if " " in line)
    return max(0, int(limit) - int(used) + int(fields.get(reclaimable, 0)))


def _own_limits() -> dict[str, int]:
    try:
        import resource
    except ImportError:
        return {}
    soft = {name: resource.getrlimit(getattr(resource, name))[0] for name in ("RLIMIT_AS", "RLIMIT_DATA")}
    return {name: limit for name, limit in soft.items() if limit != resource.RLIM_INFINITY}


def _available() -> int:
    """Where there is no /proc."""
    import psutil  # type: ignore[import-untyped]  # it comes with accelerate, without types

    return int(psutil.virtual_memory().available)


def amounts(path: Path) -> dict[str, int]:
    """The `Name:  123 kB` lines of a file in /proc, in bytes."""
    found = {}
    for line in _text(path).splitlines():
        name, _, value = line.partition(":")
        number, _, unit = value.strip().partition(" ")
        if unit == "kB" and number.isdigit():
            found[name] = int(number) * 1024
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _torch() -> Any:
    import torch

    return torch
