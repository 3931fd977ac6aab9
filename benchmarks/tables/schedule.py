"""What schedules of shortening compute, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from .markdown import markdown_table

Fields = Mapping[str, Any]


def schedule_table(schedule: Fields) -> str:
    """Tokens computed for each that came, by schedule, and the share of prompts above the ceiling, as Markdown."""
    works: Mapping[str, Fields] = schedule["workloads"]
    rows = [
        [policy, *(_times(work["policies"][policy]) for work in works.values())]
        for policy in next(iter(works.values()))["policies"]
    ]
    said = [_replayed(*pair) for pair in _pairs(schedule["replayed"])]
    return "\n\n".join([markdown_table(["tokens computed for each that came in", *works], rows), *said])


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
