"""Every public real result goes through the pager and the summarizers; the planted cases keep what was planted."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pager import Pager
from summarizers import card, summarize


@pytest.fixture(scope="module")
def pager() -> Iterator[Pager]:
    """A pager in memory."""
    with Pager() as made:
        yield made


def files(shared: Path) -> list[Path]:
    """The corpus's results and the cases."""
    listed = [json.loads(line)["path"] for line in (shared / "corpus" / "manifest.jsonl").read_text().splitlines()]
    return [shared / "corpus" / path for path in listed] + sorted((shared / "cases").glob("?_*"))


def test_pages_join_to_the_bytes_of_every_file(shared: Path, pager: Pager) -> None:
    """Walking `next` from the first page to the last gives back each file exactly, every page within its limit."""
    for file in files(shared):
        result = pager.put_file(file)
        address: str | None = result.id
        text = ""
        while address:
            page = pager.open(address, limit_tokens=1000)
            assert page.tokens <= 1000
            assert page.tokens == pager.counter.count(page.text)
            text += page.text
            address = page.next
        assert text.encode(result.encoding or "utf-8", "surrogateescape") == file.read_bytes(), file.name


@pytest.mark.parametrize("budget", [60, 150, 200])
def test_every_summary_and_card_keeps_its_budget(shared: Path, pager: Pager, budget: int) -> None:
    """No summary of a real result is a token over, and the same file gives the same bytes twice."""
    for file in files(shared):
        node = pager.node(pager.put_file(file).id)
        made = summarize(node, budget_tokens=budget, counter=pager.counter)
        assert pager.counter.count(made.text) == made.tokens <= budget, file.name
        assert summarize(node, budget_tokens=budget, counter=pager.counter).text == made.text, file.name
        assert card(node, counter=pager.counter).tokens <= 260, file.name


def test_planted_items_survive_in_200_tokens(shared: Path, pager: Pager) -> None:
    """Each of the five cases keeps every planted item with its place; the text with its focus."""
    for case in json.loads((shared / "cases" / "planted.json").read_text()):
        node = pager.node(pager.put_file(shared / "cases" / case["file"]).id)
        made = summarize(node, budget_tokens=200, focus=case.get("focus"), counter=pager.counter)
        assert made.tokens <= 200
        for item, strings in case["planted"].items():
            for alternatives in strings:
                assert any(one in made.text for one in alternatives.split("|")), (case["file"], item, made.text)
