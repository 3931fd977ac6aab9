"""The way in: start an investigation, or go on with one."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from summarizers import Templates

from .ceiling import share_out
from .coverage import Unseen, unseen
from .errors import BadSettings, BadTool
from .events import Observer, read_events, unobserved
from .generation import GuardedModel
from .ledger import Ledger
from .loop import Loop
from .messages import Model
from .notebook import Author, Observation
from .parts import Parts, fixed_tokens, opened
from .plan import steps_left
from .run import RunFolder, RunInfo
from .settings import Settings
from .tools import Tool, Toolbox
from .totals import Totals
from .typed import check_schema
from .verbs import verb_specs
from .words import Words


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an investigation came to; `reason` is "answered", "max_turns" or "slips".

    `answer` is what a person reads, `said` the model's own words for it, `rests_on` the numbers of the findings it
    shows, `unsupported` what those do not say of the words, and `by` who chose what it says: the model, the loop where
    nothing of the model's could be used, or None.
    `unseen` is what it did not look at, `steps_left` the steps of its plan that no finding settles, `typed` the answer
    as JSON where a schema was given (None where no reply fitted it).
    """

    answer: str
    findings: tuple[Observation, ...]
    turns: int
    tokens: Totals
    reason: str
    run: RunFolder
    unseen: Unseen = field(default_factory=Unseen)
    steps_left: tuple[str, ...] = ()
    typed: object = None
    said: str = ""
    rests_on: tuple[int, ...] = ()
    unsupported: tuple[str, ...] = ()
    by: Author | None = None

    @property
    def evidence(self) -> tuple[str, ...]:
        """The addresses that the findings rest on, each once."""
        return tuple(dict.fromkeys(address for one in self.findings for address in one.evidence))


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
    plan: Sequence[str] = (),
    answer_schema: Mapping[str, object] | None = None,
) -> Outcome:
    """Let `model` investigate `question` with `tools`, under the settings' ceiling, in the new folder `run`.

    `observer` receives every event once it is written; `about` is noted in run.json for whoever resumes (the model's
    and the subject's folder, say). `plan` are steps put before the model; `answer_schema` is a JSON schema that the
    answer is to fit, given in words first and then as JSON, decoded under the schema. Raises `CeilingTooLow` and
    `BadInput` before anything is generated, `RunFailed` where the folder holds a run already, and what the model back
    end raises; the run can then be resumed.
    """
    settings = settings or Settings()
    folder, toolbox = RunFolder(run), Toolbox(tools)
    _check(model, toolbox, settings)
    words = Words(templates or Templates(), model.counter, tuple(plan))
    guarded = GuardedModel(model, (*verb_specs(steps=len(plan)), *toolbox.specs), words, folder, settings)
    fixed = fixed_tokens(guarded, question)
    share_out(settings, fixed)
    _check_schema(answer_schema, words, settings, fixed)
    info = RunInfo(question, settings, model.name, dict(about or {}), tuple(plan), answer_schema)
    folder.create(info)
    with opened(folder, info, model=model, tools=toolbox, templates=templates, observer=observer) as parts:
        return _outcome(Loop(parts).run(), parts)


def resume(
    run: Path,
    *,
    model: Model,
    tools: Iterable[Tool],
    settings: Settings | None = None,
    observer: Observer = unobserved,
    templates: Templates | None = None,
    message: str | None = None,
) -> Outcome:
    """Go on with a run from its folder, killed or ended; `settings` replace those it was started with.

    `message` is what a person asks next: the run then goes on to an answer to it. Raises `BadInput` for too long a one.
    `model` and `tools` must be those it was started with. A call whose result is missing is answered from the store
    or run again. Raises `RunFailed` where the folder holds no run.
    """
    folder, toolbox = RunFolder(run), Toolbox(tools)
    info = folder.info()
    if settings is not None:
        info = replace(info, settings=settings)
    _check(model, toolbox, info.settings)
    with opened(folder, info, model=model, tools=toolbox, templates=templates, observer=observer) as parts:
        loop = Loop(parts)
        ledger = loop.run()
        if message is not None:
            loop.hear(message)
            ledger = loop.run()
        return _outcome(ledger, parts)


def _outcome(ledger: Ledger, parts: Parts) -> Outcome:
    plan, conclusion = parts.info.plan, ledger.conclusion
    return Outcome(
        answer=ledger.answer or "",
        findings=ledger.observations,
        turns=ledger.turn,
        tokens=ledger.totals,
        reason=ledger.reason,
        run=parts.folder,
        unseen=unseen(read_events(parts.folder.events_path), parts.pager),
        steps_left=tuple(plan[number - 1] for number in steps_left(plan, parts.words.settled(ledger.observations))),
        said=conclusion.said if conclusion else "",
        rests_on=conclusion.rests_on if conclusion else (),
        unsupported=conclusion.unsupported if conclusion else (),
        by=conclusion.by if conclusion else None,
        typed=None if ledger.typed is None else json.loads(ledger.typed),
    )


def _check_schema(
    schema: Mapping[str, object] | None, words: Words, settings: Settings, fixed: Mapping[str, int]
) -> None:
    """Refuse a schema that is none, or that leaves no room for what it is asked about."""
    if schema is None:
        return
    check_schema(schema, "the answer's schema")
    size = words.counter.count(words.typed(schema))
    room = settings.ceiling - settings.max_new_tokens - sum(fixed.values())
    if size > room // 2:
        enough = settings.ceiling + 2 * size - room
        raise BadSettings(
            f"the answer's schema takes {size:,} tokens, more than half of the {room:,} that a ceiling of "
            f"{settings.ceiling:,} leaves; shorten it, or raise the ceiling to at least {enough:,}"
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
