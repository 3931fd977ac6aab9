"""The commands over stored results: page, open, find, query, summarize."""

import sys
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pager import Call, Pager, Result, counter, root_of
from summarizers import Templates, card, stated, summarize, summarize_with

from ..errors import BadInput
from ..run import RunFolder
from ..writing import ModelWriter
from .output import print_json, print_note, print_text, working
from .serving import BaseUrl, ModelChoice, ModelSource
from .sizes import read_size

Store = Annotated[str, typer.Option("--store", help="The folder that keeps results, or a postgresql:// URL.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Tokenizer = Annotated[
    str | None,
    typer.Option("--tokenizer", help="cl100k_base (default), another tiktoken name, or a folder with tokenizer.json."),
]
TemplateFolder = Annotated[
    Path | None,
    typer.Option("--templates", exists=True, file_okay=False, help="A folder whose files replace single templates."),
]
Limit = Annotated[
    str | None,
    typer.Option(help="The most that is read of a pipe or device, such as 2GB; a quarter of the free disk."),
]
OfRun = Annotated[Path | None, typer.Option("--run", help="The folder of a run, whose results to look into.")]
DEFAULT_STORE = ".toolpager"


class By(StrEnum):
    """Who writes a summary."""

    heuristic = "heuristic"
    model = "model"


def page(
    file: Annotated[str, typer.Argument(help="A file, or - for standard input.")] = "-",
    name: Annotated[str | None, typer.Option(help="What to call it; its ending hints at the kind.")] = None,
    limit_bytes: Limit = None,
    store: Store = DEFAULT_STORE,
    tokenizer: Tokenizer = None,
    templates: TemplateFolder = None,
    as_json: Json = False,
) -> None:
    """Store a result and print its card."""
    with Pager(store, counter=counter(tokenizer)) as pager:
        result = _put(pager, file, name, limit_bytes)
        show_card(pager, result, Templates(templates), as_json=as_json)


def show_card(pager: Pager, result: Result, templates: Templates, *, as_json: bool) -> None:
    """Print the card of a stored result."""
    made = card(pager.node(result.id), counter=pager.counter, templates=templates)
    if not as_json:
        print_text(made.text + "\n")
        return
    size = pager.size(result.id)
    fields: dict[str, object] = {
        "id": result.id,
        "name": result.name,
        "kind": result.kind,
        "bytes": result.size_bytes,
        "tokens": size.tokens,
        "card": made.text,
        "card_tokens": made.tokens,
        "encoding": result.encoding,
        "note": result.note,
    }
    print_json(fields | ({"tokens_estimated": True} if size.estimated else {}))


def open_(
    address: Annotated[str, typer.Argument(help="r1, r1/layers[17], r1[120:140], r1#2")],
    limit_tokens: Annotated[int, typer.Option(min=1, help="The most tokens of the page.")] = 1000,
    store: Store = DEFAULT_STORE,
    run: OfRun = None,
    tokenizer: Tokenizer = None,
    as_json: Json = False,
) -> None:
    """Print one page of what stands at an address."""
    with existing(_of(run, store), tokenizer) as pager:
        found = pager.open(address, limit_tokens=limit_tokens)
    if as_json:
        print_json(asdict(found))
        return
    print_text(found.text)
    if found.next:
        where = f" --run {run}" if run else ""
        print_note(f"page {found.page} of {found.pages}; next: toolpager open '{found.next}'{where}")


def find(
    address: str,
    pattern: Annotated[str, typer.Argument(help="A regular expression (lower case matches any case), or plain words.")],
    limit_tokens: Annotated[int, typer.Option(min=1, help="The most tokens of the answer.")] = 500,
    store: Store = DEFAULT_STORE,
    run: OfRun = None,
    tokenizer: Tokenizer = None,
    as_json: Json = False,
) -> None:
    """Search a result: print what matches a pattern, else what is most about its words, with addresses.

    Exit status 1 where neither is found, as of grep.
    """
    with existing(_of(run, store), tokenizer) as pager:
        node = pager.node(address)
        found = pager.find(address, pattern, limit_tokens=limit_tokens, statements=lambda: stated(node))
    if as_json:
        print_json(asdict(found))
    else:
        print_text(found.text + "\n")
    if not found.total and not found.shared:
        raise typer.Exit(1)


def query(
    address: str,
    sql: Annotated[str, typer.Argument(help="One SELECT over the table t.")],
    limit_tokens: Annotated[int, typer.Option(min=1, help="The most tokens of the answer.")] = 500,
    max_rows: Annotated[int, typer.Option(min=1, help="The most rows of the answer.")] = 200,
    store: Store = DEFAULT_STORE,
    run: OfRun = None,
    tokenizer: Tokenizer = None,
    as_json: Json = False,
) -> None:
    """Ask a table in SQL."""
    with existing(_of(run, store), tokenizer) as pager, working("querying"):
        found = pager.query(address, sql, limit_tokens=limit_tokens, max_rows=max_rows)
    if as_json:
        print_json(asdict(found))
    else:
        print_text(found.text + "\n")


def summary(
    file: Annotated[str, typer.Argument(help="A file, - for standard input, or an address in the store.")] = "-",
    budget_tokens: Annotated[int, typer.Option(min=40, help="The most tokens of the summary, footer included.")] = 150,
    focus: Annotated[str | None, typer.Option(help="The question in whose light to choose.")] = None,
    by: Annotated[By, typer.Option(help="Who has a say: heuristics alone, or a small model too.")] = By.heuristic,
    model: ModelSource = None,
    base_url: BaseUrl = None,
    name: Annotated[str | None, typer.Option(help="What to call it; its ending hints at the kind.")] = None,
    limit_bytes: Limit = None,
    store: Store = DEFAULT_STORE,
    tokenizer: Tokenizer = None,
    templates: TemplateFolder = None,
    as_json: Json = False,
) -> None:
    """Store a result and print what matters of it within a token budget."""
    if model is not None and by is not By.model:
        raise BadInput(f"--model {model} has nothing to write; add --by model")
    writing = ModelChoice(model, base_url=base_url, tokenizer=tokenizer)
    with Pager(store, counter=counter(tokenizer), revive=partial(revive, store)) as pager:
        address = file if _is_address(pager, file) else _put(pager, file, name, limit_bytes).id
        writer = _writer(writing, Templates(templates)) if by is By.model else None
        written = partial(summarize_with, writer, memory=pager) if writer else summarize
        made = written(
            pager.node(address),
            budget_tokens=budget_tokens,
            focus=focus,
            counter=pager.counter,
            templates=Templates(templates),
        )
    if not as_json:
        print_text(made.text + "\n")
        if made.note:
            print_note(made.note)
        return
    print_json(
        {
            "summary": made.text,
            "tokens": made.tokens,
            "kind": made.kind,
            "by": made.by,
            "note": made.note,
            "facts": [{"text": fact.text, "address": fact.address} for fact in made.facts],
        }
    )


def _writer(chosen: ModelChoice, templates: Templates) -> ModelWriter:
    """The model that has a say in a summary, loaded only once it is asked."""
    return ModelWriter(chosen.name, partial(chosen.load, templates))


def _of(run: Path | None, store: str) -> str:
    """The store to look into: a run's, where one is named."""
    if run is None:
        return store
    RunFolder(run).info()
    return str(RunFolder(run).store_path)


def existing(store: str, tokenizer: str | None = None) -> Pager:
    """The pager over a store that is already there; BadInput names the remedy when it isn't."""
    if "://" not in store and not Path(store).is_dir():
        raise BadInput(f"no store at {store}; put a result first (toolpager page FILE), or name one with --store")
    return Pager(store, counter=counter(tokenizer), revive=partial(revive, store))


def revive(store: str, call: Call) -> object:
    """Compute a lazy result of an introspection tool again; a run's own store takes the subject from its run.json."""
    from ..introspection import revive as compute

    run = RunFolder(Path(store).parent)
    if "subject" not in call.arguments and run.info_path.exists():
        subject = run.info().about.get("subject")
        call = Call(call.tool, {**call.arguments, "subject": subject})
    return compute(call)


def _put(pager: Pager, file: str, name: str | None, limit: str | None) -> Result:
    limit_bytes = None if limit is None else read_size(limit)
    if file != "-":
        with working(f"reading {file}"):
            return pager.put_file(Path(file), name=name, limit_bytes=limit_bytes)
    if sys.stdin is None or sys.stdin.isatty():
        raise BadInput("nothing to read: name a file, or pipe something in")
    return pager.put_stream(sys.stdin.buffer, name=name, limit_bytes=limit_bytes)


def _is_address(pager: Pager, file: str) -> bool:
    return not Path(file).exists() and any(result.id == root_of(file) for result in pager.results())
