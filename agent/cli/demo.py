"""The demonstration: one fault planted in a copy of the bundled model, and an agent that looks for it."""

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from summarizers import Templates

from ..investigation import Outcome
from .investigate import start
from .live import Live
from .outcome import show_outcome
from .output import print_text, working
from .serving import BaseUrl, ModelChoice, ModelSource, ServedTokenizer

if TYPE_CHECKING:
    from ..introspection import Plant

QUESTION = "One fault was planted in the weights of this network. In which layer and module is it, and what is wrong?"


def demo(
    seed: Annotated[int, typer.Option(help="Which fault, and where.")] = 0,
    ceiling: Annotated[int, typer.Option(help="The most tokens of a generation: prompt and reserve.")] = 2048,
    max_turns: Annotated[int, typer.Option(help="Turns before the answer is asked for.")] = 8,
    run: Annotated[Path | None, typer.Option(help="A new folder for the run.")] = None,
    model: ModelSource = None,
    base_url: BaseUrl = None,
    tokenizer: ServedTokenizer = None,
) -> None:
    """Plant a fault in a copy of the bundled model, and let a model look for it."""
    from ..introspection import plant
    from ..models import bundled_model

    asked = ModelChoice(model, base_url=base_url, tokenizer=tokenizer)
    source = bundled_model()
    folder = run or Path("runs") / time.strftime("demo-%Y%m%d-%H%M%S")
    subject = Path(tempfile.mkdtemp(prefix="toolpager-subject-")) / source.name
    with working("planting a fault"):
        planted = plant(source, subject, seed)
    print_text(
        f"subject: {subject}, a copy of {source.name} with one planted fault (seed {seed})\nquestion: {QUESTION}\n"
    )
    outcome = start(
        QUESTION,
        subject=subject,
        model=asked,
        run=folder,
        settings={"max_turns": max_turns, "max_new_tokens": 128, "narrow_after": 1},
        ceiling=ceiling,
        templates=Templates(),
        observer=Live(),
    )
    show_outcome(outcome, as_json=False)
    verdicts = {"planted": planted.description, **judged(outcome, planted)}
    (folder / "plant.json").write_text(
        json.dumps({"kind": planted.kind, **verdicts}, indent=2) + "\n", encoding="utf-8"
    )
    print_text("".join(f"{name}: {_said(value)}\n" for name, value in verdicts.items()))


def judged(outcome: Outcome, planted: "Plant") -> dict[str, bool]:
    """Who named the plant: the model by what it recorded, said or picked; the loop by what it saved; the answer."""

    def named(author: str) -> bool:
        return any(planted.named_by(one.finding) for one in outcome.findings if one.author == author)

    shown = [one.finding for one in outcome.findings if one.number in outcome.rests_on]
    return {
        "a finding the model recorded names it": named("model"),
        "a finding the loop saved names it": named("loop"),
        "the model's last words name it": planted.named_by(outcome.said),
        "a finding the model picked for its answer names it": outcome.by == "model"
        and any(map(planted.named_by, shown)),
        "the answer names it": planted.named_by(outcome.answer),
    }


def _said(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
