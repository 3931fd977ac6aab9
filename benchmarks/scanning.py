"""How long the scan of all weights takes beside reading the file and computing plain moments with torch.

`python -m benchmarks.scanning` times both in turn, several times, and keeps the best of each: other work on the machine
only ever adds. The plain side computes what anyone would write first: mean, variance, largest size, zeros, norm and
kurtosis of every tensor in float32, one after the other, on one thread; the scan does that and looks for anomalies.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .corpus import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "scanning.json"
GOAL = 1.5


def plain_moments(folder: Path) -> None:
    """Read every tensor and compute its moments as plainly as torch allows."""
    import torch
    from safetensors import safe_open

    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(str(file), framework="pt") as handle:
            for name in handle.keys():  # noqa: SIM118  a safetensors handle is no mapping
                numbers = handle.get_tensor(name).float()
                centred = numbers - numbers.mean()
                variance = centred.square().mean()
                kurtosis = centred.pow(4).mean() / variance.square()
                figures = (variance, kurtosis, numbers.abs().max(), (numbers == 0).sum(), numbers.norm())
                torch.stack([figure.float() for figure in figures]).tolist()


def scan(folder: Path) -> None:
    """Scan the weights as the tool does, anomalies included."""
    from agent.introspection import Introspection, Subject

    Introspection(Subject(folder)).get_weight_statistics()


def compare(folder: Path, *, repeats: int = 5) -> dict[str, object]:
    """Time both in turn on one thread; seconds are the best of `repeats`, after one run of each to warm up."""
    from agent.introspection.threads import few_threads

    times: dict[str, list[float]] = {"plain moments": [], "scan": []}
    work: dict[str, Callable[[Path], None]] = {"plain moments": plain_moments, "scan": scan}
    with few_threads():
        for repeat in range(repeats + 1):
            for name, run in work.items():
                started = time.perf_counter()
                run(folder)
                if repeat:
                    times[name].append(time.perf_counter() - started)
    best = {name: round(min(found), 3) for name, found in times.items()}
    return {
        "model": folder.name,
        "seconds": best,
        "ratio": round(best["scan"] / best["plain moments"], 2),
        "goal": GOAL,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    from agent.models import bundled_model, local_folder

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a model folder or .gguf file; the bundled model by default")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    found = compare(Path(local_folder(given.model)) if given.model else bundled_model(), repeats=given.repeats)
    given.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
