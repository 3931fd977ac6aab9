"""The main figures of all benchmarks in one table, as Markdown."""

from collections.abc import Callable, Mapping
from typing import Any

from ..evidence import in_goal
from ..policies import loop_name
from .markdown import markdown_table

Fields = Mapping[str, Any]
_BUDGET = "150"
_GIB = 1 << 30


def headline_table(results: Mapping[str, Fields]) -> str:
    """A line for each benchmark with kept results, ours beside the best or the original that it is compared with."""
    lines = [line(results[name]) for name, line in _LINES.items() if name in results]
    return markdown_table(["measured", "toolpager", "beside it"], [one for one in lines if one])


def _quality(quality: Fields) -> list[str]:
    shares = {one["name"]: one["recall"][_BUDGET]["share"] for one in quality["methods"] if _BUDGET in one["recall"]}
    others = {name: share for name, share in shares.items() if not name.startswith("toolpager")}
    best = max(others, key=lambda name: others[name])
    what = f"what a person would ask of 45 real tool results, held by {_BUDGET} tokens"
    return [what, f"{shares['toolpager']:.0%}", f"{best} {others[best]:.0%}"]


def _memory(memory: Fields) -> list[str]:
    runs = [one for one in memory["survival"].values() if one["model"].startswith("SmolLM2")]
    ours, naive = (next((one for one in runs if one["loop"] == loop), None) for loop in ("ours", "naive"))
    if ours is None or naive is None:
        return []
    what = (
        f"turns under a cap of {ours['cap_bytes'] / _GIB:.0f} GiB, results of 1,000 to 5,000 tokens, {ours['model']}, "
        "eager attention"
    )
    said = f"{ours['survived']} of {ours['turns_asked']}, peak {ours['peak_bytes'] / _GIB:.2f} GiB"
    return [what, said, f"the original loop dies in turn {naive['survived'] + 1}"]


def _schedule(schedule: Fields) -> list[str]:
    reuse = next(one for one in schedule["replayed"] if one["reuse"])
    without = next(one for one in schedule["replayed"] if not one["reuse"])
    what = f"prompt tokens computed over {reuse['turns']} turns, of {reuse['least_tokens']:,} that ever came"
    return [what, f"{reuse['computed_tokens']:,}", f"without the cache {without['computed_tokens']:,}"]


def _integrations(found: Fields) -> list[str]:
    hosts = [one for one in found["hosts"] if one["own_mechanism"] is not None]
    ours = [one["bare"]["tokens"] / one["paged"]["tokens"] for one in hosts]
    own = [one["bare"]["tokens"] / one["own"]["tokens"] for one in hosts]
    names = " and ".join(one["name"] for one in hosts)
    what = f"prompt tokens saved in a session of {found['results']} real results: {names}"
    return [what, _times(ours), f"their own {' and '.join(one['own_mechanism'] for one in hosts)} {_times(own)}"]


def _times(ratios: list[float]) -> str:
    return " and ".join(f"{ratio:.0f}×" for ratio in ratios)


def _evidence(evidence: Fields) -> list[str]:
    cases = list(evidence["cases"].values())
    what = "planted networks whose evidence stands in the first or second card, within 750 tokens"
    return [what, f"{sum(map(in_goal, cases))} of {len(cases)}", ""]


def _investigate(found: Fields) -> list[str]:
    first = found["loops"][0]
    of = [row for row in found["loops"] if (row["model"], row["ceiling"]) == (first["model"], first["ceiling"])]
    told = {loop_name(row["loop"]): row["solved"] for row in of}
    ours = told.pop("toolpager")
    best = max(told, key=lambda name: told[name]["hits"])
    what = f"planted faults named in the answer, {first['model']} driving under {first['ceiling']:,} tokens"
    return [what, f"{ours['hits']} of {ours['n']}", f"{best} {told[best]['hits']} of {told[best]['n']}"]


_LINES: dict[str, Callable[[Fields], list[str]]] = {
    "quality": _quality,
    "memory": _memory,
    "schedule": _schedule,
    "integrations": _integrations,
    "evidence": _evidence,
    "investigate": _investigate,
}
