"""The command `toolpager`."""

import os
import sys

import typer

from pager import PagerError

from ..errors import AgentError
from .bench import bench
from .chat import chat
from .demo import demo
from .investigate import investigate_, tool
from .mcp import mcp
from .output import print_note
from .pages import find, open_, page, query, summary
from .plan import plan
from .reports import report, runs
from .results import expire, export, pin, results

app = typer.Typer(
    help="Tool results as addressable pages and short summaries, and an agent that investigates with them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("page")(page)
app.command("open")(open_)
app.command("find")(find)
app.command("query")(query)
app.command("summarize")(summary)
app.command("results")(results)
app.command("pin")(pin)
app.command("expire")(expire)
app.command("export")(export)
app.command("mcp")(mcp)
app.command("tool")(tool)
app.command("plan")(plan)
app.command("investigate")(investigate_)
app.command("chat")(chat)
app.command("report")(report)
app.command("runs")(runs)
app.command("demo")(demo)
# options after the benchmark's name are the benchmark's
app.command(
    "bench", context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": ["-h"]}
)(bench)


def main() -> None:
    """Run the command; what went wrong is one sentence, and exit status 2."""
    try:
        app()
    except SystemExit as stopped:
        if not isinstance(stopped.__context__, BrokenPipeError):  # which typer ends with status 1
            raise
        # the reader went away: nothing is wrong, nothing more can be said, and the command ends as by SIGPIPE
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + 13)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        _stop(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (PagerError, AgentError) as error:
        _stop(str(error))


def _stop(message: str) -> None:
    print_note(f"toolpager: {message}")
    sys.exit(2)
