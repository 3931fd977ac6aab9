"""The command that puts the pager before MCP servers."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pager import counter
from summarizers import Templates

from ..errors import BadInput
from .pages import DEFAULT_STORE, Store, TemplateFolder, Tokenizer


def mcp(
    command: Annotated[
        list[str] | None, typer.Argument(help="After --: the command of a stdio MCP server, and its arguments.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="A server over streamable HTTP instead.")] = None,
    config: Annotated[
        Path | None, typer.Option(help='Several servers: a file with "mcpServers", as clients have it.')
    ] = None,
    limit_tokens: Annotated[
        int | None,
        typer.Option(min=1, help="Longer results become cards; 1,000 unless a file says otherwise."),
    ] = None,
    always: Annotated[list[str] | None, typer.Option(help="A tool or pattern whose results all become cards.")] = None,
    never: Annotated[list[str] | None, typer.Option(help="A tool or pattern whose results all pass.")] = None,
    limit: Annotated[list[str] | None, typer.Option(help="A limit for one tool or pattern: read_*=4000.")] = None,
    files: Annotated[
        Path,
        typer.Option(exists=True, file_okay=False, help="Without a server: the folder whose files may be opened."),
    ] = Path(),
    listen: Annotated[
        str | None,
        typer.Option(help="HOST:PORT: serve over streamable HTTP instead of standard input and output."),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="With --listen on a host that others can reach: its name for clients.")
    ] = None,
    store: Store = DEFAULT_STORE,
    tokenizer: Tokenizer = None,
    templates: TemplateFolder = None,
) -> None:
    """Stand before MCP servers: pass everything through, and turn long results into cards.

    Without a server, serve the pager itself: the results of the store, and files below a folder.
    """
    from .. import mcp as serving
    from ..mcp import Config, Policy, ServerSpec, read_config, read_place
    from ..mcp.shelf import Shelf

    if sum(map(bool, (command, url, config))) > 1:
        raise BadInput("give one of: a command after --, --url, --config")
    place = None if listen is None else read_place(listen, allow_host or [])
    policy = Policy(limit_tokens, _rules(always or [], never or [], limit or []))
    if config is not None:
        chosen = read_config(config, policy)
    elif command or url:
        chosen = Config((ServerSpec("server", tuple(command or ()), url, policy=policy),))
    else:
        chosen = Config()
    shelf = Shelf(
        store, counter=counter(tokenizer), templates=Templates(templates), files=None if chosen.servers else files
    )
    try:
        serve = partial(serving.serve, chosen, shelf, policy)
        asyncio.run(serve() if place is None else serving.listen(place, serve))
    finally:
        shelf.close()


def _rules(always: list[str], never: list[str], limits: list[str]) -> dict[str, str | int]:
    rules: dict[str, str | int] = {}
    for one in limits:
        name, equals, tokens = one.rpartition("=")
        if not equals or not name or not tokens.isdigit():
            raise BadInput(f"--limit {one} is no TOOL=TOKENS, such as read_file=4000")
        rules[name] = int(tokens)
    return {**rules, **dict.fromkeys(always, "always"), **dict.fromkeys(never, "never")}
