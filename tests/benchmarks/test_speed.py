"""That speed is measured on what it says, and peers are spoken to as they are."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.budget import head
from benchmarks.child import main as measure_child
from benchmarks.corpus import Source
from benchmarks.generated import generated_json_lines, generated_log, megabyte_of_json
from benchmarks.peers import PEERS, Conversation, Peer, PeerFailed, PeerMethod, available, install, interpreter
from benchmarks.speed import run_speed
from pager import Pager, TokenCounter

ECHO = Peer("echo", "echo==1", budgeted=True, focused=False)


@pytest.fixture
def environments(tmp_path: Path) -> Path:
    """A folder with the environment of one peer, which is this interpreter and has no such package."""
    python = interpreter(ECHO, tmp_path)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return tmp_path


def test_generated_inputs_are_what_they_are_called() -> None:
    """A megabyte is a megabyte, to a tenth; a log of 1 MB has its rare errors, JSON Lines are rows."""
    assert abs(len(megabyte_of_json()) - 1_000_000) < 200_000
    with generated_json_lines(1) as path, Pager() as pager:
        assert pager.put_file(path).kind == "table"
    with generated_log(1) as path:
        text = path.read_text(encoding="utf-8")
    assert abs(len(text) - 1_000_000) < 100_000
    assert "ERROR" in text
    assert not path.exists()


def test_a_child_measures_time_and_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Storing and summarizing a small log takes some time and is told as JSON."""
    log = tmp_path / "some.log"
    log.write_text("2026-03-01 10:00:00 INFO started\n" * 50, encoding="utf-8")
    measure_child("summarize", log)
    assert '"summarize_seconds"' in capsys.readouterr().out


def test_a_speed_run_without_peers_and_large_files_is_short(tmp_path: Path) -> None:
    """Every piece of work gets its median; what was not asked for says so."""
    found = run_speed(tmp_path, cases=tmp_path, log_megabytes=(), file_megabytes=0, repeats=1, peers=False, show=False)
    assert (found["first_page"], found["logs"]) == ({}, {})
    assert "put and summarize 1 MB JSON" in (tmp_path / "speed.json").read_text(encoding="utf-8")


def test_absent_peers_are_left_out_with_the_remedy(tmp_path: Path) -> None:
    """No environment, no peer, no failure."""
    here, skipped = available(tmp_path)
    assert here == []
    assert set(skipped) == {peer.name for peer in PEERS}
    assert all("python -m benchmarks.peers" in why for why in skipped.values())


def test_a_peer_that_cannot_be_had_leaves_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would pass for installed, and fail at every result."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(subprocess.CalledProcessError):
        install(Peer("none", "toolpager-has-no-such-peer==1", budgeted=True, focused=False), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_peer_that_ends_is_an_error_with_its_name(environments: Path) -> None:
    """A worker that knows no such peer ends, and the conversation says who ended."""
    with pytest.raises(PeerFailed, match="echo"), Conversation(ECHO, environments) as talk:
        talk.shorten("text", 10)


def test_a_failing_peer_scores_as_the_head(environments: Path, tmp_path: Path, tokens: TokenCounter) -> None:
    """Its failure is kept, its text is the result cut to the budget."""
    source = Source("a.txt", b"", "word " * 200)
    with Conversation(ECHO, environments) as talk:
        method = PeerMethod(talk, tokens, focused=False, cache=tmp_path / "answers")
        texts = [method.summary(source, 20, None) for _ in range(2)]
    assert texts[0] == texts[1] == head(source.text, 20, tokens)
    assert len(method.failures) == 2
