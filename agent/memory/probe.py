"""Two short prefills that tell what the formula leaves out on this machine."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from .peak import Meter
from .plan import Plan

SIZES = (512, 2048)
_NOISE_BYTES = 1 << 20  # that two equal prefills may differ by
_LONGEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Point:
    """One prefill: its tokens, what the formula said, what was measured; bytes above the weights."""

    tokens: int
    predicted_bytes: int
    measured_bytes: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What is to be added to the formula: a fixed part, and so much for every token."""

    workspace_bytes: int
    per_token_bytes: float
    points: tuple[Point, ...]
    seconds: float

    def applied(self, plan: Plan) -> Plan:
        """The plan, corrected."""
        return replace(plan, workspace_bytes=self.workspace_bytes, per_token_bytes=self.per_token_bytes)


def probed(
    plan: Plan, feed: Callable[[int], None], meter: Meter, *, clock: Callable[[], float] = time.perf_counter
) -> Probe | None:
    """Runs `feed(tokens)`, which prefills so many from an empty cache, at a short and a longer size.

    One short probe alone would be harmful: its fixed cost would be taken for one of every token. A first, unmeasured
    one touches the weights and makes what libraries keep for good (45 MiB, measured). A device so slow that the longer
    would take over 10 seconds gets a shorter one, or the fixed part alone. None where the peak cannot be measured.
    """
    began = clock()
    plan = replace(plan, workspace_bytes=0, per_token_bytes=0.0)
    most = plan.shape.context_tokens or SIZES[-1]
    short = min(SIZES[0], most)
    feed(short)
    started = clock()
    first = _measured(plan, feed, meter, short)
    longer = _longer(short, clock() - started, most)
    second = None if first is None or longer is None else _measured(plan, feed, meter, longer)
    points = [point for point in (first, second) if point is not None]
    return _fitted(points, clock() - began) if points else None


def _measured(plan: Plan, feed: Callable[[int], None], meter: Meter, tokens: int) -> Point | None:
    meter.start()
    feed(tokens)
    found = meter.above_start()
    return None if found is None else Point(tokens, plan.at(tokens).above_weights, found)


def _longer(size: int, seconds: float, most: int) -> int | None:
    affordable = int(size * _LONGEST_SECONDS / max(seconds, 1e-3))
    longer = min(SIZES[-1], most, affordable)
    return longer if longer >= 2 * size else None


def _fitted(points: Sequence[Point], seconds: float) -> Probe:
    """The line through what the formula missed, where that is more than noise; never below the formula itself."""
    missed = [point.measured_bytes - point.predicted_bytes for point in points]
    slope = 0.0
    if len(points) > 1:
        slope = max(0.0, (missed[1] - missed[0] - _NOISE_BYTES) / (points[1].tokens - points[0].tokens))
    fixed = max(0, *(round(miss - slope * point.tokens) for miss, point in zip(missed, points, strict=True)))
    return Probe(fixed, slope, tuple(points), round(seconds, 2))


def remembered(plan: Plan, machine: str, folder: Path, run: Callable[[], Probe | None]) -> Probe | None:
    """The probe of this plan on this machine, from `folder` where it was made before, else by `run`."""
    path = folder / f"{_key(plan, machine)}.json"
    known = _read(path)
    if known is not None:
        return known
    made = run()
    if made is not None:
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(json.dumps(asdict(made)) + "\n", encoding="utf-8")
        draft.replace(path)
    return made


def known_probe(plan: Plan, machine: str, folder: Path) -> Probe | None:
    """The probe of this plan on this machine, where one was made."""
    return _read(folder / f"{_key(plan, machine)}.json")


def _key(plan: Plan, machine: str) -> str:
    fields = {**asdict(replace(plan, workspace_bytes=0, per_token_bytes=0.0)), "machine": machine}
    return hashlib.blake2b(json.dumps(fields, sort_keys=True).encode(), digest_size=12).hexdigest()


def _read(path: Path) -> Probe | None:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        points = tuple(Point(**point) for point in fields.pop("points"))
        return Probe(points=points, **fields)
    except (OSError, ValueError, TypeError, KeyError):
        return None  # not made yet, or of another version: it is made anew
