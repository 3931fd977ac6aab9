"""What an import loads: starting is part of every answer, so nothing is loaded before it is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = {
    "charset_normalizer", "drain3", "duckdb", "ijson", "matplotlib", "numpy", "rapidfuzz", "regex", "rich", "tiktoken",
    "torch", "transformers",
}  # fmt: skip


def loaded(code: str) -> set[str]:
    """The heavy packages that a new process has loaded after running `code`."""
    asked = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], cwd=PROJECT, check=True, capture_output=True, text=True)
    return HEAVY & set(done.stdout.split())


@pytest.mark.parametrize("package", ["pager", "summarizers", "agent", "agent.cli"])
def test_an_import_loads_nothing_heavy(package: str) -> None:
    """Numbers, queries, patterns and tokenizers come when a result asks for them."""
    assert loaded(f"import {package}") == set()


def test_keeping_and_finding_text_needs_no_numbers() -> None:
    """A log is kept, opened and searched without numpy and without the database that answers queries."""
    code = "from pager import Pager\nwith Pager() as p: p.put('a\\nb'); p.open('r1'); p.find('r1', 'b')"
    assert loaded(code) == {"regex", "tiktoken"}
