"""That what the proxy adds is measured on calls whose results pass, in pairs."""

import json
from pathlib import Path

from benchmarks.proxy import run_proxy

KEPT = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "proxy.json"


def test_a_few_pairs_are_measured_and_told(tmp_path: Path) -> None:
    """Both medians and the difference within pairs stand in the JSON."""
    found = run_proxy(tmp_path, pairs=4, show=False)
    assert json.loads((tmp_path / "proxy.json").read_text()) == found
    (times,) = found["milliseconds"].values()  # type: ignore[attr-defined]
    assert 0 < times["bare"] < times["through the proxy"] + 50


def test_the_kept_result_keeps_the_bound() -> None:
    """The median that the proxy adds to a call is at most 5 ms in the run that is kept."""
    kept = json.loads(KEPT.read_text())
    assert kept["pairs"] >= 100
    assert all(times["added, median"] <= 5 for times in kept["milliseconds"].values())
    assert kept["session"]["tokens, through the proxy"] < kept["session"]["tokens, bare"]
