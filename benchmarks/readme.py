"""The README's tables, made from benchmarks/results: `python -m benchmarks.readme` writes them between their markers.

A table stands between `<!-- quality -->` and `<!-- /quality -->`; so for each of `TABLES`.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .corpus import PROJECT
from .tables.evidence import evidence_table
from .tables.integrations import integrations_table
from .tables.investigate import investigate_table
from .tables.memory import memory_table
from .tables.quality import quality_table
from .tables.schedule import schedule_table
from .tables.speed import speed_table

RESULTS = PROJECT / "benchmarks" / "results"
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
    """The README with each table that has markers in it and a JSON in `results` written anew."""
    for name, table in TABLES.items():
        file = results / f"{name}.json"
        if file.exists():
            text = table(json.loads(file.read_text(encoding="utf-8")))
            readme = _between(readme, name, text)
    return readme


def has_markers(readme: str) -> bool:
    """Whether any table has its place."""
    return any(f"<!-- {name} -->" in readme for name in TABLES)


def _between(readme: str, name: str, text: str) -> str:
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    return re.sub(f"{start}.*?{end}", lambda _: f"{start}\n{text}\n{end}", readme, flags=re.DOTALL)


def write_readme() -> bool:
    """Write README.md with its tables; False where it has no place for any."""
    path = PROJECT / "README.md"
    readme = path.read_text(encoding="utf-8")
    path.write_text(with_tables(readme), encoding="utf-8")
    return has_markers(readme)


def main() -> None:
    """Write README.md; exit status 1 when nothing had markers."""
    sys.exit(0 if write_readme() else 1)


if __name__ == "__main__":
    main()
