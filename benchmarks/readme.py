"""The README's tables, made from benchmarks/results: `python -m benchmarks.readme` writes them between their markers.

A table stands between `<!-- quality -->` and `<!-- /quality -->`, `<!-- speed -->` and `<!-- /speed -->`,
`<!-- evidence -->` and `<!-- /evidence -->`.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .corpus import PROJECT
from .evidence import GOAL_TOKENS, by_kind, in_goal
from .interval import wilson
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


def evidence_table(kept: Fields) -> str:
    """In which card each planted fault's evidence stands, with tokens and seconds, as Markdown."""
    rows = [
        [
            kind.replace("_", " "),
            " ".join(str(case["card"] or "–") for case in cases),
            str(max(case["tokens"] for case in cases)),
            f"{max(case['seconds'] for case in cases):.0f}",
        ]
        for kind, cases in by_kind(kept)
    ]
    goal = wilson(sum(map(in_goal, kept["cases"].values())), len(kept["cases"]))
    words = (
        f"{goal.hits} of {goal.n} in the first or second card and at most {GOAL_TOKENS} tokens (one figure for each "
        f"seed; –: in no card; clean: no alarm in any card). {kept['model']}; cards: {', then '.join(kept['route'])}."
    )
    return f"{_table(['planted', 'card', 'tokens', 'seconds'], rows)}\n\n{words}"


TABLES: dict[str, Callable[[Fields], str]] = {
    "quality": quality_table,
    "speed": speed_table,
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
