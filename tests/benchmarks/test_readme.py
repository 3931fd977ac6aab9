"""The tables in the README are those of the kept results, and a run's figures become a table."""

import json
from pathlib import Path

import pytest

from benchmarks.corpus import PROJECT, Corpus
from benchmarks.quality import run_quality
from benchmarks.readme import RESULTS, has_markers, quality_table, speed_table, with_tables
from benchmarks.report import print_tables


def test_the_readme_s_tables_are_the_kept_results() -> None:
    """Whoever changes the figures changes the README: `python -m benchmarks.readme`."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    if not has_markers(readme):
        pytest.skip("the README has no places for tables yet")
    assert with_tables(readme) == readme


def test_a_table_takes_the_place_between_its_markers(tmp_path: Path) -> None:
    """Only what stands between the markers changes, and a second time changes nothing."""
    (tmp_path / "speed.json").write_text(json.dumps(SPEED), encoding="utf-8")
    readme = "before\n<!-- speed -->\nold\n<!-- /speed -->\nafter <!-- quality --><!-- /quality -->"
    new = with_tables(readme, tmp_path)
    assert "| toolpager: put + card | 20 |" in new
    assert "old" not in new
    assert new.startswith("before\n<!-- speed -->\n")
    assert new.endswith("\n<!-- /speed -->\nafter <!-- quality --><!-- /quality -->")
    assert with_tables(new, tmp_path) == new


def test_a_run_becomes_tables_and_a_plot(tmp_path: Path, small: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    """Every method has a row, with its share at each budget; the plot comes as PNG and SVG."""
    quality = run_quality(small.folder, tmp_path, (50, 150), peers=False, focus=False, show=False)
    table = quality_table(quality)
    assert all(f"| {method['name']} |" in table for method in quality["methods"])
    print_tables(quality)
    assert "toolpager" in capsys.readouterr().out
    assert (tmp_path / "quality.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
    assert (tmp_path / "quality.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(not (RESULTS / "speed.json").exists(), reason="no kept speed results")
def test_kept_speed_results_have_a_table() -> None:
    """The kept file can be told in Markdown."""
    kept = json.loads((RESULTS / "speed.json").read_text(encoding="utf-8"))
    assert "toolpager: put + card" in speed_table(kept)


SPEED = {
    "cases": {"milliseconds": {"toolpager: put + card": {"a.json": 20.4}, "peer": {"a.json": "ended"}}},
    "works": {"count 100 kB": {"milliseconds": 12.0}},
    "logs": {"10 MB": {"seconds": 2.0, "peak_megabytes": 20.0}},
}
