"""What the pager saves in each framework is measured in the framework, and what it adds to a call in pairs."""

import json
from pathlib import Path

import pytest

from benchmarks.corpus import Corpus
from benchmarks.examples import example, lines_added, lines_naming
from benchmarks.integrations import HOSTS, run_integrations
from benchmarks.proxy import run_proxy
from benchmarks.readme import RESULTS
from benchmarks.tables.integrations import integrations_table

KEPT = RESULTS / "integrations.json"


@pytest.mark.parametrize("file", ["function", "shell", "langchain", "pydantic_ai", "openai_agents", "smolagents"])
def test_a_session_through_a_host_sees_every_answer_and_keeps_every_result(
    file: str, small: Corpus, tmp_path: Path
) -> None:
    """Bare and with the README's lines; the prompts with cards are smaller."""
    hosts = [host for host in HOSTS if host.file == file]
    found = run_integrations(small, tmp_path, hosts=hosts, pairs=0, smallest=400, show=False)
    assert json.loads((tmp_path / "integrations.json").read_text()) == found
    assert found["results"] > 0
    (told,) = found["hosts"]
    for variant in ("bare", "paged"):
        assert told[variant]["answers"] == told[variant]["kept"] == found["results"]
    assert told["paged"]["largest"] < told["bare"]["largest"]
    assert told["name"] in integrations_table(found)


def test_lines_are_counted_from_what_the_readme_shows() -> None:
    """An import, a line that uses what was imported, and a decorator are a line each."""
    code = "from a import b\nfrom pager import Pager\n\nviews = Pager()\nx = b(\n    1\n)\ny = b(Pager,\n  2)\n"
    assert lines_added(code) == 4
    assert lines_added("from summarizers import paged\n\n\n@paged\ndef f():\n    return paged\n") == 2
    assert lines_naming('{"command": "toolpager",\n "args": []}') == 1
    with pytest.raises(LookupError, match="# Fortran"):
        example("# Fortran")


def test_a_user_adds_at_most_three_lines() -> None:
    """Counted from the README."""
    assert {host.name: host.lines() for host in HOSTS if not 1 <= host.lines() <= 3} == {}


def test_a_few_pairs_are_measured() -> None:
    """Both medians and the difference within pairs."""
    (times,) = run_proxy(pairs=4)["milliseconds"].values()  # type: ignore[attr-defined]
    assert 0 < times["bare"] < times["through the proxy"] + 50


def test_the_kept_result_keeps_the_bounds() -> None:
    """At most 5 ms are added to a call; every host keeps every result, under a fifth of the tokens."""
    kept = json.loads(KEPT.read_text())
    assert kept["proxy"]["pairs"] >= 100
    assert all(times["added, median"] <= 5 for times in kept["proxy"]["milliseconds"].values())
    assert {host["file"] for host in kept["hosts"]} == {host.file for host in HOSTS}
    for host in kept["hosts"]:
        assert host["paged"]["kept"] == kept["results"]
        assert host["paged"]["tokens"] < host["bare"]["tokens"] / 5
