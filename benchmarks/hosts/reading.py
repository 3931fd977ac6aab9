"""The tool of every session, and the limits that the README's examples set."""

from pathlib import Path

CEILING = 8_000
MOST_TURNS = 200


def read(path: str) -> str:
    """Read a file.

    Args:
        path: where it is
    """
    return Path(path).read_bytes().decode()
