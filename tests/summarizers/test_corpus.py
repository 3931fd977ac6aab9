"""On real tool results: budgets hold, nothing raises, and what was planted is told with its place."""

import json
from pathlib import Path

import pytest

from pager import Pager, counter
from summarizers import card, summarize

CASES = ("a_records.json", "b_layers.json", "e_floats.json")


def _families(shared: Path) -> list[Path]:
    return sorted(file for file in (shared / "corpus").glob("*/*") if file.parent.name != "licences")


def test_every_real_result_keeps_its_budgets(shared: Path) -> None:
    """Each corpus file at 40, 60, 150 and 200 tokens, and its card: never one token more."""
    tokens = counter()
    for file in _families(shared):
        with Pager(counter=tokens) as pager:
            node = pager.node(pager.put(file.read_bytes(), name=file.name).id)
            for budget in (40, 60, 150, 200):
                summary = summarize(node, budget_tokens=budget, counter=tokens)
                assert tokens.count(summary.text) == summary.tokens <= budget, (file.name, budget)
            shown = card(node, counter=tokens)
            assert tokens.count(shown.text) == shown.tokens <= 260, file.name


@pytest.mark.parametrize("case", CASES)
def test_planted_anomalies_are_told_with_their_place(shared: Path, case: str) -> None:
    """Every planted item, value and place, in at most 200 tokens and without a query."""
    tokens = counter()
    planted = next(each for each in json.loads((shared / "cases/planted.json").read_text()) if each["file"] == case)
    with Pager(counter=tokens) as pager:
        node = pager.node(pager.put((shared / "cases" / case).read_bytes(), name=case).id)
        text = summarize(node, budget_tokens=200, counter=tokens).text
    for item, words in planted["planted"].items():
        assert all(any(either in text for either in word.split("|")) for word in words), (item, text)


def test_every_query_a_card_suggests_answers(shared: Path) -> None:
    """The example on the card of each real table works as it stands, nested fields included."""
    tokens = counter()
    tried = 0
    for file in _families(shared):
        if file.suffix not in (".json", ".jsonl", ".csv", ".geojson"):
            continue
        with Pager(counter=tokens) as pager:
            text = card(pager.node(pager.put(file.read_bytes()).id), counter=tokens).text
            line = next((line for line in text.splitlines() if line.startswith("try: query ")), None)
            if line is not None:
                address, sql = line.removeprefix("try: query ").split(": ", 1)
                assert pager.query(address, sql).total > 0, (file.name, line)
                tried += 1
    assert tried >= 10
