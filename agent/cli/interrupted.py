"""Ctrl-C while something is at work on a run: how it goes on."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..run import RunFolder
from .output import print_note


@contextmanager
def resumable(run: Path, command: str = "investigate") -> Iterator[None]:
    """Say how the run goes on, before the interruption ends the command. Here, because typer keeps it from main()."""
    try:
        yield
    except KeyboardInterrupt:
        if RunFolder(run).info_path.exists():
            print_note(f"interrupted; go on with: toolpager {command} --resume {shlex.quote(str(run))}")
        raise
