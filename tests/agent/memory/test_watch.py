"""Peaks are measured, probes correct the formula, and the guard refuses once and never twice."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.errors import OutOfMemory
from agent.memory import CacheState, FreeMemory, Guard, Place, Plan, Probe, kernels_by_rule, probed, remembered
from agent.memory.peak import CudaMeter
from agent.memory.probe import SIZES
from agent.memory.shape import Shape

MIB = 1 << 20
PROJECT = Path(__file__).resolve().parents[3]
SHAPE = Shape(
    hidden=64, layers=2, heads=4, kv_heads=2, key_dim=16, value_dim=16, mlp=300, vocabulary=500, windows=(None, None),
    context_tokens=4_096,
)  # fmt: skip
CPU = Place("cpu")
PLAN = Plan(
    shape=SHAPE, place=CPU, dtype="float32", kernels=kernels_by_rule("eager", CPU, "float32", SHAPE), weights_bytes=1000
)


@dataclass
class FakeMeter:
    """Says what it is told the fed tokens took."""

    takes: Callable[[int], int]
    fed: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Begin anew."""

    def above_start(self) -> int | None:
        """The last fed size's."""
        return self.takes(self.fed[-1])


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the system tells no high-water mark")
def test_a_freed_allocation_stays_in_the_peak_until_the_next_start() -> None:
    """64 MiB that were held for a moment are seen, and a second time not any more, in a process of their own."""
    code = (
        "import numpy as np\nfrom agent.memory.peak import ProcessMeter\nmeter = ProcessMeter()\nmeter.start()\n"
        "held = np.ones(64 << 20, dtype=np.uint8)\ndel held\nfirst = meter.above_start()\nmeter.start()\n"
        "print(first, meter.above_start())"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=PROJECT).stdout
    first, second = map(int, said.split())
    assert first == pytest.approx(64 * MIB, rel=0.1)
    assert second < 8 * MIB


def test_cuda_s_peak_is_torch_s_own() -> None:
    """Above what was allocated at the start."""
    calls: list[str] = []
    cuda = SimpleNamespace(
        reset_peak_memory_stats=lambda _: calls.append("reset"),
        memory_allocated=lambda _: 100,
        max_memory_allocated=lambda _: 350,
    )
    meter = CudaMeter(cuda)
    meter.start()
    assert calls == ["reset"]
    assert meter.above_start() == 250


def formula(tokens: int) -> int:
    """What the plan says."""
    return PLAN.at(tokens).above_weights


@pytest.mark.parametrize(
    ("takes", "fixed", "per_token"),
    [
        (lambda n: formula(n) + 5_000, 5_000, 0.0),
        (lambda n: formula(n) + 5_000 + 3_000 * n, 5_000 + MIB * 2_048 // 1_536, 3_000 - MIB / 1_536),
        (lambda n: formula(n) - 2_000, 0, 0.0),
        (lambda n: formula(n) - n, 0, 0.0),
    ],
)
def test_two_probes_tell_the_fixed_part_from_that_of_every_token(
    takes: Callable[[int], int], fixed: int, per_token: float
) -> None:
    """And never correct below the formula, which is what the tensors take."""
    meter = FakeMeter(takes)
    found = probed(PLAN, meter.fed.append, meter, clock=lambda: 0.0)
    assert found is not None
    assert meter.fed == [SIZES[0], *SIZES]
    assert found.workspace_bytes == pytest.approx(fixed, abs=2)
    assert found.per_token_bytes == pytest.approx(per_token)
    corrected = found.applied(PLAN)
    assert corrected.at(4_000).above_weights == pytest.approx(
        max(takes(4_000), formula(4_000)), abs=2 * MIB
    )  # what may be noise


def test_a_slow_device_is_probed_once_and_briefly() -> None:
    """Where the longer probe would take over ten seconds, the fixed part alone is kept."""
    meter = FakeMeter(lambda n: formula(n) + 7_000)
    ticks = iter(range(0, 1_000, 8))
    found = probed(PLAN, meter.fed.append, meter, clock=lambda: float(next(ticks)))
    assert found is not None
    assert meter.fed == [SIZES[0], SIZES[0]]
    assert (found.workspace_bytes, found.per_token_bytes) == (7_000, 0.0)


def test_a_probe_is_made_once_for_a_plan_on_a_machine(tmp_path: Path) -> None:
    """Another dtype or machine is another probe; a damaged note is made anew."""
    made: list[int] = []

    def run() -> Probe:
        made.append(1)
        return Probe(5, 0.5, (), 1.0)

    assert remembered(PLAN, "here", tmp_path, run) == remembered(PLAN, "here", tmp_path, run) == Probe(5, 0.5, (), 1.0)
    assert len(made) == 1
    remembered(PLAN, "there", tmp_path, run)
    remembered(replace(PLAN, dtype="bfloat16"), "here", tmp_path, run)
    assert len(made) == 3
    for note in tmp_path.glob("*.json"):
        note.write_text("{", encoding="utf-8")
    remembered(PLAN, "here", tmp_path, run)
    assert len(made) == 4


def guard(free_bytes: list[int]) -> Guard:
    """A guard on a machine whose free memory is what the list says, one reading after the other."""
    meter = FakeMeter(lambda n: 77, [1])
    return Guard(PLAN, meter, lambda: FreeMemory(free_bytes.pop(0) if len(free_bytes) > 1 else free_bytes[0], "test"))


def test_what_fits_is_predicted_and_measured() -> None:
    """The cache that was there before is part of both."""
    watch = guard([1 << 40])
    watch.before(CacheState(900, 0, lambda: None), input_tokens=700, max_new_tokens=100)
    assert watch.predicted_bytes == PLAN.feeding(reused_tokens=0, input_tokens=700, tokens=800)
    assert watch.after() == 77 + 900


def test_what_cannot_fit_is_refused_with_the_numbers_and_the_next_is_tried() -> None:
    """The cache is dropped first; one refusal in a row, so that a wrong prediction cannot end a run."""
    watch = guard([1 * MIB])
    dropped: list[int] = []
    held = CacheState(500, 0, lambda: dropped.append(1))
    with pytest.raises(OutOfMemory, match="was not tried") as caught:
        watch.before(held, input_tokens=3_000, max_new_tokens=100)
    assert dropped
    fits = caught.value.fits_tokens
    assert fits is not None
    assert PLAN.at(fits).above_weights <= 0.9 * MIB < PLAN.at(fits + 1).above_weights
    watch.before(held, input_tokens=3_000, max_new_tokens=100)
    with pytest.raises(OutOfMemory):
        watch.before(held, input_tokens=3_000, max_new_tokens=100)


def test_a_cache_that_stands_in_the_way_is_dropped_before_anything_is_refused() -> None:
    """With its memory back, the generation fits."""
    watch = guard([100, 1 << 40])
    dropped: list[int] = []
    watch.before(CacheState(10, 5, lambda: dropped.append(1)), input_tokens=2_000, max_new_tokens=10)
    assert dropped == [1]
    assert watch.predicted_bytes == PLAN.feeding(reused_tokens=0, input_tokens=2_000, tokens=2_010)
