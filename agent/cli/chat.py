"""The command `chat`: a person and a model look into a network together, over the same loop."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from pager import PagerError
from summarizers import Templates

from ..chat import ChatSession
from ..errors import BadInput
from ..events import Observer, unobserved
from ..report import write_report
from ..run import RunFolder
from ..settings import Settings
from ..tools import Tool
from .ceilings import CeilingOption, ceiling_for, check_settings, read_ceiling
from .interrupted import resumable
from .investigate import INVESTIGATING, NARROW_AFTER, Subject, subject_folder, tools_of
from .live import Live
from .outcome import outcome_fields
from .output import print_json, print_note, print_text
from .pages import Json, TemplateFolder, existing
from .serving import BaseUrl, ModelChoice, ModelSource, ServedTokenizer

_COMMANDS = "/open ADDRESS shows a page of a result, /findings what was recorded, /quit ends"


def chat(
    subject: Subject = None,
    model: ModelSource = None,
    base_url: BaseUrl = None,
    tokenizer: ServedTokenizer = None,
    ceiling: CeilingOption = None,
    max_turns: Annotated[int | None, typer.Option(help="Turns for each message before its answer is due.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="Tokens reserved for a reply.")] = None,
    run: Annotated[Path | None, typer.Option(help="A new folder for the run.")] = None,
    resumed: Annotated[Path | None, typer.Option("--resume", help="The folder of a run to talk on about.")] = None,
    templates: TemplateFolder = None,
    as_json: Json = False,
) -> None:
    """Talk with a model that looks into a network: each line is a message, from a terminal or a pipe."""
    options: dict[str, Any] = {"max_turns": max_turns, "max_new_tokens": max_new_tokens}
    chosen = {name: value for name, value in options.items() if value is not None}
    limit, loaded, observer = read_ceiling(ceiling), Templates(templates), unobserved if as_json else Live()
    if resumed is not None:
        changed = chosen | ({"ceiling": limit} if limit else {})
        session = _resumed(resumed, changed, base_url, tokenizer, loaded, observer)
    else:
        asked = ModelChoice(model, base_url=base_url, tokenizer=tokenizer)
        session = _begun(run or _new_run(), subject, asked, limit, chosen, loaded, observer)
    if sys.stdin.isatty():
        print_note(f"Each line is a message; {_COMMANDS}.")
    with resumable(session.run, "chat"):
        converse(session, _lines(), as_json=as_json)


def converse(session: ChatSession, lines: Iterable[str], *, as_json: bool = False) -> None:
    """Answer line after line until /quit or the end; then write the report, and say how to go on."""
    for line in lines:
        if line in ("/quit", "/exit"):
            break
        try:
            _answer(session, line, as_json=as_json)
        except (BadInput, PagerError) as error:
            print_note(str(error))
    if session.begun:
        write_report(session.run)
        print_note(f"run {session.run}: report.html; talk on with: toolpager chat --resume {session.run}")


def _begun(
    run: Path,
    subject: str | None,
    asked: ModelChoice,
    ceiling: int | None,
    chosen: Mapping[str, Any],
    templates: Templates,
    observer: Observer,
) -> ChatSession:
    """A new session, under the ceiling asked for or the largest that is safe."""
    settings = {"answer_after": 0, "narrow_after": NARROW_AFTER, **chosen}
    check_settings(settings, ceiling)
    folder = subject_folder(subject or asked.network)
    model = asked.load(templates)
    derived = ceiling_for(model, ceiling)
    return ChatSession(
        run,
        model=lambda: model,
        tools=partial(_tools, folder),
        settings=Settings(ceiling=derived.tokens, **settings),
        about={"subject": str(folder), **asked.about(), "memory": derived.about},
        observer=observer,
        templates=templates,
    )


def _resumed(
    run: Path,
    changed: Mapping[str, Any],
    base_url: str | None,
    tokenizer: str | None,
    templates: Templates,
    observer: Observer,
) -> ChatSession:
    """The session that a run's folder holds, under the settings it began with or those changed now."""
    info = RunFolder(run).info()
    return ChatSession(
        run,
        model=partial(ModelChoice.noted(info.about, base_url=base_url, tokenizer=tokenizer).load, templates),
        tools=partial(_tools, Path(str(info.about["subject"]))),
        settings=replace(info.settings, **changed),
        about=info.about,
        observer=observer,
        templates=templates,
    )


def _new_run() -> Path:
    return Path("runs") / time.strftime("chat-%Y%m%d-%H%M%S")


def _tools(subject: Path) -> list[Tool]:
    return tools_of(subject)[:INVESTIGATING]


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


def _answer(session: ChatSession, line: str, *, as_json: bool) -> None:
    command, _, rest = line.partition(" ")
    if command == "/open":
        _open(session, rest.strip(), as_json=as_json)
    elif command == "/findings":
        _findings(session, as_json=as_json)
    elif command.startswith("/"):
        raise BadInput(f"there is no {command}; {_COMMANDS}")
    else:
        outcome = session.say(line)
        if as_json:
            print_json(outcome_fields(outcome))
        else:
            print_text(f"{outcome.answer or '(no answer)'}\n")


def _open(session: ChatSession, address: str, *, as_json: bool) -> None:
    if not session.begun:
        raise BadInput("nothing was looked at yet; ask something first")
    with existing(str(RunFolder(session.run).store_path)) as pager:
        page = pager.open(address)
    if as_json:
        print_json({"address": page.address, "text": page.text, "next": page.next})
        return
    print_text(page.text.rstrip("\n") + "\n")
    if page.next:
        print_note(f"page {page.page} of {page.pages}; next: /open {page.next}")


def _findings(session: ChatSession, *, as_json: bool) -> None:
    found = session.findings()
    if as_json:
        print_json(
            {"findings": [{"finding": one.finding, "by": one.author, "evidence": one.evidence} for one in found]}
        )
        return
    lines = [f"{one.number}. {one.finding} [{one.author}: {', '.join(one.evidence) or 'no evidence'}]" for one in found]
    print_text("\n".join(lines or ["none yet"]) + "\n")
