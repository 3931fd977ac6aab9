"""The README's tables, made from benchmarks/results: `python -m benchmarks.readme` writes them between their markers.

A table stands between `<!-- quality -->` and `<!-- /quality -->`, `<!-- speed -->` and `<!-- /speed -->`, and so on.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .corpus import PROJECT
from .report import interval, share

RESULTS = PROJECT / "benchmarks" / "results"
Fields = Mapping[str, Any]


def quality_table(quality: Fields) -> str:
    """Recall by method and budget, located recall, and reach, as Markdown."""
    budgets = [str(budget) for budget in quality["budgets"]]
    rows = [
        [method["name"], *(share(method["recall"][budget]) for budget in budgets), share(method.get("located"))]
        for method in quality["methods"]
    ]
    ours = quality["methods"][0]
    about = quality["corpus"]
    reach = [
        f"{name}: {found['within_2_calls_500_tokens']['hits']} of {found['within_2_calls_500_tokens']['n']}"
        for name, found in quality["reach"].items()
    ]
    at_150 = ours["recall"]["150"]
    words = (
        f"{about['gist facts decided by containment']} facts of {about['results']} real tool results, held by a text "
        f"of at most so many tokens ({quality['tokenizer'].removeprefix('tiktoken:')}); located: answer and place, at "
        f"150 tokens. toolpager at 150: {share(at_150)} [{interval(at_150)}], 95 % interval over files. "
        f"Detail facts reached in 2 calls and 500 tokens by a fixed rule: {'; '.join(reach)}."
    )
    return f"{_table(['method', *budgets, 'located'], rows)}\n\n{words}"


def speed_table(speed: Fields) -> str:
    """Milliseconds of put + card and of the peers on the five cases, as Markdown."""
    times: Mapping[str, Mapping[str, object]] = speed["cases"]["milliseconds"]
    names = list(next(iter(times.values())))
    rows = [[who, *(_time(by_name[name]) for name in names)] for who, by_name in times.items()]
    works = ", ".join(f"{name} {found['milliseconds']:.0f} ms" for name, found in speed["works"].items())
    logs = ", ".join(
        f"{size} log {found['seconds']:.1f} s and {found['peak_megabytes']:.0f} MB"
        for size, found in speed["logs"].items()
    )
    return f"{_table(['milliseconds', *names], rows)}\n\n{works}. Storing and summarizing: {logs}."


def schedule_table(schedule: Fields) -> str:
    """Tokens computed for each that came, by schedule, and the share of prompts above the ceiling, as Markdown."""
    works: Mapping[str, Fields] = schedule["workloads"]
    rows = [
        [policy, *(_times(work["policies"][policy]) for work in works.values())]
        for policy in next(iter(works.values()))["policies"]
    ]
    said = [_replayed(*pair) for pair in _pairs(schedule["replayed"])]
    return "\n\n".join([_table(["tokens computed for each that came in", *works], rows), *said])


def _times(told: Fields) -> str:
    over = f" ({told['over_the_ceiling']:.0%} over)" if told["over_the_ceiling"] else ""
    return f"{told['times_least']:.2f}{over}"


def _pairs(replayed: Sequence[Fields]) -> list[tuple[Fields, Fields]]:
    """Each run with the cache beside the same without."""
    return [
        (one, other)
        for one in replayed
        for other in replayed
        if one["reuse"] and not other["reuse"] and (one["model"], one["ceiling"]) == (other["model"], other["ceiling"])
    ]


def _replayed(reuse: Fields, without: Fields) -> str:
    layers = "" if reuse["layers"] == "all" else f" (its first {reuse['layers']} layers)"
    times, fewer = reuse["computed_tokens"] / reuse["least_tokens"], without["wall_seconds"] / reuse["wall_seconds"]
    return (
        f"{reuse['turns']} turns of a real run on {reuse['model']}{layers} under a ceiling of {reuse['ceiling']:,}: "
        f"{reuse['computed_tokens']:,} prompt tokens computed, {times:.2f} of each once "
        f"({without['computed_tokens']:,} without the cache), "
        f"{reuse['wall_seconds']:.0f} s against {without['wall_seconds']:.0f} s, {fewer:.1f} times faster "
        f"(processor time {reuse['cpu_seconds']:.0f} against {without['cpu_seconds']:.0f} s)."
    )


TABLES: dict[str, Callable[[Fields], str]] = {
    "quality": quality_table,
    "speed": speed_table,
    "schedule": schedule_table,
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


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _time(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, float) else "failed"


def main() -> None:
    """Writes README.md; exit status 1 when nothing had markers."""
    path = PROJECT / "README.md"
    readme = path.read_text(encoding="utf-8")
    path.write_text(with_tables(readme), encoding="utf-8")
    sys.exit(0 if has_markers(readme) else 1)


if __name__ == "__main__":
    main()
