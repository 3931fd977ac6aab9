"""The tables of both READMEs, made from benchmarks/results: `python -m benchmarks.readme` writes them in place.

A table stands between `<!-- quality -->` and `<!-- /quality -->`; so for each of `TABLES`, and for `headline`, a line
of each.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .corpus import PROJECT
from .tables.evidence import evidence_table
from .tables.headline import headline_table
from .tables.integrations import integrations_table
from .tables.investigate import investigate_table
from .tables.memory import memory_table
from .tables.quality import quality_table
from .tables.schedule import schedule_table
from .tables.speed import speed_table

RESULTS = PROJECT / "benchmarks" / "results"
READMES = (PROJECT / "README.md", PROJECT / "benchmarks" / "README.md")
Fields = Mapping[str, Any]

TABLES: dict[str, Callable[[Fields], str]] = {
    "quality": quality_table,
    "speed": speed_table,
    "memory": memory_table,
    "schedule": schedule_table,
    "integrations": integrations_table,
    "investigate": investigate_table,
    "evidence": evidence_table,
}


def with_tables(readme: str, results: Path = RESULTS) -> str:
    """A README with each table that has markers in it and a JSON in `results` written anew."""
    kept = {
        name: json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
        for name in TABLES
        if (results / f"{name}.json").exists()
    }
    for name in kept:
        if _has_place(readme, name):
            readme = _between(readme, name, TABLES[name](kept[name]))
    return _between(readme, "headline", headline_table(kept)) if _has_place(readme, "headline") else readme


def has_tables(readme: str) -> bool:
    """Whether any table has its place."""
    return any(_has_place(readme, name) for name in (*TABLES, "headline"))


def _has_place(readme: str, name: str) -> bool:
    return f"<!-- {name} -->" in readme


def _between(readme: str, name: str, text: str) -> str:
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    return re.sub(f"{start}.*?{end}", lambda _: f"{start}\n{text}\n{end}", readme, flags=re.DOTALL)


def write_readmes() -> None:
    """Write both READMEs with their tables."""
    for path in READMES:
        path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write_readmes()
