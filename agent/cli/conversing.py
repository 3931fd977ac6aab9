"""The command `chat`: a person and a model look into a network together, over the same loop."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from pager import PagerError
from summarizers import Templates

from ..chat import Model
from ..errors import BadInput
from ..events import Observer, read_events, unobserved
from ..investigation import Outcome, investigate, resume
from ..ledger import Ledger
from ..report import write_report
from ..run import RunFolder
from ..settings import Settings
from ..tools import Tool
from .live import Live
from .outcome import outcome_fields
from .output import print_json, print_note, print_text
from .pages import Json, TemplateFolder, existing
from .runs import INVESTIGATING, ModelSource, Subject, load, subject_folder, tools_of

_COMMANDS = "/open ADDRESS shows a page of a result, /findings what was recorded, /quit ends"


def chat(
    subject: Subject = None,
    model: ModelSource = None,
    ceiling: Annotated[int | None, typer.Option(help="The most tokens of a generation: prompt and reserve.")] = None,
    max_turns: Annotated[int | None, typer.Option(help="Turns for each message before its answer is due.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="Tokens reserved for a reply.")] = None,
    run: Annotated[Path | None, typer.Option(help="A new folder for the run.")] = None,
    resumed: Annotated[Path | None, typer.Option("--resume", help="The folder of a run to talk on about.")] = None,
    templates: TemplateFolder = None,
    as_json: Json = False,
) -> None:
    """Talk with a model that looks into a network: each line is a message, from a terminal or a pipe."""
    options: dict[str, Any] = {"ceiling": ceiling, "max_turns": max_turns, "max_new_tokens": max_new_tokens}
    chosen = {name: value for name, value in options.items() if value is not None}
    loaded = Templates(templates)
    observer = unobserved if as_json else Live()
    if resumed is not None:
        talk = _Talk.on(resumed, chosen, loaded, observer)
    else:
        place = run or Path("runs") / time.strftime("chat-%Y%m%d-%H%M%S")
        settings = Settings(**{"answer_after": 0, **chosen})
        talk = _Talk(place, subject_folder(subject or model), model, settings, loaded, observer)
    if sys.stdin.isatty():
        print_note(f"Ask about {talk.subject.name}; {_COMMANDS}.")
    for line in _lines():
        if line in ("/quit", "/exit"):
            break
        try:
            _answer(talk, line, as_json=as_json)
        except (BadInput, PagerError) as error:
            print_note(str(error))
    talk.close()


class _Talk:
    """A run that grows by a message at a time; its model is loaded with the first."""

    def __init__(
        self, run: Path, subject: Path, model: str | None, settings: Settings, templates: Templates, observer: Observer
    ) -> None:
        self.folder = RunFolder(run)
        self.subject = subject
        self._source = model
        self._settings = settings
        self._templates = templates
        self._observer = observer
        self._model: Model | None = None
        self._tools: list[Tool] = []

    @classmethod
    def on(cls, run: Path, chosen: dict[str, Any], templates: Templates, observer: Observer) -> "_Talk":
        """The talk that a run's folder holds, under the settings it began with or those changed now."""
        from dataclasses import replace

        info = RunFolder(run).info()
        subject, model = Path(str(info.about["subject"])), info.about.get("model")
        settings = replace(info.settings, **chosen)
        return cls(run, subject, str(model) if model else None, settings, templates, observer)

    def say(self, message: str) -> Outcome:
        """What comes of a message: the first begins the run, later ones go on with it."""
        if self._model is None:
            self._model = load(self._source, self._templates)
            self._tools = tools_of(self.subject)[:INVESTIGATING]
        about = {"subject": str(self.subject), "model": self._source}
        shared: dict[str, Any] = {"model": self._model, "tools": self._tools, "settings": self._settings}
        shared |= {"observer": self._observer, "templates": self._templates}
        if self.folder.info_path.exists():
            return resume(self.folder.path, message=message, **shared)
        return investigate(message, run=self.folder.path, about=about, **shared)

    @property
    def findings(self) -> Ledger:
        """What the run's events say."""
        return Ledger.of(read_events(self.folder.events_path))

    def close(self) -> None:
        """Write the report, where anything was said."""
        if self.folder.info_path.exists():
            write_report(self.folder.path, templates=self._templates)
            print_note(f"run {self.folder.path}: report.html; talk on with: toolpager chat --resume {self.folder.path}")


def _lines() -> Iterator[str]:
    """What a person types, or a pipe brings, without empty lines; Ctrl-D ends it."""
    while True:
        try:
            line = input("> ") if sys.stdin.isatty() else sys.stdin.readline()
        except EOFError:
            return
        if not line and not sys.stdin.isatty():
            return
        if line.strip():
            yield line.strip()


def _answer(talk: _Talk, line: str, *, as_json: bool) -> None:
    command, _, rest = line.partition(" ")
    if command == "/open":
        _open(talk, rest.strip(), as_json=as_json)
    elif command == "/findings":
        _findings(talk, as_json=as_json)
    elif command.startswith("/"):
        raise BadInput(f"there is no {command}; {_COMMANDS}")
    else:
        outcome = talk.say(line)
        if as_json:
            print_json(outcome_fields(outcome))
        else:
            print_text(f"{outcome.answer or '(no answer)'}\n")


def _open(talk: _Talk, address: str, *, as_json: bool) -> None:
    if not talk.folder.store_path.is_dir():
        raise BadInput("nothing was looked at yet; ask something first")
    with existing(talk.folder.store_path) as pager:
        page = pager.open(address)
    if as_json:
        print_json({"address": page.address, "text": page.text, "next": page.next})
        return
    print_text(page.text.rstrip("\n") + "\n")
    if page.next:
        print_note(f"page {page.page} of {page.pages}; next: /open {page.next}")


def _findings(talk: _Talk, *, as_json: bool) -> None:
    found = talk.findings.observations
    if as_json:
        print_json(
            {"findings": [{"finding": one.finding, "by": one.author, "evidence": one.evidence} for one in found]}
        )
        return
    lines = [f"{one.number}. {one.finding} [{one.author}: {', '.join(one.evidence) or 'no evidence'}]" for one in found]
    print_text("\n".join(lines or ["none yet"]) + "\n")
