"""A progress bar on standard error, for people only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tick = Callable[[str], None]


@contextmanager
def progress(steps: int, *, show: bool = True) -> Iterator[Tick]:
    """A function to call at the beginning of each of `steps` steps with its name; draws nothing off a terminal."""
    if not show or not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=steps)
        yield lambda name: bar.update(task, advance=1, description=name)
