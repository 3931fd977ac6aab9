"""The way in: start an investigation, or go on with one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from summarizers import Templates

from .ceiling import share_out
from .chat import Model
from .errors import BadSettings, BadTool
from .events import Observer, unobserved
from .ledger import Ledger
from .loop import Loop
from .notebook import Observation
from .parts import fixed_tokens, opened
from .run import RunFolder, RunInfo
from .settings import Settings
from .speaking import Speaking
from .tools import Tool, Toolbox
from .totals import Totals
from .verbs import verb_specs
from .words import Words


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an investigation came to; `reason` is "answered", "max_turns" or "slips"."""

    answer: str
    findings: tuple[Observation, ...]
    turns: int
    tokens: Totals
    reason: str
    run: RunFolder


def investigate(
    question: str,
    *,
    model: Model,
    tools: Iterable[Tool],
    run: Path,
    settings: Settings | None = None,
    observer: Observer = unobserved,
    templates: Templates | None = None,
    about: Mapping[str, object] | None = None,
) -> Outcome:
    """Let `model` investigate `question` with `tools`, under the settings' ceiling, in the new folder `run`.

    `observer` receives every event once it is written; `about` is noted in run.json for whoever resumes (the model's
    and the subject's folder, say). Raises `CeilingTooLow` before anything is generated, `RunFailed` where the folder
    holds a run already, and what the model back end raises; the run can then be resumed.
    """
    settings = settings or Settings()
    folder, toolbox = RunFolder(run), Toolbox(tools)
    _check(model, toolbox, settings)
    words = Words(templates or Templates(), model.counter)
    speaking = Speaking(model, (*verb_specs(), *toolbox.specs), words, folder, settings)
    share_out(settings, fixed_tokens(speaking, question))
    info = RunInfo(question, settings, model.name, dict(about or {}))
    folder.create(info)
    with opened(folder, info, model=model, tools=toolbox, templates=templates, observer=observer) as parts:
        return _outcome(Loop(parts).run(), folder)


def resume(
    run: Path,
    *,
    model: Model,
    tools: Iterable[Tool],
    settings: Settings | None = None,
    observer: Observer = unobserved,
    templates: Templates | None = None,
) -> Outcome:
    """Go on with a run from its folder, killed or ended; `settings` replace those it was started with.

    `model` and `tools` must be those it was started with. A call whose result is missing is answered from the store
    or run again. Raises `RunFailed` where the folder holds no run.
    """
    folder, toolbox = RunFolder(run), Toolbox(tools)
    info = folder.info()
    if settings is not None:
        info = replace(info, settings=settings)
    _check(model, toolbox, info.settings)
    with opened(folder, info, model=model, tools=toolbox, templates=templates, observer=observer) as parts:
        return _outcome(Loop(parts).run(), folder)


def _outcome(ledger: Ledger, folder: RunFolder) -> Outcome:
    return Outcome(
        answer=ledger.answer or "",
        findings=ledger.observations,
        turns=ledger.turn,
        tokens=ledger.totals,
        reason=ledger.reason,
        run=folder,
    )


def _check(model: Model, tools: Toolbox, settings: Settings) -> None:
    """Refuse what cannot work before anything is written."""
    taken = [spec.name for spec in verb_specs() if spec.name in tools]
    if taken:
        raise BadTool(f"{taken[0]} is one of the verbs every model gets; rename that tool")
    if model.context_tokens is not None and settings.ceiling > model.context_tokens:
        raise BadSettings(
            f"a ceiling of {settings.ceiling:,} tokens is more than {model.name} can read ({model.context_tokens:,}); "
            f"lower the ceiling to {model.context_tokens:,} or less"
        )
