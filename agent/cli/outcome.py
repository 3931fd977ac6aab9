"""What an investigation came to, as the command prints it."""

import shlex

from ..investigation import Outcome
from ..report import chart_lines, run_generations
from ..totals import Totals
from .output import print_json, print_text

_LISTED = 6


def outcome_fields(outcome: Outcome) -> dict[str, object]:
    """The outcome for programs."""
    return {
        "answer": outcome.answer,
        "said": outcome.said,
        "rests_on": list(outcome.rests_on),
        "unsupported": list(outcome.unsupported),
        "by": outcome.by,
        "typed": outcome.typed,
        "reason": outcome.reason,
        "turns": outcome.turns,
        "findings": [
            {
                "number": one.number,
                "finding": one.finding,
                "by": one.author,
                "turn": one.turn,
                "evidence": list(one.evidence),
            }
            for one in outcome.findings
        ],
        "evidence": [{"address": address, "open": opening(address, outcome)} for address in outcome.evidence],
        "not_looked_at": {
            "tools": list(outcome.unseen.tools),
            **{f"{axis}s": list(places) for axis, places in (outcome.unseen.axes or {}).items()},
            "parts": {one.result: list(one.parts) for one in outcome.unseen.results},
        },
        "steps_left": list(outcome.steps_left),
        "input_tokens": outcome.tokens.input_tokens,
        "new_tokens": outcome.tokens.new_tokens,
        "reused_tokens": outcome.tokens.reused_tokens,
        "computed_tokens": outcome.tokens.computed_tokens,
        "peak_tokens": outcome.tokens.peak_tokens,
        "run": str(outcome.run.path),
    }


def opening(address: str, outcome: Outcome) -> str:
    """The command that opens an address of a run."""
    return f"toolpager open {shlex.quote(address)} --run {shlex.quote(str(outcome.run.path))}"


def show_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """Print the answer, the findings and how to open their evidence, what was not looked at, and the tokens."""
    if as_json:
        print_json(outcome_fields(outcome))
        return
    lines = ["", "answer", *(f"  {line}" for line in (outcome.answer or "(none)").splitlines())]
    if outcome.typed is not None:
        lines.append(f"  as JSON: {outcome.typed}")
    lines += ["", "findings"]
    lines += [_finding(outcome, number) for number in range(len(outcome.findings))] or ["  none"]
    if outcome.evidence:
        lines += [
            "",
            "evidence: any address opens",
            *(f"  {opening(one, outcome)}" for one in outcome.evidence[:_LISTED]),
        ]
        lines += [f"  and {len(outcome.evidence) - _LISTED} more"] if len(outcome.evidence) > _LISTED else []
    left = [*(f"step never settled: {step}" for step in outcome.steps_left), *outcome.unseen.lines()]
    lines += ["", "not looked at", *(f"  {line}" for line in left)] if left else []
    lines += ["", "tokens of every generation: # prompt, . reserve, | ceiling"]
    lines += [f"  {line}" for line in chart_lines(run_generations(outcome.run.path))]
    lines += ["", _spent(outcome.tokens)]
    lines += ["", f"run {outcome.run.path}: report.html, report.md, events.jsonl, prompts/, store/"]
    print_text("\n".join(lines) + "\n")


def _spent(spent: Totals) -> str:
    read = f"{spent.input_tokens:,} prompt tokens: {spent.reused_tokens:,} reused, {spent.computed_tokens:,} computed"
    return f"{read}; {spent.new_tokens:,} generated; {spent.seconds:.1f} s"


def _finding(outcome: Outcome, place: int) -> str:
    one = outcome.findings[place]
    evidence = f": {', '.join(one.evidence)}" if one.evidence else ""
    return f"  {one.number}. {one.finding} [{one.author}, turn {one.turn}{evidence}]"
