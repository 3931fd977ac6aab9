"""A store keeps its promises in a folder and on a server alike: many writers, many readers, nothing lost."""

import hashlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from cluster import Cluster

from pager import Call, Lazy, Pager, StoreFailed, UnknownAddress, counter
from pager.storage.postgres import Postgres
from pager.storage.record import Record
from pager.storage.store import ContentGone, store_at

COUNTER = counter(len)
PROJECT = Path(__file__).resolve().parents[2]


def _pager(place: str) -> Pager:
    return Pager(place, counter=COUNTER)


def test_the_same_result_has_one_id(place: str) -> None:
    """Same content, name and call: the same id; another name: another id over the same bytes."""
    with _pager(place) as pager:
        first = pager.put([1, 2, 3], name="a", call=Call("f", {"x": 1}))
        assert pager.put([1, 2, 3], name="a", call=Call("f", {"x": 1})) == first
        assert pager.put([1, 2, 3], name="b").id == "r2"
        assert [result.id for result in pager.results()] == ["r1", "r2"]
        assert pager.results()[0].call == Call("f", {"x": 1})
        assert pager.node("r2").previous() is None


def test_any_content_comes_back_as_it_was(place: str) -> None:
    """NUL characters in names, lone surrogates, bytes, empty results, tables; pages joined are the text."""
    with _pager(place) as pager:
        odd = pager.put("a\x00b \ud800 é\n" * 999, name="odd \x00 name")
        pages = [pager.open(f"{odd.id}#{number}", limit_tokens=400) for number in (1, 2)]
        assert pages[0].text + pages[1].text == ("a\x00b \ud800 é\n" * 999)[: len(pages[0].text + pages[1].text)]
        assert "".join(pager.node(odd.id).pieces()) == "a\x00b \ud800 é\n" * 999
        assert pager.node(pager.put(b"\x00\xff\x01").id).kind == "bytes"
        assert pager.node(pager.put("").id).text() == ""
        table = pager.put([{"id": n, "ms": n % 7} for n in range(100)])
        assert pager.query(table.id, "select max(ms) from t").rows == ((6,),)
        assert pager.find(table.id, "99").total == 1
        pager.remember("k", "a\x00b")
        assert pager.recalled("k") in ("a\x00b", "a\\x00b")


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 40,
        "héllo wörld, ça va\n".encode("utf-16"),
        ("Größe und Länge über alles, schön früh. " * 20).encode("cp1252"),
        b"mostly text with one \xff byte\r\n" * 20,
        b"\xef\xbb\xbfx,y\r\n1,2\r\n3,4\r\n",
        b'{"a": [1, 2,\t3]}\n\n',
        b"",
        b"\x93NUMPY not really",
    ],
)
def test_what_was_put_comes_out_byte_for_byte(place: str, data: bytes) -> None:
    """Whatever it is shown as: escaped, transcoded or mended; a part is its text."""
    with _pager(place) as pager:
        assert b"".join(pager.original(pager.put(data, name="it").id)) == data
        assert b"".join(pager.original(pager.put(data.decode("latin-1") + "\ud800").id)).endswith(b"\xed\xa0\x80")
        assert b"".join(pager.original(f"{pager.put({'a': 'ü'}).id}/a")) == "ü".encode()


def test_a_large_file_is_kept_whole_and_once(place: str, tmp_path: Path) -> None:
    """20 MB, twice: one content; its last line and last page are there."""
    log = tmp_path / "large.log"
    log.write_bytes(b"".join(b"2026-01-01 INFO line %07d of many, many lines\n" % n for n in range(450_000)))
    with _pager(place) as pager:
        first, second = pager.put_file(log), pager.put_file(log, name="again.log")
        assert first.id != second.id
        assert "0449999" in pager.open(f"{second.id}[449999]").text
        assert pager.node(first.id).size_bytes == log.stat().st_size
        assert sum(len(piece) for piece in pager.node(first.id).pieces()) == log.stat().st_size


def _put_many(place: str, start: int) -> None:
    with _pager(place) as pager:
        for number in range(20):
            pager.put(f"result {(start + number) % 50}", name="shared")


def test_concurrent_writers_lose_nothing(place: str) -> None:
    """Processes that put at the same time each get ids; every result is there once."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_put_many, args=(place, 10 * start)) for start in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    with _pager(place) as pager:
        texts = [pager.node(result.id).text() for result in pager.results()]
        assert sorted(texts) == sorted(f"result {number}" for number in range(50))


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_writer_leaves_whole_results(place: str) -> None:
    """What it told of opens to its end, and the store takes more."""
    code = (
        f"from pager import Pager\npager = Pager({place!r})\n"
        "for n in range(10**6): print(pager.put(str(n) * 100_000).id, flush=True)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(3)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with _pager(place) as pager:
        ids = [result.id for result in pager.results()]
        assert set(told) <= set(ids)
        assert [pager.node(one).text() for one in ids] == [str(n) * 100_000 for n in range(len(ids))]
        more = pager.put("more").id
        assert more not in ids
        assert pager.node(more).text() == "more"


def test_computed_parts_are_shared(place: str) -> None:
    """What one process computed of a lazy result another opens without computing."""
    with _pager(place) as pager:
        lazy = Lazy(("a", "b"), lambda key: {"key": key, "drawn": random.random()})
        pager.put(lazy, call=Call("look", {}))
        text = pager.open("r1/a").text
    with _pager(place) as pager:
        assert pager.open("r1/a").text == text


def test_expired_results_go_and_pinned_ones_stay(place: str) -> None:
    """The oldest go until little enough is left; their ids are not given again, and opening one says what happened."""
    with _pager(place) as pager:
        for number in range(5):
            pager.put(f"{number}" * 1000, name=f"n{number}")
        shared = pager.put("0" * 1000, name="the same bytes under another name")
        pager.pin("r2")
        assert pager.pinned() == {"r2"}
        assert pager.expire(older_than=timedelta(hours=1)) == []
        assert [one.id for one in pager.expire(keep_bytes=3000)] == ["r1", "r3", "r4"]
        assert [one.id for one in pager.results()] == ["r2", "r5", "r6"]
        assert pager.node(shared.id).text() == "0" * 1000
        with pytest.raises(UnknownAddress, match="r1: it expired at 20"):
            pager.open("r1")
        assert [one.id for one in pager.expire(older_than=timedelta(0))] == ["r5", "r6"]
        assert pager.put("0" * 1000, name="n0").id == "r7"
        pager.pin("r2", pinned=False)
        assert [one.id for one in pager.expire(keep_bytes=1000)] == ["r2"]
    with _pager(place) as pager:
        assert [one.id for one in pager.results()] == ["r7"]
        with pytest.raises(UnknownAddress):
            pager.pin("r9")


def test_what_another_process_pins_or_deletes_meanwhile_is_not_deleted(place: str) -> None:
    """Between the choice and the act: a pin still counts, and nothing is said to be deleted twice."""
    store = store_at(place)
    with _pager(place) as pager:
        for number in range(3):
            pager.put(f"{number}" * 100, name=f"n{number}")
        pager.pin("r1")
        assert store.expire(["r1", "r2"]) == {"r2"}
        assert store.expire(["r1", "r2", "r3"]) == {"r3"}
        assert pager.open("r1").text == "0" * 100
    store.close()


def test_a_server_that_cannot_be_reached_is_a_sentence_without_its_password() -> None:
    """What failed and what to do; secrets stay out of it."""
    pytest.importorskip("psycopg")
    with pytest.raises(StoreFailed, match="check that the server runs") as caught:
        Pager("postgresql://someone:hush@127.0.0.1:9/none?connect_timeout=2&password=hush")
    assert "hush" not in str(caught.value)


def test_a_content_that_expired_before_it_was_listed_is_not_listed() -> None:
    """A record never names what is gone, though the same bytes were just put; whoever put them is told to again."""
    store = store_at(None)
    content = store.add_content(b"abc")
    record = Record("text", "text", content.id, 3)
    first = store.add_result(record, name=None, call=None, fingerprint=None)
    assert store.add_content(b"abc") == content
    store.expire([first.id])
    with pytest.raises(ContentGone, match="put it again"):
        store.add_result(record, name=None, call=None, fingerprint=None)
    store.close()


def test_a_content_that_is_about_to_be_listed_stays() -> None:
    """However often others expire meanwhile, the writer gets on."""
    store = store_at(None)
    content = store.add_content(b"abc")
    store.expire([])
    assert store.add_result(Record("text", "text", content.id, 3), name=None, call=None, fingerprint=None).id == "r1"
    store.close()


def _end_all(url: str) -> None:
    """End every connection of others to the server, as its restart does."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_server_that_was_restarted_is_used_again_at_once(place: str, server: str) -> None:
    """The call after the restart works, and what was there is there."""
    with Pager(place) as pager:
        pager.put("before " * 50, name="first")
        _end_all(server)
        assert pager.put("after " * 50, name="second").id == "r2"
        _end_all(server)
        assert pager.open("r1").text.startswith("before")


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_connection_lost_while_writing_leaves_nothing_half(place: str, server: str) -> None:
    """The write is a sentence, and the next one works; of the first nothing stands."""
    database = Postgres(place)

    def write() -> None:
        with database.writing() as connection:
            connection.execute("INSERT INTO remembered(key, text) VALUES (?, ?)", ("one", "half"))
            _end_all(server)
            connection.execute("INSERT INTO remembered(key, text) VALUES (?, ?)", ("two", "half"))

    with pytest.raises(StoreFailed, match="check the server"):
        write()
    with database.writing() as connection:
        connection.execute("INSERT INTO remembered(key, text) VALUES (?, ?)", ("three", "whole"))
        assert connection.execute("SELECT key FROM remembered").fetchall() == [("three",)]
    database.close()


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_schema_without_rights_is_a_sentence(place: str, server: str) -> None:
    """It says what the server said."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'hunter2'")
    with pytest.raises(StoreFailed, match=r"cannot open the store.*(permission denied|no schema)") as caught:
        Pager(place.replace("tester@", "guest:hunter2@"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_while_a_server_is_down_every_call_says_so_and_nothing_is_lost(place: str, cluster: Cluster) -> None:
    """Stopped and started between two puts: the next call works, in the process that met the outage too."""
    with Pager(place) as pager:
        pager.put("before " * 50, name="first")
        cluster.stop()
        try:
            for call in (lambda: pager.put("lost? " * 50, name="second"), lambda: pager.open("r1"), pager.results):
                with pytest.raises(StoreFailed, match="check that the server runs"):
                    call()
        finally:
            cluster.start()
        assert pager.put("after " * 50, name="second").id == "r2"
        assert [pager.node(one.id).text()[:5] for one in pager.results()] == ["befor", "after"]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_a_large_file_streams_into_a_server(place: str, tmp_path: Path) -> None:
    """40 MB: every byte comes back, and the process never holds half of them."""
    log, megabytes = tmp_path / "large.log", 40
    piece = b"".join(b"2026-01-01 INFO line %05d of many, many lines: %d\n" % (n, n * n) for n in range(20_000))
    log.write_bytes(piece * (megabytes * 1_000_000 // len(piece)))
    code = (
        "import hashlib, sys\nfrom pager import Pager\n"
        "peak = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
        "with Pager(sys.argv[1]) as pager:\n"
        "    pager.put_file(sys.argv[3], name='small'); before = peak()\n"
        "    result = pager.put_file(sys.argv[2]); digest = hashlib.sha256()\n"
        "    for part in pager.original(result.id): digest.update(part)\n"
        "print(peak() - before, digest.hexdigest())"
    )
    small = tmp_path / "small.log"
    small.write_bytes(piece)
    ran = subprocess.run(
        [sys.executable, "-c", code, place, str(log), str(small)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    kilobytes, digest = ran.stdout.split()
    assert digest == hashlib.sha256(log.read_bytes()).hexdigest()
    assert int(kilobytes) < megabytes * 1000 / 2


def _expire_many(place: str) -> None:
    with _pager(place) as pager:
        for _ in range(10):
            pager.expire(keep_bytes=200)


def test_processes_that_expire_at_once_while_another_writes_agree(place: str) -> None:
    """No error in any of them; what is listed opens whole, what is gone says so, and no id is given twice."""
    context = multiprocessing.get_context("spawn")
    expiring = [context.Process(target=_expire_many, args=(place,)) for _ in range(2)]
    writing = context.Process(target=_put_many, args=(place, 0))
    for one in (*expiring, writing):
        one.start()
    for one in (*expiring, writing):
        one.join(120)
        assert one.exitcode == 0
    with _pager(place) as pager:
        pager.expire(keep_bytes=200)
        listed = pager.results()
        assert sum(one.size_bytes for one in listed) <= 200
        assert all(pager.node(one.id).text().startswith("result ") for one in listed)
        ids = {one.id for one in listed}
        for number in range(1, 21):
            if f"r{number}" not in ids:
                with pytest.raises(UnknownAddress, match="it expired at"):
                    pager.open(f"r{number}")
        assert pager.put("one more").id == "r21"


def test_ten_thousand_results_are_listed_and_expired_in_seconds() -> None:
    """The newest few at once, all of them in order, and all but a few gone."""
    with Pager(counter=COUNTER) as pager:
        for number in range(10_000):
            pager.put(f"result {number}", name=f"n{number}")
        began = time.monotonic()
        assert [one.name for one in pager.results(last=2)] == ["n9998", "n9999"]
        assert [one.name for one in pager.results()] == [f"n{number}" for number in range(10_000)]
        assert len(pager.expire(older_than=timedelta(0), keep_bytes=0)) == 10_000
        assert pager.results() == []
        assert time.monotonic() - began < 10
