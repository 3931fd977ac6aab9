"""The README's tables, made from benchmarks/results: `python -m benchmarks.readme` writes them between their markers.

A table stands between `<!-- quality -->` and `<!-- /quality -->`; so for each of `TABLES`.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .corpus import PROJECT
from .memory_report import SURVIVAL, off_by, sizes_of, survival_rows
from .policies import loop_name
from .report import interval, share
from .speed_report import FIRST_PAGE, first_page_cells, shown

RESULTS = PROJECT / "benchmarks" / "results"
Fields = Mapping[str, Any]


def quality_table(quality: Fields) -> str:
    """Recall by method and budget, located recall, and reach, as Markdown."""
    budgets = [str(budget) for budget in quality["budgets"]]
    rows = [
        [method["name"], *(share(method["recall"].get(budget)) for budget in budgets), share(method.get("located"))]
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
    tables = [_table(["method", *budgets, "located"], rows), words]
    return "\n\n".join(filter(None, [*tables, _raw_tokens(quality["methods"]), _readers(quality.get("reader", {}))]))


def _raw_tokens(methods: Sequence[Fields]) -> str:
    """What peers that know no budget, or do not keep it, give by themselves."""
    raw = [f"{one['name']} {one['median_tokens_before_cut']:.0f}" for one in methods if "failures" in one]
    return (
        f"Peers' texts are cut to the budget; before that they have, in the median of tokens: {', '.join(raw)}."
        * bool(raw)
    )


def _readers(readers: Fields) -> str:
    if not readers:
        return ""
    about = next(iter(readers.values()))
    methods = list(about["right"])
    rows = [
        [name, *(f"{share(found['right'][one])} [{interval(found['right'][one])}]" for one in methods)]
        for name, found in readers.items()
    ]
    words = (
        f"And what a model answers right, asked {about['questions']} of the corpus's gist questions on nothing but "
        f"{about['budget']} tokens of text:"
    )
    return f"{words}\n\n{_table(['reader', *methods], rows)}"


def speed_table(speed: Fields) -> str:
    """Milliseconds of put + card and of the peers on the five cases, then large files, as Markdown."""
    times: Mapping[str, Mapping[str, object]] = speed["cases"]["milliseconds"]
    names = list(next(iter(times.values())))
    rows = [[who, *(shown(by_name[name]) for name in names)] for who, by_name in times.items()]
    works = ", ".join(f"{name} {shown(found['milliseconds'])}" for name, found in speed["works"].items())
    starts = ", ".join(f"{name} {shown(ms)}" for name, ms in speed["start"].items())
    logs = ", ".join(
        f"{size} in {found['seconds']:.1f} s and {found['peak_megabytes'] + found['base_megabytes']:.0f} MB"
        for size, found in speed["logs"].items()
    )
    large = [
        [f"{found['megabytes']} MB of {name}", *first_page_cells(found)] for name, found in speed["first_page"].items()
    ]
    parts = [_table(["milliseconds", *names], rows), f"In milliseconds: {works}.", f"A whole process: {starts}."]
    parts += [f"Storing and summarizing a log: {logs}."] * bool(logs)
    parts += [_table(FIRST_PAGE, large)] * bool(large)
    return "\n\n".join(parts)


def investigate_table(found: Fields) -> str:
    """Whether each loop's answers name the planted faults, and what that cost, as Markdown."""
    head = ["loop", "answer names it", "95 %", "a finding does", "turns", "tokens in", "computed", "peak", "seconds"]
    parts = []
    for model, ceiling, turns in dict.fromkeys(map(_setting, found["loops"])):
        of = [row for row in found["loops"] if _setting(row) == (model, ceiling, turns)]
        title = f"{model} driving, ceiling {ceiling:,}, at most {turns} turns, {of[0]['networks']} planted networks:"
        parts.append(f"{title}\n\n{_table(head, [_loop_row(row) for row in of])}")
    return "\n\n".join(parts)


def _setting(row: Fields) -> tuple[str, int, int]:
    return row["model"], row["ceiling"], row["max_turns"]


def _loop_row(row: Fields) -> list[str]:
    costs = (f"{row[name]:,.0f}" for name in ("input_tokens", "computed_tokens", "peak_tokens", "seconds"))
    solved, found = row["solved"], row["found"]
    shares = (f"{solved['hits']}/{solved['n']}", interval(solved), f"{found['hits']}/{found['n']}")
    return [loop_name(row["loop"]), *shares, f"{row['turns']:.1f}", *costs]


def memory_table(memory: Fields) -> str:
    """Who survived which cap, and how far predictions were off, as Markdown."""
    rows = list(survival_rows(memory))
    cells = [
        (off, cell) for one in memory["accuracy"].values() for cell in one["sizes"] if (off := off_by(cell)) is not None
    ]
    within = sum(abs(off) <= 0.1 for off, _ in cells)
    worst = max((off for off, _ in cells), key=abs, default=0.0)
    sizes = sizes_of(memory)
    words = (
        f"Predicted peak against measured, eager and sdpa, in chunks and at once, at {sizes[0]:,} to {sizes[-1]:,} "
        f"tokens: within 10 % in {within} of {len(cells)} cells, at most {worst:+.0%}."
        if cells
        else ""
    )
    return f"{_table(SURVIVAL, rows)}\n\n{words}".rstrip()


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
    "investigate": investigate_table,
    "memory": memory_table,
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
