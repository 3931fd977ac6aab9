"""`python -m benchmarks.speed`: time and memory, and the peers' time on the same inputs in the same run.

Every time is the median of repeats after one unmeasured run, in this process for ours and inside its own for each
peer (start-up and transport not counted). Compare within one run only: machines and their load differ.
"""

import json
import platform
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from pager import TokenCounter, counter

from .corpus import PROJECT, decode, default_folder
from .peers import Conversation, Peer, PeerFailed, available
from .progress import Tick, progress
from .works import Timed, case_works, works

Fields = dict[str, object]
PEER_REPEATS = 3
PEER_BUDGET = 200


def run_speed(
    out: Path | None = None,
    *,
    cases: Path | None = None,
    log_megabytes: tuple[int, ...] = (10, 50),
    file_megabytes: int = 100,
    repeats: int = 7,
    peers: bool = True,
    tokens: TokenCounter | None = None,
    show: bool = True,
) -> Fields:
    """Times and memory as one JSON object; `out` receives speed.json.

    `cases`: the folder of the five cases (default: beside the corpus), left out when absent. `log_megabytes`: sizes of
    generated logs, each summarized in a process of its own; `file_megabytes`: of the log whose first page is timed
    against reading it once (0: not). `repeats`: of each piece of work, whose median is told.
    """
    tokens = tokens or counter()
    cases = cases or default_folder().parent / "cases"
    with progress(len(works(tokens)) + 3, show=show) as tick:
        found: Fields = {
            "version": 1,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "tokenizer": tokens.name,
            "works": {work.name: _timed(work, tick, repeats) for work in works(tokens)},
            "cases": _cases(cases, tokens, tick, repeats, peers=peers)
            if cases.is_dir()
            else f"no cases at {cases.name}",
            "logs": _logs(log_megabytes, tick),
            "first_page": _first_page(file_megabytes, tick) if file_megabytes else "not asked for",
        }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "speed.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def _timed(work: Timed, tick: Tick, repeats: int) -> Fields:
    tick(work.name)
    work.run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work.run()
        times.append(time.perf_counter() - start)
    return {"milliseconds": _ms(median(times)), "fastest": _ms(min(times)), "repeats": repeats}


def _cases(folder: Path, tokens: TokenCounter, tick: Tick, repeats: int, *, peers: bool) -> Fields:
    ours = {name: _timed(work, tick, repeats)["milliseconds"] for name, work in case_works(folder, tokens).items()}
    here, skipped = available() if peers else ([], {})
    tick("peers on the cases")
    others = {peer.name: _peer_times(peer, [folder / name for name in ours]) for peer in here}
    return {
        "milliseconds": {"toolpager: put + card": ours, **others},
        "skipped": skipped,
        "peer_budget_tokens": PEER_BUDGET,
    }


def _peer_times(peer: Peer, paths: list[Path]) -> Fields:
    with Conversation(peer) as talk:
        return {path.name: _peer_time(talk, decode(path.read_bytes())) for path in paths}


def _peer_time(talk: Conversation, text: str) -> float | str:
    try:
        talk.shorten(text, PEER_BUDGET)
        times = []
        for turn in range(PEER_REPEATS):
            talk.shorten(text + "\n" * (turn + 1), PEER_BUDGET)  # peers keep their answers; ours starts anew as well
            times.append(talk.seconds)
    except PeerFailed as failed:
        return str(failed)
    return _ms(median(times))


def _logs(sizes: tuple[int, ...], tick: Tick) -> dict[str, Fields]:
    tick("logs in processes of their own")
    found = {}
    for megabytes in sizes:
        with generated_log(megabytes) as path:
            found[f"{megabytes} MB"] = _child("summarize", path)
    return found


def _first_page(megabytes: int, tick: Tick) -> Fields:
    tick("first page of a large file")
    with generated_log(megabytes) as path:
        read, copy, page, pages = (_child(what, path) for what in ("read", "copy", "page", "pages"))
    opening = _number(page["seconds"])
    return {
        "megabytes": megabytes,
        "read_once": read,
        "read_hash_and_write_once": copy,
        "first_page": page,
        "first_page_to_read": round(opening / _number(read["seconds"]), 2),
        "first_page_to_copy": round(opening / _number(copy["seconds"]), 2),
        "pages": pages,
    }


@contextmanager
def generated_log(megabytes: int) -> Iterator[Path]:
    """A log of that size in a temporary file, with templates, rare errors and one exception; always the same."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.log"
        size, line = 0, 0
        with path.open("w", encoding="utf-8") as file:
            while size < megabytes * 1_000_000:
                block = "".join(_log_line(number) for number in range(line, line + 1000))
                size += file.write(block)
                line += 1000
        yield path


def _log_line(n: int) -> str:
    at = f"2026-03-{1 + n // 86400 % 28:02d} {n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d},{n % 997:03d}"
    if n == 123_457:
        return f"{at} ERROR [worker-3] Traceback: KeyError: 'tenant-7731' while loading quota\n"
    if n % 50_021 == 7:
        return f"{at} ERROR [worker-{n % 16}] upstream timed out after {n % 900 + 100} ms\n"
    if n % 211 == 3:
        return f"{at} WARN [worker-{n % 16}] retry {n % 5} of request {n * 7919 % 1_000_003}\n"
    return f"{at} INFO [worker-{n % 16}] request {n * 7919 % 1_000_003} took {n * 31 % 400} ms status 200\n"


def _child(what: str, path: Path) -> Fields:
    command = [sys.executable, "-m", "benchmarks.child", what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    if done.returncode:
        return {"seconds": 0.0, "error": done.stderr.strip().splitlines()[-1][:300] if done.stderr else "no output"}
    return {name: round(value, 4) for name, value in json.loads(done.stdout).items()}


def _number(value: object) -> float:
    return value if isinstance(value, float) and value > 0 else float("nan")


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


def main() -> None:
    """The command line: JSON on standard output."""
    parser = ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for speed.json")
    parser.add_argument("--cases", type=Path, help="folder of the five cases (default: beside the corpus)")
    parser.add_argument("--log-megabytes", type=int, nargs="+", default=(10, 50))
    parser.add_argument("--file-megabytes", type=int, default=100)
    parser.add_argument("--no-peers", action="store_true")
    chosen = parser.parse_args()
    found = run_speed(
        chosen.out,
        cases=chosen.cases,
        log_megabytes=tuple(chosen.log_megabytes),
        file_megabytes=chosen.file_megabytes,
        peers=not chosen.no_peers,
    )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
