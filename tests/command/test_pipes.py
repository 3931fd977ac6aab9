"""The command between other programs: what goes through pipes, and how it ends."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOOLPAGER = (sys.executable, "-c", "from agent.cli import main; main()")
TEXT = "".join(f"line {number}: {'x' * 80}\n" for number in range(20_000))


def shell(folder: Path, line: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A line as a person types it, `toolpager` being this checkout's."""
    setup = f'toolpager() {{ "{TOOLPAGER[0]}" -c "{TOOLPAGER[2]}" "$@"; }}; set -o pipefail; '
    return subprocess.run(["bash", "-c", setup + line], cwd=folder, input=stdin, capture_output=True, check=False)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A folder whose store holds r1, a long text."""
    assert shell(tmp_path, "toolpager page", TEXT.encode()).returncode == 0
    return tmp_path


def test_a_result_goes_in_by_a_pipe_and_its_parts_come_out_by_pipes(stored: Path) -> None:
    """Card, page, matches and rows can be cut, counted and parsed; nothing but them is on standard output."""
    card = shell(stored, "seq 1 2000 | toolpager page | head -1")
    assert (card.returncode, card.stdout.startswith(b"[r2: ")) == (0, True)
    page = shell(stored, "toolpager open 'r1[3:5]' | wc -l")
    assert page.stdout.strip() == b"2"
    parse = "import json,sys; print(json.load(sys.stdin)['rows'])"
    asked = f"toolpager query r1 'select count(*) as n from t' --json | python3 -c \"{parse}\""
    assert shell(stored, asked).stdout.strip() == b"[[20000]]"


def test_pages_of_a_pipe_are_the_bytes_that_went_in(tmp_path: Path) -> None:
    """Line ends of all kinds, other scripts, and nothing at all."""
    for number, content in enumerate((b"a\r\nb\rc\n", b"", "é层\u2028x".encode()), start=1):
        assert shell(tmp_path, "toolpager page", content).returncode == 0
        assert shell(tmp_path, f"toolpager open r{number}").stdout == content


def test_bytes_that_are_no_text_are_shown_escaped_and_break_nothing(tmp_path: Path) -> None:
    """A binary in a pipe is a result like any other."""
    done = shell(tmp_path, "toolpager page --json", bytes(range(256)) * 20)
    assert (done.returncode, json.loads(done.stdout)["kind"]) == (0, "bytes")


@pytest.mark.parametrize("command", ["open r1", "open r1 --json", "find r1 line", "export r1", "export r1[3:5]"])
def test_a_reader_that_goes_away_ends_the_command_quietly(stored: Path, command: str) -> None:
    """Status 141, as of every program that SIGPIPE ends, and not a word."""
    done = shell(stored, f"toolpager {command} | true")
    assert (done.returncode, done.stderr, done.stdout) == (141, b"", b"")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("toolpager find r1 'line 7:'", 0),
        ("toolpager find r1 'no such words'", 1),
        ("toolpager open r9", 2),
        ("toolpager query r1 'drop table t'", 2),
        ("toolpager page no-such-file", 2),
        ("toolpager page <&-", 2),
        ("toolpager --no-such-option", 2),
    ],
)
def test_exit_statuses_say_how_it_went(stored: Path, line: str, status: int) -> None:
    """0 found, 1 nothing found, 2 could not; a reason on standard error, no traceback."""
    done = shell(stored, line)
    assert done.returncode == status, done.stderr
    assert b"Traceback" not in done.stderr
    assert bool(done.stderr) == (status == 2)


def test_colour_and_spinners_are_for_terminals(stored: Path) -> None:
    """No escape sequence goes into a pipe; control characters of a result are made visible on a terminal."""
    assert b"\x1b" not in shell(stored, "toolpager page", b"\x1b[31mred\x1b[0m words " * 300).stdout
    shown = on_a_terminal(stored, "open", "r2")
    assert "\\x1b[31mred" in shown


def on_a_terminal(folder: Path, *arguments: str) -> str:
    """What a terminal would show of the standard output."""
    outer, inner = pty.openpty()
    try:
        done = subprocess.run([*TOOLPAGER, *arguments], cwd=folder, stdout=inner, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 0, done.stderr
        return os.read(outer, 1 << 16).decode()
    finally:
        os.close(inner)
        os.close(outer)


def test_an_interruption_ends_with_130_and_leaves_the_store_whole(stored: Path) -> None:
    """Ctrl-C while something is still being piped in."""
    with subprocess.Popen(
        [*TOOLPAGER, "page"], cwd=stored, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as waiting:
        assert waiting.stdin is not None
        waiting.stdin.write(b"half a line")
        waiting.stdin.flush()
        time.sleep(2)
        waiting.send_signal(signal.SIGINT)
        said = waiting.communicate(timeout=30)[1]
    assert (waiting.returncode, said) == (130, b"")
    assert shell(stored, "toolpager open 'r1[7]'").stdout == TEXT.splitlines()[7].encode()


def test_a_huge_pipe_is_never_whole_in_memory(tmp_path: Path) -> None:
    """60 MB of log through a process that may not have as much more than it has with a small one."""
    line = b"2026-01-01 10:00:00 INFO request 12345 served in 17 ms by worker 3\n"
    megabytes = 60
    between = (  # whose size the command's peak begins at is this small process, not the one that runs the tests
        "import resource, subprocess, sys\nsubprocess.run(sys.argv[1:], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
    )
    command = [sys.executable, "-c", between, *TOOLPAGER, "page", "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        for _ in range(megabytes):
            process.stdin.write(line * (1_000_000 // len(line)))
        process.stdin.close()
        assert process.stdout is not None
        assert process.stderr is not None
        card = json.loads(process.stdout.read())
        peak_kilobytes = int(process.stderr.read().split()[-1])
    assert card["name"] == "stream"
    assert card["bytes"] == megabytes * (1_000_000 // len(line)) * len(line)
    assert peak_kilobytes * 1024 < 160_000_000


@pytest.mark.parametrize("limit", ["2000", "10MB"], ids=["short", "spooled"])
def test_a_pipe_without_end_ends_at_the_limit_and_loses_nothing(stored: Path, limit: str) -> None:
    """What came before the limit is a result, and the sentence names it; a pipe that ends there is no error."""
    most = {"2000": 2_000, "10MB": 10_000_000}[limit]
    done = shell(stored, f"yes 'one line' | toolpager page --limit-bytes {limit}")
    assert done.returncode == 2
    assert f"goes on after {most:,} bytes".encode() in done.stderr
    kept = re.search(rb"kept as (r\d+)", done.stderr)
    assert kept, done.stderr
    exported = shell(stored, f"toolpager export {kept[1].decode()}").stdout
    assert exported == (b"one line\n" * (most // 9 + 1))[:most]
    assert shell(stored, f"head -c {most} /dev/zero | toolpager page --limit-bytes {limit}").returncode == 0


def test_a_device_without_end_is_refused_and_nothing_of_it_kept(stored: Path) -> None:
    """It can be read again; the store is as it was."""
    before = shell(stored, "toolpager results").stdout
    done = shell(stored, "toolpager page /dev/zero --limit-bytes 20MB")
    assert done.returncode == 2
    assert b"goes on after 20,000,000 bytes, the limit: nothing of it is kept" in done.stderr
    assert shell(stored, "toolpager results").stdout == before


def test_a_named_pipe_is_read_as_standard_input_is(stored: Path) -> None:
    """To its end."""
    done = shell(stored, "mkfifo line; (seq 5 > line &) ; toolpager page line --json")
    assert json.loads(done.stdout)["bytes"] == 10
