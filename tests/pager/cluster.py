"""A PostgreSQL server that tests start and stop."""

import subprocess
from pathlib import Path


class Cluster:
    """A PostgreSQL server of the tests' own, listening on a socket in a folder; it can be stopped and started."""

    def __init__(self, programs: Path, user: list[str], folder: Path) -> None:
        self.url = f"postgresql://tester@/postgres?host={folder}"
        self._folder = folder
        self._control = [*user, programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log"]
        make = [*user, programs / "initdb", "-D", folder / "data", "-U", "tester", "-A", "trust", "-N"]
        self._run(make)

    def start(self) -> None:
        """Take connections."""
        options = f"-k {self._folder} -c listen_addresses= -c fsync=off -c full_page_writes=off"
        self._run([*self._control, "-o", options, "start"])

    def stop(self, mode: str = "fast") -> None:
        """End all connections, and answer none."""
        self._run([*self._control, "-m", mode, "stop"])

    def _run(self, command: list[str | Path]) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
