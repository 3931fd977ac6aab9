"""`python -m benchmarks.memory`: who survives an investigation under a memory cap, and how well memory is predicted.

Each run is a process of its own under a limit on its data segment (on CUDA: on torch's share of the device). The
original loop dumps every result into the prompt and prunes all but the last three exchanges; ours derives its ceiling.
Both make the same calls, whose results have 1,000 to 5,000 tokens, with eager attention. Then predicted against
measured peaks, in chunks of 512 and at once. What is not run again is kept from the last time.
"""

import json
import platform
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .corpus import PROJECT
from .memory_report import print_memory, write_memory_plot
from .progress import Tick, progress

Fields = dict[str, Any]
GIB = 1 << 30
SIZES = (1024, 2048, 4096, 8192)
BUNDLED, SHALLOW, QWEN2 = "SmolLM2-135M", "2 layers of its shape", "Qwen2, random"


@dataclass(frozen=True, slots=True)
class Survival:
    """One loop on one model for so many turns under a cap."""

    loop: str
    model: str
    turns: int
    cap_bytes: int

    @property
    def name(self) -> str:
        """What the result is kept under."""
        return f"{self.loop}, {self.model}, {self.turns} turns, {self.cap_bytes / GIB:g} GiB"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Predicted against measured of one model and attention; `chunk_tokens` None is the whole prompt at once."""

    model: str
    attention: str
    chunk_tokens: int | None

    @property
    def name(self) -> str:
        """What the result is kept under."""
        how = f"chunks of {self.chunk_tokens}" if self.chunk_tokens else "at once"
        return f"{self.model}, {self.attention}, {how}"


SURVIVALS = (
    Survival("naive", BUNDLED, 25, 4 * GIB),
    Survival("ours", BUNDLED, 25, 4 * GIB),
    Survival("naive", SHALLOW, 25, 4 * GIB),
    Survival("ours", SHALLOW, 25, 4 * GIB),
    Survival("ours", SHALLOW, 100, 4 * GIB),
    Survival("naive", SHALLOW, 25, GIB),
    Survival("ours", SHALLOW, 25, GIB),
)
ACCURACIES = tuple(
    Accuracy(model, attention, chunk)
    for model in (BUNDLED, QWEN2)
    for attention in ("eager", "sdpa")
    for chunk in (512, None)
)


def run_memory(
    out: Path | None = None,
    *,
    survivals: Sequence[Survival] = SURVIVALS,
    accuracies: Sequence[Accuracy] = ACCURACIES,
    sizes: Sequence[int] = SIZES,
    device: str = "cpu",
    dtype: str = "float32",
    models: Mapping[str, str] | None = None,
    show: bool = True,
) -> Fields:
    """Run the parts and return memory.json: those given anew, the others as `out` holds them; and write it there.

    `models` names the folders of models by what they are called here; those left out are made.
    """
    kept = _kept(out)
    found: Fields = {"version": 1, "machine": platform.machine(), "python": platform.python_version(), **kept}
    with _folders(models or {}) as folders, progress(len(survivals) + len(accuracies), show=show) as tick:
        common = {"device": device, "dtype": dtype}
        for one in survivals:
            fields = {"what": one.loop, "attention": "eager", "turns": one.turns, "cap_bytes": one.cap_bytes, **common}
            about = {"loop": one.loop, "model": one.model, "turns_asked": one.turns, "cap_bytes": one.cap_bytes}
            found["survival"][one.name] = about | _measured(one.name, one.model, fields, folders, tick)
            _write(found, out)
        for each in accuracies:
            fields = {"what": "accuracy", **asdict(each), "sizes": list(sizes), **common}
            found["accuracy"][each.name] = asdict(each) | _measured(each.name, each.model, fields, folders, tick)
            _write(found, out)
    if out is not None:
        write_memory_plot(found, out / "memory")
    return found


def _measured(name: str, model: str, fields: Fields, folders: "_Folders", tick: Tick) -> Fields:
    tick(name)
    lines, error = _child({**fields, "model": str(folders.of(model))})
    if fields["what"] == "accuracy":
        return {"sizes": [line for line in lines if "tokens" in line], **({"error": error} if error else {})}
    outcome: Fields = {}
    for line in lines:
        outcome |= line if "turn" not in line else {}
    turned = [line["turn"] for line in lines if "turn" in line]
    if "survived" not in outcome:  # the process itself was ended
        outcome |= {"survived": max(0, len(turned) - 1), "died": error, "answered": False, "answer_is_right": False}
    return outcome


def _child(fields: Fields) -> tuple[list[Fields], str | None]:
    """The lines of one measurement, and what its process died of."""
    command = [sys.executable, "-m", "benchmarks.memory_child", json.dumps(fields)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    said = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
    return lines, said[0][:300] if done.returncode else None


@dataclass(slots=True)
class _Folders:
    """The models by name, made where they are first needed."""

    place: Path
    given: Mapping[str, str]

    def of(self, name: str) -> Path:
        """The folder of a model."""
        if name in self.given:
            return Path(self.given[name])
        if name == BUNDLED:
            from agent.models import bundled_model

            return bundled_model()
        from .shallow import qwen2_folder, shallow_folder

        folder = self.place / name.replace(" ", "-")
        if not folder.is_dir():
            (shallow_folder if name == SHALLOW else qwen2_folder)(folder)
        return folder


@contextmanager
def _folders(given: Mapping[str, str]) -> Iterator[_Folders]:
    with tempfile.TemporaryDirectory(prefix="toolpager-models-") as place:
        yield _Folders(Path(place), given)


def _kept(out: Path | None) -> Fields:
    path = None if out is None else out / "memory.json"
    if path is None or not path.exists():
        return {"survival": {}, "accuracy": {}}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {"survival": kept["survival"], "accuracy": kept["accuracy"]}


def _write(found: Fields, out: Path | None) -> None:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "memory.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _chosen(pattern: str | None) -> tuple[list[Survival], list[Accuracy]]:
    survivals = [one for one in SURVIVALS if pattern is None or pattern in f"survival {one.name}"]
    return survivals, [one for one in ACCURACIES if pattern is None or pattern in f"accuracy {one.name}"]


def main() -> None:
    """The command line: tables, or with --json the JSON, on standard output; files with --out."""
    parser = ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for memory.json, memory.png and memory.svg")
    parser.add_argument("--only", help="only the parts with this in their name, such as survival, accuracy, Qwen2")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--dtype", default="float32", help="float32, float16 or bfloat16")
    parser.add_argument("--list", action="store_true", help="name the parts and end")
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    chosen = parser.parse_args()
    survivals, accuracies = _chosen(chosen.only)
    if not survivals and not accuracies:
        parser.exit(2, f"no part has {chosen.only!r} in its name; see --list\n")
    if chosen.list:
        print("\n".join([f"survival {one.name}" for one in survivals] + [f"accuracy {one.name}" for one in accuracies]))
        return
    found = run_memory(chosen.out, survivals=survivals, accuracies=accuracies, device=chosen.device, dtype=chosen.dtype)
    if chosen.json:
        print(json.dumps(found))
    else:
        print_memory(found)


if __name__ == "__main__":
    main()
