"""The command that measures, from the checkout that carries the benchmarks."""

import runpy
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import BadInput

CHECKOUT = Path(__file__).resolve().parents[2]


class Benchmark(StrEnum):
    """What can be measured."""

    quality = "quality"
    speed = "speed"
    memory = "memory"
    integrations = "integrations"
    schedule = "schedule"
    investigate = "investigate"
    evidence = "evidence"


def bench(
    context: typer.Context,
    name: Annotated[
        Benchmark, typer.Argument(help="What to measure; further options are its own (see --help after it).")
    ],
) -> None:
    """Measure quality, speed, memory, schedules of shortening, investigations, their evidence, or integrations."""
    if not (CHECKOUT / "benchmarks" / "quality.py").is_file():
        raise BadInput(
            "the benchmarks come with the source, not with the package; run this from a clone of the project"
        )
    sys.path.insert(0, str(CHECKOUT))
    sys.argv = [f"toolpager bench {name}", *context.args]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
