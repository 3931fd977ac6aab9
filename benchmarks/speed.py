"""`python -m benchmarks.speed`: time and memory, and the peers' time on the same inputs in the same run.

Every time is the median of repeats after one unmeasured run, in this process for ours and inside its own for each
peer (start-up and transport not counted). The cases are timed as each meets them for the first time, after other texts
of their kinds. Compare within one run only: machines and their load differ.
"""

import json
import platform
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from statistics import median

from pager import TokenCounter, counter

from .corpus import PROJECT, decode, default_folder
from .generated import generated_json_lines, generated_log, warming_texts
from .peers import Conversation, Peer, PeerFailed, available
from .progress import Tick, progress
from .speed_report import print_speed, write_speed_plot
from .works import Timed, case_works, works

Fields = dict[str, object]
OURS = "toolpager: put + card"
PEER_REPEATS = 3
PEER_BUDGET = 200
CHILD_REPEATS = 3
_SMALL = PROJECT / "tests" / "benchmarks" / "small" / "made" / "requests.json"
_FILES: dict[str, Callable[[int], AbstractContextManager[Path]]] = {
    "log": generated_log,
    "JSON Lines": generated_json_lines,
}


def run_speed(
    out: Path | None = None,
    *,
    cases: Path | None = None,
    log_megabytes: Sequence[int] = (10, 50),
    file_megabytes: int = 1000,
    repeats: int = 7,
    peers: bool = True,
    tokens: TokenCounter | None = None,
    show: bool = True,
) -> Fields:
    """Times and memory as one JSON object; `out` receives speed.json, speed.png and speed.svg.

    `cases`: the folder of the five cases (default: beside the corpus), left out when absent. `log_megabytes`: sizes of
    generated logs, each summarized in a process of its own; `file_megabytes`: of the files whose first page is timed
    against reading them once (0: none). `repeats`: of each piece of work, whose median is told.
    """
    tokens = tokens or counter()
    cases = cases or default_folder().parent / "cases"
    with works(tokens) as timed, progress(len(timed) + 6 + len(log_megabytes) + len(_FILES), show=show) as tick:
        found: Fields = {
            "version": 2,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "tokenizer": tokens.name,
            "works": {work.name: _timed(work, tick, repeats) for work in timed},
            "cases": _cases(cases, tokens, tick, repeats, peers=peers)
            if cases.is_dir()
            else f"no cases at {cases.name}",
            "start": _starts(tick, repeats),
            "logs": {f"{size} MB": _summarized(size, tick) for size in log_megabytes},
            "first_page": {name: _first_page(name, file_megabytes, tick) for name in _FILES if file_megabytes},
        }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "speed.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        write_speed_plot(found, out / "speed")
    return found


def _timed(work: Timed, tick: Tick, repeats: int) -> Fields:
    tick(work.name)
    work.run()
    times = [_seconds(work.run) for _ in range(repeats)]
    return {"milliseconds": _ms(median(times)), "fastest": _ms(min(times)), "repeats": repeats}


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _cases(folder: Path, tokens: TokenCounter, tick: Tick, repeats: int, *, peers: bool) -> Fields:
    ours = {name: _timed(work, tick, repeats)["milliseconds"] for name, work in case_works(folder, tokens).items()}
    here, skipped = available() if peers else ([], {})
    others = {peer.name: _peer_times(peer, [folder / name for name in ours], tick) for peer in here}
    return {"milliseconds": {OURS: ours, **others}, "skipped": skipped, "peer_budget_tokens": PEER_BUDGET}


def _peer_times(peer: Peer, paths: list[Path], tick: Tick) -> Fields:
    """Milliseconds by case at first sight, as an agent's results are: peers keep their answers and parts of them."""
    tick(peer.name)
    rounds = [_first_sights(peer, paths) for _ in range(PEER_REPEATS)]
    return {path.name: _median_or_failure([one[path.name] for one in rounds]) for path in paths}


def _first_sights(peer: Peer, paths: list[Path]) -> dict[str, float | str]:
    """Seconds by case in a new process, which has seen other texts of each kind before."""
    with Conversation(peer) as talk:
        for text in warming_texts():
            with suppress(PeerFailed):
                talk.shorten(text, PEER_BUDGET)
        return {path.name: _first_sight(talk, decode(path.read_bytes())) for path in paths}


def _first_sight(talk: Conversation, text: str) -> float | str:
    try:
        talk.shorten(text, PEER_BUDGET)
    except PeerFailed as failed:
        return str(failed)
    return talk.seconds


def _median_or_failure(times: Sequence[float | str]) -> float | str:
    failed = next((one for one in times if isinstance(one, str)), None)
    return failed or _ms(median(one for one in times if isinstance(one, float)))


def _starts(tick: Tick, repeats: int) -> dict[str, float]:
    """Milliseconds of wall time of whole processes, an empty one for comparison."""
    tick("starting")
    command = [sys.executable, "-c", "from agent.cli import main; main()"]
    with tempfile.TemporaryDirectory() as folder:
        store = ["--store", str(Path(folder) / "store")]
        started = {
            "python": [sys.executable, "-c", "pass"],
            "import pager": [sys.executable, "-c", "import pager"],
            "toolpager --help": [*command, "--help"],
            "toolpager page (3 kB)": [*command, "page", str(_SMALL), *store],
            "toolpager open r1": [*command, "open", "r1", *store],
        }
        return {name: _ms(median(_process(one) for _ in range(repeats + 1))) for name, one in started.items()}


def _process(command: Sequence[str]) -> float:
    return _seconds(lambda: subprocess.run(command, cwd=PROJECT, capture_output=True, check=True))


def _summarized(megabytes: int, tick: Tick) -> Fields:
    tick(f"{megabytes} MB of log")
    with generated_log(megabytes) as path:
        return _child("summarize", path)


def _first_page(kind: str, megabytes: int, tick: Tick) -> Fields:
    """Reading, copying and paging by turns, so that each meets the machine as the others do; cold is from the disk."""
    tick(f"first page of {megabytes} MB of {kind}")
    whats = ("read", "copy", "page", "read_cold", "page_cold")
    with _FILES[kind](megabytes) as path:
        rounds = [{what: _child(what, path) for what in whats} for _ in range(CHILD_REPEATS)]
        pages = _child("pages", path)
    found = {what: median(_number(one[what]["seconds"]) for one in rounds) for what in whats}
    return {
        "megabytes": megabytes,
        "seconds": found,
        "peak_megabytes": max(_number(one["page"]["peak_megabytes"]) for one in rounds),
        "base_megabytes": rounds[0]["page"]["base_megabytes"],
        "first_page_to_read": round(found["page"] / found["read"], 2),
        "first_page_to_read_cold": round(found["page_cold"] / found["read_cold"], 2),
        "first_page_to_copy": round(found["page"] / found["copy"], 2),
        "page_1_milliseconds": _ms(_number(pages["page_1_seconds"])),
        "page_1000_milliseconds": _ms(_number(pages["page_1000_seconds"])),
    }


def _child(what: str, path: Path) -> Fields:
    command = [sys.executable, "-m", "benchmarks.child", what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    if done.returncode:
        raise RuntimeError(f"{what} on {path.name} failed: {done.stderr.strip()[-300:] or 'no output'}")
    return {name: round(value, 4) for name, value in json.loads(done.stdout).items()}


def _number(value: object) -> float:
    return value if isinstance(value, float) else float("nan")


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


def main() -> None:
    """The command line: tables, or with --json the JSON, on standard output; files with --out."""
    parser = ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for speed.json, speed.png and speed.svg")
    parser.add_argument("--cases", type=Path, help="folder of the five cases (default: beside the corpus)")
    parser.add_argument("--log-megabytes", type=int, nargs="*", default=(10, 50), help="logs to summarize (10 50)")
    parser.add_argument(
        "--file-megabytes", type=int, default=1000, help="files whose first page is timed (1000; 0: none)"
    )
    parser.add_argument("--repeats", type=int, default=7, help="of each piece of work (7)")
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    parser.add_argument("--no-peers", action="store_true", help="leave installed peers out")
    chosen = parser.parse_args()
    found = run_speed(
        chosen.out,
        cases=chosen.cases,
        log_megabytes=chosen.log_megabytes,
        file_megabytes=chosen.file_megabytes,
        repeats=chosen.repeats,
        peers=not chosen.no_peers,
    )
    if chosen.json:
        print(json.dumps(found))
    else:
        print_speed(found)


if __name__ == "__main__":
    main()
