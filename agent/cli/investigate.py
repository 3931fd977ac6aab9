"""The commands that look into networks: tool, investigate, demo."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from pager import Call, Pager, counter
from summarizers import Templates

from ..errors import BadInput
from ..events import Observer, unobserved
from ..investigation import Outcome, investigate, resume
from ..plan import read_plan
from ..report import write_report
from ..run import RunFolder
from ..settings import Settings
from ..tools import Tool
from ..typed import Schema, read_schema
from .ceilings import CeilingOption, ceiling_for, check_settings, read_ceiling
from .interrupted import resumable
from .live import Live
from .outcome import show_outcome
from .output import print_json, print_text, working
from .pages import DEFAULT_STORE, By, Json, Store, TemplateFolder, Tokenizer, revive, show_card
from .plan import Cache, Precision
from .serving import BaseUrl, ModelChoice, ModelSource, ServedTokenizer

NARROW_AFTER = 1  # the command drives local models, small ones among them
INVESTIGATING = 5  # the first tools, whose schemas every prompt of an investigation carries

Subject = Annotated[
    str | None,
    typer.Option(
        "--subject", help="The network to look into: a model folder or .gguf file; the model itself by default."
    ),
]


class Loadable(StrEnum):
    """The attentions a model can be loaded with."""

    sdpa = "sdpa"
    eager = "eager"


def tool(
    name: Annotated[
        str | None, typer.Argument(help="A tool's name, such as scan_network; without it, the list.")
    ] = None,
    arguments: Annotated[list[str] | None, typer.Argument(help="key=value; values in JSON, or text.")] = None,
    subject: Subject = None,
    own: Annotated[
        Path | None, typer.Option("--tools", help="A Python file with further tools, made by @subject_tool.")
    ] = None,
    store: Store = DEFAULT_STORE,
    tokenizer: Tokenizer = None,
    templates: TemplateFolder = None,
    as_json: Json = False,
) -> None:
    """Run one introspection tool by hand and print its card; then `open`. Without a name, list the tools."""
    folder = subject_folder(subject)
    tools = {one.name: one for one in (*tools_of(folder), *_own(own, folder))}
    if name is None:
        _list_tools(tools.values(), as_json=as_json)
        return
    if name not in tools:
        raise BadInput(f"there is no tool {name!r}; the tools are: {', '.join(tools)}")
    given = _arguments(arguments or [])
    with Pager(store, counter=counter(tokenizer), revive=partial(revive, store)) as pager:
        with working(f"{name} on {folder}"):
            value = tools[name].run(given)
        about = {"subject": str(folder)} | ({"tools": str(own.resolve())} if own else {})
        result = pager.put(value, name=name, call=Call(name, given | about))
        show_card(pager, result, Templates(templates), as_json=as_json)


def investigate_(
    question: Annotated[str | None, typer.Argument(help="What to find out.")] = None,
    subject: Subject = None,
    model: ModelSource = None,
    base_url: BaseUrl = None,
    tokenizer: ServedTokenizer = None,
    ceiling: CeilingOption = None,
    attention: Annotated[
        Loadable, typer.Option(help="The attention; sdpa is the best the device has.")
    ] = Loadable.sdpa,
    dtype: Annotated[Precision | None, typer.Option(help="What the model computes in; default: the device's.")] = None,
    kv_cache: Annotated[Cache, typer.Option(help="Quantized: no reuse across edits; offloaded: CUDA only.")] = (
        Cache.dynamic
    ),
    max_turns: Annotated[int | None, typer.Option(help="Turns before the answer is asked for.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="Tokens reserved for a reply.")] = None,
    keep_recent: Annotated[int | None, typer.Option(help="Newest calls that are not shortened.")] = None,
    keep_recent_tokens: Annotated[int | None, typer.Option(help="… while they have no more tokens than this.")] = None,
    high_water: Annotated[float | None, typer.Option(help="Filled fraction at which results are shortened.")] = None,
    low_water: Annotated[float | None, typer.Option(help="Filled fraction they are shortened down to.")] = None,
    notebook_tokens: Annotated[int | None, typer.Option(help="The most tokens of findings in the prompt.")] = None,
    summarizer: Annotated[By | None, typer.Option(help="Who has a say in summaries of aged results.")] = None,
    seed: Annotated[int | None, typer.Option(help="What sampling starts from.")] = None,
    plan: Annotated[Path | None, typer.Option(help="A file of steps to put before the model, one a line.")] = None,
    answer_schema: Annotated[Path | None, typer.Option(help="A JSON schema that the answer is to fit too.")] = None,
    run: Annotated[Path | None, typer.Option(help="A new folder for the run.")] = None,
    resumed: Annotated[Path | None, typer.Option("--resume", help="The folder of a run to go on with.")] = None,
    templates: TemplateFolder = None,
    as_json: Json = False,
) -> None:
    """Let a model investigate a network with tools, under a hard token ceiling."""
    options: dict[str, Any] = {
        "max_turns": max_turns,
        "max_new_tokens": max_new_tokens,
        "keep_recent": keep_recent,
        "keep_recent_tokens": keep_recent_tokens,
        "high_water": high_water,
        "low_water": low_water,
        "notebook_tokens": notebook_tokens,
        "summarizer": summarizer and summarizer.value,
        "seed": seed,
    }
    chosen = {name: value for name, value in options.items() if value is not None}
    limit = read_ceiling(ceiling)
    observer = unobserved if as_json else Live()
    asked = ModelChoice(
        model,
        base_url=base_url,
        tokenizer=tokenizer,
        attention=attention.value,
        dtype=dtype and dtype.value,
        kv_cache=kv_cache.value,
    )
    if resumed is not None:
        about = RunFolder(resumed).info().about
        noted = ModelChoice.noted(about, base_url=base_url, tokenizer=tokenizer)
        changed = chosen | ({"ceiling": limit} if limit else {})
        outcome = _resumed(resumed, question, changed, noted, Templates(templates), observer)
    elif question is None:
        raise BadInput("nothing to investigate: give a question, or --resume with a run's folder")
    else:
        steps = read_plan(plan) if plan else ()
        schema = read_schema(answer_schema) if answer_schema else None
        outcome = start(
            question,
            plan=steps,
            answer_schema=schema,
            subject=subject_folder(subject or asked.network),
            model=asked,
            run=run or Path("runs") / time.strftime("%Y%m%d-%H%M%S"),
            settings={"narrow_after": NARROW_AFTER, **chosen},
            ceiling=limit,
            templates=Templates(templates),
            observer=observer,
        )
    show_outcome(outcome, as_json=as_json)


def start(
    question: str,
    *,
    subject: Path,
    model: ModelChoice,
    run: Path,
    settings: Mapping[str, Any],
    ceiling: int | None,
    templates: Templates,
    observer: Observer,
    plan: Sequence[str] = (),
    answer_schema: Schema | None = None,
) -> Outcome:
    """Investigate in a new run folder, and write its report; without a ceiling, under the largest that is safe."""
    check_settings(settings, ceiling)
    loaded = model.load(templates)
    derived = ceiling_for(loaded, ceiling)
    with resumable(run):
        outcome = investigate(
            question,
            tools=tools_of(subject)[:INVESTIGATING],
            model=loaded,
            run=run,
            settings=Settings(ceiling=derived.tokens, **settings),
            templates=templates,
            observer=observer,
            about={"subject": str(subject), **model.about(), "memory": derived.about},
            plan=plan,
            answer_schema=answer_schema,
        )
    write_report(run, templates=templates)
    return outcome


def _resumed(
    run: Path,
    question: str | None,
    changed: dict[str, Any],
    model: ModelChoice,
    templates: Templates,
    observer: Observer,
) -> Outcome:
    from dataclasses import replace

    info = RunFolder(run).info()
    if question is not None and question != info.question:
        raise BadInput(f"{run} investigates {info.question!r}; leave the question out, or start a new run")
    with resumable(run):
        outcome = resume(
            run,
            model=model.load(templates),
            tools=tools_of(Path(str(info.about["subject"])))[:INVESTIGATING],
            settings=replace(info.settings, **changed) if changed else None,
            observer=observer,
            templates=templates,
        )
    write_report(run, templates=templates)
    return outcome


def subject_folder(subject: str | None) -> Path:
    """The folder of the network to look into."""
    from ..models import bundled_model, local_folder

    if subject is None:
        return bundled_model()
    with working(f"reading {subject}"):
        folder = Path(local_folder(subject))
    if not folder.is_dir():
        raise BadInput(
            f"there is no folder {subject}; --subject takes a Hugging Face model folder or a .gguf file on this machine"
        )
    return folder.resolve()


def tools_of(subject: Path) -> list[Tool]:
    """The tools for a network, the broadest first."""
    from ..introspection import Subject as Network
    from ..introspection import further_tools, introspection_tools

    network = Network(subject)
    return [*introspection_tools(network), *further_tools(network)]


def _own(file: Path | None, subject: Path) -> list[Tool]:
    from ..introspection import Subject as Network
    from ..introspection import tools_of as tools_in

    return [] if file is None else tools_in(file, Network(subject))


def _list_tools(tools: Iterable[Tool], *, as_json: bool) -> None:
    """Print each tool with its arguments and what it answers."""
    if as_json:
        print_json({"tools": [one.spec.schema() for one in tools]})
        return
    for one in tools:
        properties, required = one.spec.parameters["properties"], one.spec.parameters["required"]
        names = [name if name in required else f"[{name}]" for name in properties]  # type: ignore[attr-defined,operator]
        print_text(f"{' '.join([one.name, *names])}\n    {one.spec.description}\n")


def _arguments(given: list[str]) -> dict[str, object]:
    """key=value pairs, the values as JSON where they are JSON."""
    found: dict[str, object] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise BadInput(f"{pair!r} is no key=value")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found
