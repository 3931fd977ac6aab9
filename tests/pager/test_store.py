"""Results outlive the process, several processes share one store, and nothing is kept twice."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pager import Call, Lazy, NotComputed, Pager, PagerError, StoreFailed, counter

COUNTER = counter(len)
PROJECT = Path(__file__).resolve().parents[2]


def run(code: str) -> str:
    """What a fresh process prints."""
    return subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True, capture_output=True, text=True).stdout


def test_another_process_opens_what_was_put(tmp_path: Path) -> None:
    """A result is there in the next process, pages and parts alike."""
    code = f"from pager import Pager; print(Pager({str(tmp_path)!r}).put({{'a': [{{'b': 'é' * 9}}]}}).id)"
    assert run(code) == "r1\n"
    with Pager(tmp_path, counter=COUNTER) as pager:
        assert pager.node("r1/a[0]/b").text() == "é" * 9


def test_a_store_that_cannot_be_opened_says_where(tmp_path: Path) -> None:
    """A file in the way, or a file that is no store, is one clear error."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreFailed, match="file"):
        Pager(blocked)
    (tmp_path / "store.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreFailed, match=r"store\.sqlite"):
        Pager(tmp_path)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    """A path that leads nowhere, or to a folder, is said so."""
    with Pager() as pager:
        with pytest.raises(PagerError, match="no file at"):
            pager.put_file(tmp_path / "nowhere.json")
        with pytest.raises(PagerError, match="is a folder"):
            pager.put_file(tmp_path)


def model(calls: list[str]) -> Lazy:
    """A lazy tree of two levels that notes what it computes."""

    def layer(key: str) -> object:
        calls.append(key)
        if key == "broken":
            raise RuntimeError("no such weights")
        return Lazy(("weight",), lambda name: {"name": f"{key}.{name}", "values": [1.5, 2.5]}, {"layer": key})

    return Lazy(("first", "second", "broken"), layer, {"layers": 3})


def test_a_lazy_part_is_computed_once_and_only_when_opened(tmp_path: Path) -> None:
    """The outline computes nothing; a part is computed at its first opening and kept."""
    calls: list[str] = []
    with Pager(tmp_path, counter=COUNTER) as pager:
        result = pager.put(model(calls))
        page = pager.open(result.id)
        assert page.children == ("r1/first", "r1/second", "r1/broken")
        assert '"layers": 3' in page.text
        assert len(pager.node(result.id).children()) == 3
        assert calls == []
        assert pager.node("r1/first/weight/values[1]").value() == 2.5
        pager.open("r1/first")
        assert calls == ["first"]


def test_a_lazy_part_that_raises_is_an_error_and_not_kept() -> None:
    """What the tool raised is told with the address; the next opening tries again."""
    calls: list[str] = []
    with Pager(counter=COUNTER) as pager:
        pager.put(model(calls))
        for _ in range(2):
            with pytest.raises(NotComputed, match=r"r1/broken.*RuntimeError: no such weights"):
                pager.open("r1/broken")
        assert calls == ["broken", "broken"]


def test_lazy_parts_are_there_in_a_later_process(tmp_path: Path) -> None:
    """Computed parts open without the tool; others by reviving its call, or with a clear error."""
    calls: list[str] = []
    with Pager(tmp_path, counter=COUNTER) as pager:
        pager.put(model(calls), call=Call("get_model", {}))
        pager.node("r1/first/weight").text()
    with Pager(tmp_path, counter=COUNTER) as pager:
        assert pager.node("r1/first/weight/name").value() == "first.weight"
        with pytest.raises(NotComputed, match="get_model"):
            pager.open("r1/second")
    calls.clear()
    with Pager(tmp_path, counter=COUNTER, revive=lambda call: model(calls)) as pager:
        assert pager.node("r1/second/weight/name").value() == "second.weight"
        assert calls == ["second"]


def test_lazy_results_without_a_call_are_never_confused() -> None:
    """Two lazy values with the same outline and no call are two results."""
    with Pager(counter=COUNTER) as pager:
        one = pager.put(Lazy(("part",), lambda key: 1))
        other = pager.put(Lazy(("part",), lambda key: 2))
        assert (pager.node(f"{one.id}/part").value(), pager.node(f"{other.id}/part").value()) == (1, 2)


def test_a_large_file_is_streamed_and_costs_what_it_shows(tmp_path: Path) -> None:
    """A log over the limit for whole reading goes in by pieces; a late line and a late page open at once."""
    path = tmp_path / "big.log"
    line = "2026-01-01 00:00:00 INFO worker {:09d} did something worth a line of a log, é\n"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line.format(number) for number in range(240_000))
    with Pager(tmp_path / "store", counter=COUNTER) as pager:
        result = pager.put_file(path)
        assert (result.kind, result.size_bytes) == ("log", path.stat().st_size)
        started = time.perf_counter()
        assert pager.node(f"{result.id}[239000]").text() == line.format(239_000).rstrip("\n")
        page = pager.open(f"{result.id}#1000")
        assert page.tokens <= 1000
        assert page.text.endswith("\n")
        assert time.perf_counter() - started < 1.0
        assert len(pager.node(result.id)) == 240_000
        assert next(pager.node(result.id).lines(200_000)) == line.format(200_000).rstrip("\n")
        assert pager.put_file(path).id == result.id


def test_other_readers_see_what_was_committed(tmp_path: Path) -> None:
    """The store is plain SQLite in WAL mode: any reader sees what was committed."""
    with Pager(tmp_path, counter=COUNTER) as pager:
        pager.put("seen by others")
        connection = sqlite3.connect(tmp_path / "store.sqlite")
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT count(*) FROM results").fetchone() == (1,)
        connection.close()


def test_a_store_that_cannot_be_written_can_be_read() -> None:
    """Results open as before; only keeping another one fails, in one sentence."""
    text_counter = counter(len)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        Path(folder).chmod(0o755)
        with Pager(store, counter=text_counter) as pager:
            pager.put("one\ntwo\nthree")
        (store / "store.sqlite").chmod(0o444)
        store.chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            with Pager(store, counter=text_counter) as pager:
                assert pager.open("r1[1]").text == "two"
                with pytest.raises(StoreFailed, match="readonly"):
                    pager.put("more")
        finally:
            if root:
                os.seteuid(0)
            store.chmod(0o755)


@pytest.mark.parametrize("make", ["other", "newer", "damaged"])
def test_a_file_that_is_no_store_of_this_version_is_left_alone(tmp_path: Path, make: str) -> None:
    """The error says to give another folder, and the file stays as it was."""
    file = tmp_path / "store.sqlite"
    if make == "damaged":
        file.write_bytes(bytes(range(256)) * 20)
    else:
        connection = sqlite3.connect(file)
        if make == "newer":
            Pager(tmp_path).close()
            connection.execute("PRAGMA user_version = 99")
        else:
            connection.execute("CREATE TABLE results(id TEXT)")
        connection.close()
    before = file.read_bytes()
    with pytest.raises(StoreFailed, match="give another folder"):
        Pager(tmp_path)
    assert file.read_bytes() == before


def test_what_was_remembered_is_there_in_the_next_process(tmp_path: Path) -> None:
    """The first text under a key stands; a key nobody used has none."""
    with Pager(tmp_path, counter=COUNTER) as pager:
        assert pager.recalled("k") is None
        pager.remember("k", "dear \ud800 text")
        pager.remember("k", "another")
    with Pager(tmp_path, counter=COUNTER) as pager:
        assert pager.recalled("k") == "dear \\ud800 text"
        assert pager.results() == []


LOG = b"2026-01-01 00:00:00 INFO one line of many\n" * 500_000


def test_what_a_killed_process_left_half_written_is_cleared(tmp_path: Path) -> None:
    """The next large file takes the room again; nothing of the first is left."""
    log = tmp_path / "a.log"
    log.write_bytes(LOG)
    store = tmp_path / "store"
    code = (
        "import os, signal; from pager import Pager; from pager.storage import large; real, pieces = large._write, []\n"
        "def halfway(descriptor, piece):\n"
        "    pieces.append(1)\n"
        "    if len(pieces) == 20: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(descriptor, piece)\n"
        f"large._write = halfway; Pager({str(store)!r}).put_file({str(log)!r})"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert len(list((store / "large").iterdir())) == 1
    with Pager(store, counter=COUNTER) as pager:
        assert pager.results() == []
        root = pager.put_file(log).id
        assert pager.node(f"{root}[499999]").text() == "2026-01-01 00:00:00 INFO one line of many"
    (kept,) = (store / "large").iterdir()
    assert kept.read_bytes() == LOG


def test_large_contents_are_told_apart_byte_by_byte(tmp_path: Path) -> None:
    """The same bytes, from a file or from memory, are one result and one file; one byte changed anywhere is another."""
    log = tmp_path / "a.log"
    log.write_bytes(LOG)
    with Pager(tmp_path / "store", counter=COUNTER) as pager:
        first = pager.put_file(log)
        assert pager.put_file(log) == first
        assert pager.put(LOG, name="a.log") == first
        changed = bytearray(LOG)
        changed[10_000_001:10_000_002] = b"?"
        others = [pager.put(bytes(changed), name="a.log"), pager.put(LOG + b"!", name="a.log")]
        assert len({first.id, *(other.id for other in others)}) == 3
        assert pager.put(bytes(changed), name="a.log") == others[0]
        assert pager.node(others[0].id).text().encode() == changed
    assert len(list((tmp_path / "store" / "large").iterdir())) == 3


@pytest.mark.parametrize("late", [b"\xff", b"\xc3"])
def test_bytes_that_are_no_text_late_in_a_large_file_are_kept(tmp_path: Path, late: bytes) -> None:
    """They are noted, also when the same file comes again, and come back as they were."""
    log = tmp_path / "a.log"
    log.write_bytes(LOG + "é".encode() * 100_000 + late)
    with Pager(counter=COUNTER) as pager:
        result = pager.put_file(log, name="one")
        assert result.note == "some bytes are not UTF-8: kept as lone surrogates"
        assert pager.put_file(log, name="other").note == result.note
        assert (
            pager.node(f"{result.id}[500000]").text().encode("utf-8", "surrogateescape").endswith("é".encode() + late)
        )


def test_a_large_file_that_was_shortened_is_damage(tmp_path: Path) -> None:
    """A store whose large file is gone or cut says so, instead of showing less."""
    with Pager(tmp_path, counter=COUNTER) as pager:
        pager.put(LOG, name="a.log")
    (kept,) = (tmp_path / "large").iterdir()
    os.truncate(kept, 1000)
    with Pager(tmp_path, counter=COUNTER) as pager, pytest.raises(StoreFailed, match="damaged"):
        pager.open("r1#2")


def test_large_contents_of_a_pager_in_memory_go_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are files meanwhile, so that they take no memory, and none is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Pager(counter=COUNTER) as pager:
        assert list(tmp_path.iterdir()) == []
        root = pager.put(LOG, name="a.log").id
        assert len(list(tmp_path.iterdir())) == 1
        assert len(pager.node(root)) == 500_000
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_the_first_layout_is_read_and_written(tmp_path: Path) -> None:
    """What an earlier version kept opens as it did, and the store takes large contents from then on."""
    with Pager(tmp_path, counter=COUNTER) as pager:
        pager.put("one\ntwo")
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    connection.executescript("DROP TABLE files; PRAGMA user_version = 1;")
    connection.close()
    with Pager(tmp_path, counter=COUNTER) as pager:
        assert pager.open("r1[1]").text == "two"
        assert pager.open(f"{pager.put(LOG, name='a.log').id}[7]").text.startswith("2026")
