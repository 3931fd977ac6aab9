"""The investigation: one step after the other, each decided from the ledger alone, so that a killed run goes on."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pager import Call, Pager
from summarizers import Templates

from .answering import Answering
from .ceiling import share_out
from .chat import Choice, Model, ToolCall
from .compaction import Compaction
from .errors import BadSettings, BadTool
from .events import Event, EventLog, Observer, read_events, unobserved
from .exchange import Answer, Exchange
from .ledger import Ledger, Totals
from .notebook import Notebook, Observation
from .run import RunFolder, RunInfo
from .settings import Settings
from .speaking import Asked, Speaking
from .tools import Tool, Toolbox
from .verbs import Finding, verb_specs
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
    _check_context(model, settings)
    folder, toolbox = RunFolder(run), Toolbox(tools)
    _check_names(toolbox)
    words = Words(templates or Templates(), model.counter)
    speaking = Speaking(model, (*verb_specs(), *toolbox.specs), words, folder, settings)
    share_out(settings, _fixed(speaking, words, question))
    info = RunInfo(question, settings, model.name, dict(about or {}))
    folder.create(info)
    with _opened(folder, info, model, toolbox, templates, observer) as loop:
        return loop.run()


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
    folder = RunFolder(run)
    info = folder.info()
    if settings is not None:
        info = replace(info, settings=settings)
    _check_context(model, info.settings)
    with _opened(folder, info, model, Toolbox(tools), templates, observer) as loop:
        return loop.run()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a loop is made of, fixed for a run."""

    folder: RunFolder
    info: RunInfo
    log: EventLog
    words: Words
    pager: Pager
    notebook: Notebook
    tools: Toolbox
    speaking: Speaking


class Loop:
    """One investigation in progress; `step` appends at least one event, and the ledger follows from the events."""

    def __init__(self, parts: Parts, ledger: Ledger) -> None:
        self._parts = parts
        self._ledger = ledger
        settings, question = parts.info.settings, parts.info.question
        budget = share_out(settings, ledger.parts or {}, page_tokens=ledger.page_tokens)
        self._settings = settings
        self._budget = budget
        self._compaction = Compaction(parts.pager, parts.words, budget, settings, question, parts.speaking.measure)
        self._answering = Answering(
            parts.pager, parts.tools, _verb_names(), parts.notebook, parts.words, budget, settings, question
        )

    def run(self) -> Outcome:
        """Take steps until the run has ended."""
        while not self._ledger.ended:
            self.step()
        ledger = self._ledger
        return Outcome(
            answer=ledger.answer or "",
            findings=ledger.observations,
            turns=ledger.turn,
            tokens=ledger.totals,
            reason=ledger.reason,
            run=self._parts.folder,
        )

    def step(self) -> None:
        """Do the next thing; which it is depends on the events so far and on nothing else."""
        ledger = self._ledger
        if ledger.answer is not None:
            self._end(ledger.answer)
        elif ledger.waiting is not None:
            self._answer(ledger.waiting)
        elif ledger.uncorrected is not None:
            self._correct(ledger.uncorrected)
        elif not ledger.finishing and (reason := self._over()):
            self._append({"event": "finish", "reason": reason, "content": self._parts.words.finish()})
        elif ledger.reminder is not None and not ledger.reminder.asked and self._compaction.fits(ledger):
            self._speak("reminder")
        elif events := self._compaction.events(ledger):
            for event in events:
                self._append(event)
        else:
            self._speak("answer" if ledger.finishing else "turn")

    def _over(self) -> str | None:
        """Why the investigation must come to its answer now, if it must."""
        if self._ledger.turn >= self._settings.max_turns:
            return "max_turns"
        return "slips" if self._ledger.slips >= self._settings.max_slips else None

    def _speak(self, purpose: str) -> None:
        ledger = self._ledger
        withheld = self._withheld() if purpose == "turn" else ()
        tools = {
            "turn": tuple(spec for spec in self._parts.speaking.tools if spec.name not in withheld),
            "reminder": tuple(spec for spec in self._parts.speaking.tools if spec.name == "record_observation"),
            "answer": (),
        }[purpose]
        text = purpose == "answer" or (purpose == "turn" and ledger.seen >= self._settings.answer_after)
        asked = Asked(
            number=ledger.totals.generations + 1,
            turn=ledger.turn + (purpose == "turn"),
            purpose=purpose,
            choice=Choice(tools=tools, text=text),
            withheld=withheld,
        )
        self._append(self._parts.speaking.speak(self._compaction.messages(ledger), asked))

    def _withheld(self) -> tuple[str, ...]:
        """The tool whose same calls were made again and again: breadth comes before depth."""
        newest = self._ledger.made[-self._settings.narrow_after :]
        names = {made.call.name for made in newest}
        stuck = len(newest) == self._settings.narrow_after and all(made.status == "repeat" for made in newest)
        return tuple(names) if stuck and len(names) == 1 and self._ledger.turn > self._ledger.narrowed_at else ()

    def _answer(self, call: ToolCall) -> None:
        """Serve one call; its finding is written before its receipt, so that a receipt is never a promise."""
        ledger = self._ledger
        exchange = ledger.last
        assert exchange is not None
        began = time.perf_counter()
        served = self._answering.serve(ledger, exchange, call, allowance=self._allowance(exchange))
        if served.finding is not None:
            self._observe(served.finding)
        if served.error is not None:
            self._append({"event": "error", "turn": ledger.turn, "where": call.name, "message": served.error})
        answer = served.answer
        self._append(
            {
                "event": "result",
                "turn": exchange.turn,
                "generation": exchange.number,
                "call": len(exchange.answers),
                "name": call.name,
                "arguments": dict(call.arguments),
                "status": answer.status,
                "address": answer.address,
                "content": answer.content,
                "tokens": self._parts.words.counter.count(answer.content),
                "pinned_until": served.pinned_until,
                "seconds": round(time.perf_counter() - began, 4),
            }
        )

    def _allowance(self, exchange: Exchange) -> int:
        """The tokens that remain for the next answer, shared with the calls that wait behind it."""
        open_calls = len(exchange.calls) - len(exchange.answers)
        paired = exchange
        for _ in range(open_calls):
            paired = paired.answered(Answer(content="", status="note"))
        total = self._parts.speaking.measure(self._compaction.messages(self._ledger.with_exchange(paired)))
        return max(0, self._budget.ceiling - self._budget.reserve - total) // open_calls

    def _observe(self, finding: Finding) -> None:
        number = len(self._ledger.observations) + 1
        self._append(
            {
                "event": "observation",
                "number": number,
                "turn": self._ledger.turn,
                "by": "model",
                "finding": finding.finding,
                "evidence": list(finding.evidence),
                "salience": 1.0,
            }
        )

    def _correct(self, problem: str) -> None:
        content = self._parts.words.correction(problem)
        self._append(
            {"event": "error", "turn": self._ledger.turn, "where": "reply", "message": problem, "content": content}
        )

    def _end(self, answer: str) -> None:
        totals = self._ledger.totals
        reason = "answered" if not self._ledger.finishing else self._over() or "answered"
        self._append(
            {
                "event": "end",
                "turn": self._ledger.turn,
                "reason": reason,
                "answer": answer,
                "findings": len(self._ledger.observations),
                **asdict(totals),
            }
        )

    def _append(self, event: Event) -> None:
        """Write an event, then believe it."""
        self._parts.log.append(event)
        known = len(self._ledger.observations)
        self._ledger = self._ledger.after(event)
        for observation in self._ledger.observations[known:]:
            self._parts.notebook.add(observation)


@contextmanager
def _opened(
    folder: RunFolder,
    info: RunInfo,
    model: Model,
    tools: Toolbox,
    templates: Templates | None,
    observer: Observer,
) -> Iterator[Loop]:
    """Open the folder's store, notebook and events, and fold the events; a new run gets its first one."""
    words = Words(templates or Templates(), model.counter)
    specs = (*verb_specs(), *tools.specs)
    with ExitStack() as stack:
        log = stack.enter_context(EventLog(folder.events_path, observer=observer))
        notebook = stack.enter_context(Notebook(folder.notebook_path))
        revive = _revive(tools)
        pager = stack.enter_context(Pager(folder.store_path, counter=model.counter, revive=revive))
        speaking = Speaking(model, specs, words, folder, info.settings)
        parts = Parts(folder, info, log, words, pager, notebook, tools, speaking)
        ledger = Ledger.of(read_events(folder.events_path))
        notebook.sync(ledger.observations)
        if ledger.parts is None:
            event = _start_event(info.settings, _fixed(speaking, words, info.question))
            log.append(event)
            ledger = ledger.after(event)
        yield Loop(parts, ledger)


def _start_event(settings: Settings, fixed: Mapping[str, int]) -> Event:
    return {"event": "start", "parts": dict(fixed), "budget": asdict(share_out(settings, fixed))}


def _fixed(speaking: Speaking, words: Words, question: str) -> dict[str, int]:
    """The tokens of what every prompt holds: system prompt with the template's own, tool schemas, question."""
    bare = words.head("", "", "")
    whole = words.head(question, "", "")
    total = speaking.measure(whole)
    without_tools = len(speaking.model.prompt(whole, ()).tokens)
    without_question = speaking.measure(bare)
    return {
        "system": without_tools - (total - without_question),
        "tool schemas": total - without_tools,
        "question": total - without_question,
    }


def _revive(tools: Toolbox) -> Callable[[Call], object]:
    """Computes a lazy result again, in a later process."""
    return lambda call: tools[call.tool].run(call.arguments)


def _verb_names() -> frozenset[str]:
    return frozenset(spec.name for spec in verb_specs())


def _check_names(tools: Toolbox) -> None:
    taken = [spec.name for spec in verb_specs() if spec.name in tools]
    if taken:
        raise BadTool(f"{taken[0]} is one of the verbs every model gets; rename that tool")


def _check_context(model: Model, settings: Settings) -> None:
    if model.context_tokens is not None and settings.ceiling > model.context_tokens:
        raise BadSettings(
            f"a ceiling of {settings.ceiling:,} tokens is more than {model.name} can read ({model.context_tokens:,}); "
            f"lower the ceiling to {model.context_tokens:,} or less"
        )
