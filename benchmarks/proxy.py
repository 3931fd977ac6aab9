"""What the MCP proxy adds to a call whose result passes, against the bare server.

Both servers run at once; each call is made of both, one right after the other, in turns the one and the other first.
What is told is the median of the differences within pairs, and both medians. The client is a pipe and nothing else.
"""

import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

Fields = dict[str, object]
_HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
_NPM = [f"@modelcontextprotocol/server-{name}@2026.8.31" for name in ("everything", "filesystem")]
WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Case:
    """One call of one server."""

    name: str
    server: tuple[str, ...]
    tool: str
    arguments: Mapping[str, object]


@dataclass(slots=True)
class Session:
    """A server spoken to over its pipes, one request at a time."""

    process: subprocess.Popen[bytes]
    _asked: int = field(default=0)

    def ask(self, method: str, params: Mapping[str, object]) -> Fields:
        """The answer to one request; what comes before it is passed over."""
        self._asked += 1
        self._write({"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params})
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer: Fields = json.loads(line)
            if answer.get("id") == self._asked and "method" not in answer:
                return answer
        raise RuntimeError(f"the server ended at {method}")

    def greet(self) -> None:
        """The handshake, and the list that clients ask for first."""
        self.ask("initialize", _HELLO)
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})
        self.ask("tools/list", {})

    def call_ms(self, case: Case) -> float:
        """Milliseconds of one call."""
        start = time.perf_counter()
        answer = self.ask("tools/call", {"name": case.tool, "arguments": case.arguments})
        taken = time.perf_counter() - start
        result = answer.get("result")
        if not isinstance(result, dict) or result.get("isError"):
            raise RuntimeError(f"{case.name}: {answer}")
        if "resource_link" in json.dumps(result):
            raise RuntimeError(f"{case.name}: the result was shortened; only results that pass are measured here")
        return taken * 1000

    def _write(self, fields: Mapping[str, object]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(fields).encode() + b"\n")
        self.process.stdin.flush()


def run_proxy(*, pairs: int = 100, servers: Path | None = None) -> Fields:
    """Milliseconds a call, bare and through the proxy.

    `servers`: a folder that npm may install the second server into, None: it is left out.
    """
    measured = {case.name: _paired(case, pairs) for case in cases(servers)}
    return {"machine": platform.machine(), "pairs": pairs, "milliseconds": measured}


def cases(servers: Path | None) -> list[Case]:
    """A short answer of a Python server; a longer one, whose tokens have to be counted, of a server from npm."""
    clock = (sys.executable, "-m", "mcp_server_time")
    found = [Case("time: 60 tokens", clock, "get_current_time", {"timezone": "Europe/Oslo"})]
    if servers is not None and (echo := installed(servers, "everything")) is not None:
        said = {"message": "word and number 17; " * 130}
        found.append(Case("everything: 800 tokens, counted", (echo, "stdio"), "echo", said))
    return found


def installed(folder: Path, name: str) -> str | None:
    """An npm server's command; None where npm is missing or cannot fetch it."""
    command = folder / "node_modules" / ".bin" / f"mcp-server-{name}"
    if not command.exists() and shutil.which("npm"):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), *_NPM], check=False, capture_output=True)
    return str(command) if command.exists() else None


def _paired(case: Case, pairs: int) -> Fields:
    with _both(case.server) as (bare, through):
        for _ in range(WARM_UP):
            bare.call_ms(case)
            through.call_ms(case)
        taken = [_pair(case, bare, through, swapped=bool(turn % 2)) for turn in range(pairs)]
    added = [proxied - direct for direct, proxied in taken]
    return {
        "bare": _ms(median(direct for direct, _ in taken)),
        "through the proxy": _ms(median(proxied for _, proxied in taken)),
        "added, median": _ms(median(added)),
        "added, 95th percentile": _ms(quantiles(added, n=20)[-1]),
    }


@contextmanager
def _both(server: tuple[str, ...]) -> Iterator[tuple[Session, Session]]:
    """The server alone, and another of it behind the proxy."""
    with tempfile.TemporaryDirectory() as store:
        proxy = (sys.executable, "-c", "from agent.cli import main; main()", "mcp", "--store", store, "--")
        with _session(server) as bare, _session((*proxy, *server)) as through:
            yield bare, through


def _pair(case: Case, bare: Session, through: Session, *, swapped: bool) -> tuple[float, float]:
    if swapped:
        proxied = through.call_ms(case)
        return bare.call_ms(case), proxied
    return bare.call_ms(case), through.call_ms(case)


@contextmanager
def _session(command: tuple[str, ...]) -> Iterator[Session]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            session = Session(process)
            session.greet()
            yield session
        finally:
            process.terminate()


def _ms(value: float) -> float:
    return round(value, 3)
