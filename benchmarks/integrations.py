"""`python -m benchmarks.integrations`: what the pager saves in front of each thing that it can stand in front of.

Agents of the real frameworks go through one session over real results (benchmarks/conversing.py), driven by a model
server that plays a script: bare, with the lines that the README shows, and with the framework's own mechanism where it
has one. Told are the tokens of all prompts and of the largest, how many answers the agent got to see, and of how many
results every byte can be read afterwards, in the last prompt or in the store. Then what the MCP proxy adds to a call
(benchmarks/proxy.py).
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from pager import Pager, counter

from .conversing import SMALLEST, Step, steps, write_files
from .corpus import PROJECT, Corpus, CorpusMissing, load_corpus
from .examples import example, lines_added, lines_naming
from .progress import progress
from .proxy import installed, run_proxy
from .scriptedserver import Dialect, Script, serving

Fields = dict[str, Any]
STORE = ".toolpager"
SERVER = "TOOLPAGER_BENCH_SERVER"
"""The environment variable that names the installed MCP server's command."""
LIMIT_S = 600


@dataclass(frozen=True, slots=True)
class Host:
    """Something that the pager stands in front of: the file in benchmarks/hosts, and the lines a user adds.

    `bare` and `paged` are how its agent calls things; `own` names the mechanism of its own.
    """

    name: str
    file: str
    lines: Callable[[], int]
    bare: Dialect = field(default_factory=Dialect)
    paged: Dialect = field(default_factory=Dialect)
    own: str | None = None


def _python(begins: str) -> Callable[[], int]:
    return lambda: lines_added(example(begins))


def _run(command: str) -> tuple[str, Mapping[str, object]]:
    return "run", {"command": command}


_SHELL = Dialect(read=lambda step: _run(f"cat {step.file}"))
_PIPED = Dialect(
    read=lambda step: _run(f"cat {step.file} | toolpager page"),
    find=lambda address, question: _run(f"toolpager find {address} {quote(question)}"),
)
_SERVED = Dialect(read=lambda step: ("read_text_file", {"path": step.file}))
_FINISHING = Dialect(finish=("final_answer", {"answer": "done"}))

HOSTS = (
    Host("an MCP server", "mcp", lambda: lines_naming(example("{", "json")), _SERVED, _SERVED),
    Host("LangChain", "langchain", _python("# LangChain"), own="ClearToolUsesEdit"),
    Host("Pydantic AI", "pydantic_ai", _python("# Pydantic AI")),
    Host("OpenAI Agents SDK", "openai_agents", _python("# OpenAI Agents SDK"), own="ToolOutputTrimmer"),
    Host("smolagents", "smolagents", _python("# smolagents"), _FINISHING, _FINISHING),
    Host("a Python function: @paged", "function", _python("# Python")),
    Host("a shell command", "shell", lambda: lines_naming(example("some-tool", "").splitlines()[0]), _SHELL, _PIPED),
)


def run_integrations(
    corpus: Corpus,
    out: Path | None = None,
    *,
    hosts: Sequence[Host] = HOSTS,
    pairs: int = 100,
    servers: Path | None = None,
    smallest: int = SMALLEST,
    show: bool = True,
) -> Fields:
    """Tokens, answers seen and results kept for each host, and the proxy's milliseconds; `out`: for integrations.json.

    `servers`: a folder that npm may install MCP servers into; None leaves their row out. `pairs`: of calls that time
    the proxy, 0: it is not timed. `smallest`: tokens of the smallest result that is read.
    """
    session = steps(corpus, counter(), least=smallest)
    found: Fields = {
        "version": 1,
        "python": platform.python_version(),
        "results": len(session),
        "tokens": sum(counter().count(step.source.text) for step in session),
        "hosts": [],
    }
    with progress(len(hosts) + 1, show=show) as tick:
        for host in hosts:
            tick(host.name)
            environment = _environment(host, servers)
            if environment is not None:
                found["hosts"].append(_told(host, session, corpus, environment))
        tick("the proxy")
        if pairs:
            found["proxy"] = run_proxy(pairs=pairs, servers=servers)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "integrations.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def _environment(host: Host, servers: Path | None) -> Mapping[str, str] | None:
    """What a session's process is told besides; None where what it needs cannot be had."""
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    if host.file != "mcp":
        return {"PYTHONPATH": path}
    command = None if servers is None else installed(servers, "filesystem")
    return None if command is None else {"PYTHONPATH": path, SERVER: command}


def _told(host: Host, session: Sequence[Step], corpus: Corpus, environment: Mapping[str, str]) -> Fields:
    variants = {"bare": host.bare, "paged": host.paged, **({"own": host.bare} if host.own else {})}
    spent = {name: _session(host, name, dialect, session, corpus, environment) for name, dialect in variants.items()}
    return {"name": host.name, "file": host.file, "lines": host.lines(), "own_mechanism": host.own, **spent}


def _session(
    host: Host,
    variant: str,
    dialect: Dialect,
    session: Sequence[Step],
    corpus: Corpus,
    environment: Mapping[str, str],
) -> Fields:
    """One agent's way through the session, in a process and a folder of its own."""
    script = Script(session, dialect, corpus.check, counter())
    with tempfile.TemporaryDirectory() as folder, serving(script) as url:
        write_files(session, Path(folder))
        command = [sys.executable, "-m", "benchmarks.hosts", host.file, variant, url]
        given = {**os.environ, **environment}
        subprocess.run(command, cwd=folder, env=given, check=True, timeout=LIMIT_S, stdout=subprocess.DEVNULL)
        stored = _stored(Path(folder) / STORE)
    read = "\n".join(script.last)  # some frameworks strip what a tool says
    kept = [step.source.data in stored or step.source.text.strip() in read for step in session]
    return {
        "prompts": len(script.prompts),
        "tokens": sum(script.prompts),
        "largest": max(script.prompts),
        "answers": sum(script.found),
        "kept": sum(kept),
    }


def _stored(store: Path) -> set[bytes]:
    """The bytes of every result in a store."""
    if not store.exists():
        return set()
    with Pager(store) as pager:
        return {b"".join(pager.original(result.id)) for result in pager.results()}


def main() -> None:
    """The command line."""
    parser = ArgumentParser(prog="toolpager bench integrations", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="folder of the results; ../shared/corpus unless given")
    parser.add_argument("--out", type=Path, help="folder for integrations.json")
    parser.add_argument("--pairs", type=int, default=100, help="measured pairs of calls of the proxy; 0: none")
    parser.add_argument("--servers", type=Path, default=Path(".benchmarks/mcp"), help="where npm puts its servers")
    given = parser.parse_args()
    try:
        corpus = load_corpus(given.corpus)
    except CorpusMissing as error:
        sys.exit(f"toolpager bench integrations: {error}")
    found = run_integrations(corpus, given.out, pairs=given.pairs, servers=given.servers.resolve())
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
