"""In which card the evidence of a planted fault stands, as Markdown."""

from collections.abc import Mapping
from typing import Any

from ..evidence import GOAL_TOKENS, by_kind, in_goal
from ..interval import wilson
from .markdown import markdown_table

Fields = Mapping[str, Any]


def evidence_table(kept: Fields) -> str:
    """In which card each planted fault's evidence stands, with tokens and seconds, as Markdown."""
    rows = [
        [
            kind.replace("_", " "),
            " ".join(str(case["card"] or "–") for case in cases),
            str(max(case["tokens"] for case in cases)),
            f"{max(case['seconds'] for case in cases):.0f}",
        ]
        for kind, cases in by_kind(dict(kept))
    ]
    goal = wilson(sum(map(in_goal, kept["cases"].values())), len(kept["cases"]))
    words = (
        f"{goal.hits} of {goal.n} in the first or second card and at most {GOAL_TOKENS} tokens (one figure for each "
        f"seed; –: in no card; clean: no alarm in any card). {kept['model']}; cards: {', then '.join(kept['route'])}."
    )
    return f"{markdown_table(['planted', 'card', 'tokens', 'seconds'], rows)}\n\n{words}"
