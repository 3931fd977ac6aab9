"""How well loops find planted faults, as Markdown."""

from collections.abc import Mapping
from typing import Any

from ..policies import loop_name
from ..report import interval
from .markdown import markdown_table

Fields = Mapping[str, Any]


def investigate_table(found: Fields) -> str:
    """Whether each loop's answers name the planted faults, and what that cost, as Markdown."""
    head = [
        "loop",
        "answer names it",
        "95 %",
        "its own words do",
        "a finding of its own does",
        "turns",
        "tokens in",
        "computed",
        "peak",
        "seconds",
    ]
    parts = []
    for setting in dict.fromkeys(map(_setting, found["loops"])):
        model, ceiling, turns = setting
        of = [row for row in found["loops"] if _setting(row) == setting]
        title = f"{model} driving, ceiling {ceiling:,}, at most {turns} turns, {of[0]['networks']} planted networks:"
        parts.append(f"{title}\n\n{markdown_table(head, [_loop_row(row) for row in of])}")
    return "\n\n".join(parts)


def _setting(row: Fields) -> tuple[str, int, int]:
    return row["model"], row["ceiling"], row["max_turns"]


def _loop_row(row: Fields) -> list[str]:
    costs = (f"{row[name]:,.0f}" for name in ("input_tokens", "computed_tokens", "peak_tokens", "seconds"))
    shares = [f"{row[name]['hits']}/{row[name]['n']}" for name in ("solved", "worded", "found")]
    shares.insert(1, interval(row["solved"]))
    return [loop_name(row["loop"]), *shares, f"{row['turns']:.1f}", *costs]
