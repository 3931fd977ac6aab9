"""A plan: the steps an investigation is to take, read from a file; progress stands with the findings."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from .errors import BadInput

MOST_STEPS = 20
_MARK = re.compile(r"\s*(?:(?:[-*+]|\d+[.)])(?:\s+|$))?(?:\[[ xX]?\](?:\s+|$))?")  # white space ends a mark
_LIST = re.compile(r'\s*\[\s*"')


def read_plan(path: Path) -> tuple[str, ...]:
    """The steps in a file: a JSON list of texts, or one step a line, list marks left out; headings are no steps."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is no text ({error.reason} at byte {error.start}); give one step a line") from error
    steps = _listed(text) if _LIST.match(text) else _lines(text)
    if not steps:
        raise BadInput(f"{path} holds no step; give one step a line")
    if len(steps) > MOST_STEPS:
        raise BadInput(f"{path} has {len(steps)} steps, more than the {MOST_STEPS} of a plan; join some of them")
    return steps


def steps_left(plan: tuple[str, ...], done: Iterable[int]) -> list[int]:
    """The numbers (from 1) of the steps that no finding settles."""
    settled = set(done)
    return [number for number in range(1, len(plan) + 1) if number not in settled]


def _listed(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(one) for one in json.loads(text))
    except ValueError as error:
        raise BadInput(f"the plan begins as a JSON list and is none ({error}); give one step a line") from error


def _lines(text: str) -> tuple[str, ...]:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    steps = (" ".join(_MARK.sub("", line, count=1).split()) for line in lines)
    return tuple(step for step in steps if step)
