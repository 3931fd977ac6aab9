"""What is free is the tightest of all limits, whichever machine it is."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.memory import FreeMemory, free_memory
from agent.memory.free import _cuda, _mps

MIB = 1 << 20


def machine(root: Path, files: dict[str, str]) -> Path:
    """A root with these files, and 8,000 MiB available."""
    for name, text in {"proc/meminfo": f"MemTotal: 9 kB\nMemAvailable: {8_000 * 1024} kB\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return root


def test_without_limits_it_is_what_the_system_calls_available(tmp_path: Path) -> None:
    """No control groups, no limits of the process."""
    assert free_memory(root=machine(tmp_path, {}), limits={}) == FreeMemory(8_000 * MIB, "available memory")


@pytest.mark.parametrize("seen_as", ["/outer/inner", "/elsewhere"])
def test_a_control_group_of_version_2(tmp_path: Path, seen_as: str) -> None:
    """Its limit less its use, pages that can be given back not counted; the outer group's where that is tighter."""
    root = machine(
        tmp_path,
        {
            "proc/self/cgroup": f"0::{seen_as}\n",
            "sys/fs/cgroup/memory.max": f"{600 * MIB}\n",
            "sys/fs/cgroup/memory.current": f"{500 * MIB}\n",
            "sys/fs/cgroup/memory.stat": f"anon 5\ninactive_file {50 * MIB}\n",
            "sys/fs/cgroup/outer/inner/memory.max": "max\n",
            "sys/fs/cgroup/outer/inner/memory.current": "7\n",
        },
    )
    assert free_memory(root=root, limits={}) == FreeMemory(150 * MIB, "the control group's limit")


def test_a_control_group_of_version_1(tmp_path: Path) -> None:
    """An enormous limit is none."""
    files = {
        "proc/self/cgroup": "5:cpu:/a\n4:memory:/a/b\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "100",
        "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": str(300 * MIB),
        "sys/fs/cgroup/memory/a/b/memory.usage_in_bytes": str(100 * MIB),
        "sys/fs/cgroup/memory/a/b/memory.stat": f"total_inactive_file {20 * MIB}",
    }
    assert free_memory(root=machine(tmp_path, files), limits={}).bytes == 220 * MIB


def test_the_limits_of_the_process_itself(tmp_path: Path) -> None:
    """Less what it uses of each; never below nothing."""
    root = machine(tmp_path, {"proc/self/status": f"VmSize: {500 * 1024} kB\nVmData: {200 * 1024} kB\n"})
    assert free_memory(root=root, limits={"RLIMIT_DATA": 900 * MIB}) == FreeMemory(700 * MIB, "RLIMIT_DATA")
    assert free_memory(root=root, limits={"RLIMIT_DATA": 900 * MIB, "RLIMIT_AS": 400 * MIB}).bytes == 0


def test_a_gpu_s_free_memory_counts_what_torch_has_cached() -> None:
    """The driver's free memory, and the reserved part that nothing uses."""
    cuda = SimpleNamespace(
        mem_get_info=lambda _: (1_000, 9_000), memory_reserved=lambda _: 500, memory_allocated=lambda _: 200
    )
    assert _cuda(cuda, "cuda:0").bytes == 1_300
    mps = SimpleNamespace(recommended_max_memory=lambda: 700, current_allocated_memory=lambda: 900)
    assert _mps(mps).bytes == 0
