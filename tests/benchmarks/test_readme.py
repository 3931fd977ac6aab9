"""The tables in the README are those of the kept results, and a run's figures become a table."""

import json
from pathlib import Path

import pytest

from benchmarks.corpus import Corpus
from benchmarks.quality import run_quality
from benchmarks.readme import READMES, RESULTS, has_tables, quality_table, speed_table, with_tables
from benchmarks.report import print_tables
from benchmarks.speed_report import print_speed, write_speed_plot


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.parent.name)
def test_the_tables_are_the_kept_results(path: Path) -> None:
    """Whoever changes the figures changes the READMEs: `python -m benchmarks.readme`."""
    readme = path.read_text(encoding="utf-8")
    assert has_tables(readme)
    assert with_tables(readme) == readme


def test_a_table_takes_the_place_between_its_markers(tmp_path: Path) -> None:
    """Only what stands between the markers changes, and a second time changes nothing."""
    (tmp_path / "speed.json").write_text(json.dumps(SPEED), encoding="utf-8")
    readme = "before\n<!-- speed -->\nold\n<!-- /speed -->\nafter <!-- quality --><!-- /quality -->"
    new = with_tables(readme, tmp_path)
    assert "| toolpager: put + card | 20 |" in new
    assert "| 1000 MB of log | 0.10 | 0.40 | 4.0 | 1.40 | 1.60 | 1.1 | 68 | 0.4 | 0.5 |" in new
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


def test_a_speed_run_becomes_tables_and_a_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every part of a run has its table; the plot comes as PNG and SVG."""
    print_speed(SPEED)
    told = capsys.readouterr().out
    assert all(part in told for part in ("put + card", "count 100 kB", "import pager", "10 MB", "log"))
    write_speed_plot(SPEED, tmp_path / "speed")
    assert (tmp_path / "speed.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(not (RESULTS / "speed.json").exists(), reason="no kept speed results")
def test_kept_speed_results_have_a_table() -> None:
    """The kept file can be told in Markdown."""
    kept = json.loads((RESULTS / "speed.json").read_text(encoding="utf-8"))
    assert "toolpager: put + card" in speed_table(kept)


SPEED = {
    "cases": {"milliseconds": {"toolpager: put + card": {"a.json": 20.4}, "peer": {"a.json": "ended"}}, "skipped": {}},
    "works": {"count 100 kB": {"milliseconds": 12.0, "fastest": 11.0}},
    "start": {"import pager": 80.0},
    "logs": {"10 MB": {"seconds": 2.0, "peak_megabytes": 20.0, "base_megabytes": 60.0}},
    "first_page": {
        "log": {
            "megabytes": 1000,
            "seconds": {"read": 0.1, "page": 0.4, "copy": 0.3, "read_cold": 1.4, "page_cold": 1.6},
            "peak_megabytes": 2.0,
            "base_megabytes": 66.0,
            "first_page_to_read": 4.0,
            "first_page_to_read_cold": 1.14,
            "first_page_to_copy": 1.3,
            "page_1_milliseconds": 0.4,
            "page_1000_milliseconds": 0.5,
        }
    },
}
