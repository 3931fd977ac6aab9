"""On real tool results: budgets hold, nothing raises, and what was planted is told with its place."""

import json
from pathlib import Path

import pytest

from agent.models.bundled import NAME, cache_folder
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


def test_naughty_strings_and_a_model_s_own_tokenizer_keep_the_budgets_too(shared: Path) -> None:
    """With a Hugging Face tokenizer, with a focus, and with each naughty string as a result, at 40 tokens and more."""
    folder = cache_folder() / NAME
    if not (folder / "tokenizer.json").is_file():
        pytest.skip("needs the bundled model's tokenizer; `toolpager demo` fetches it")
    tokens = counter(str(folder))
    focus = "what failed, where, and which value is the largest?"
    naughty = [one.encode() for one in json.loads((shared / "corpus/edge_cases/blns.json").read_text())]
    with Pager(counter=tokens) as pager:
        for data in [*naughty, *(file.read_bytes() for file in _families(shared))]:
            node = pager.node(pager.put(data).id)
            for budget in (40, 150) if len(data) > 100_000 else (40, 41, 60, 150):
                summary = summarize(node, budget_tokens=budget, focus=focus, counter=tokens)
                assert tokens.count(summary.text) == summary.tokens <= budget, (data[:60], budget)


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
