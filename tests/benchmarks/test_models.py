"""Models in the quality benchmark: their replies are kept, and without them a row is left out, not guessed."""

import json
from pathlib import Path

import pytest

from agent import ModelWriter
from agent.models import ScriptedModel
from benchmarks.assisting import Assistance
from benchmarks.corpus import Corpus
from benchmarks.ours import Ours, OursWithModel, Shelf
from benchmarks.quality import kept_rows, run_quality
from benchmarks.readme import quality_table
from benchmarks.recall import measure
from benchmarks.replies import Replies, RepliesMissing, Source, sources, tidy
from benchmarks.report import print_tables
from pager import TokenCounter


def _scripted(reply: str, tokens: TokenCounter) -> ModelWriter:
    return ModelWriter("scripted", lambda: ScriptedModel(lambda _: reply, counter=tokens))


def test_a_reply_is_asked_for_once(tmp_path: Path) -> None:
    """What stands in the file is not asked again, by this run or the next; other models' replies are not mixed in."""
    asked: list[str] = []

    def write(prompt: str, _: int) -> str:
        asked.append(prompt)
        return f"reply {len(asked)}"

    file = tmp_path / "replies.jsonl"
    first = Replies(file, "one")
    assert [first.ask(write, "reader", prompt, 9) for prompt in ("a", "b", "a")] == ["reply 1", "reply 2", "reply 1"]
    assert Replies(file, "one").ask(write, "reader", "b", 9) == "reply 2"
    assert Replies(file, "other").ask(write, "reader", "b", 9) == "reply 3"
    assert asked == ["a", "b", "b"]


def test_a_tidy_file_has_what_was_used(tmp_path: Path) -> None:
    """Replies to prompts that nobody asks any more go, and the order does not hang on the run."""
    file = tmp_path / "replies.jsonl"
    for prompt in ("old", "new"):
        Replies(file, "one").ask(lambda asked, _: asked, "reader", prompt, 9)
    again = Replies(file, "one")
    again.ask(lambda asked, _: asked, "reader", "new", 9)
    tidy(file, again.used)
    assert [json.loads(line)["reply"] for line in file.read_text().splitlines()] == ["new"]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("bundled", Source("SmolLM2-135M-Instruct", "bundled")),
        ("/models/qwen2.5-0.5b.gguf", Source("qwen2.5-0.5b", "/models/qwen2.5-0.5b.gguf")),
        ("qwen=/models/q.gguf", Source("qwen", "/models/q.gguf")),
        ("Qwen/Qwen2.5-0.5B", Source("Qwen2.5-0.5B", "Qwen/Qwen2.5-0.5B")),
    ],
)
def test_a_model_has_a_name_and_a_place(text: str, source: Source) -> None:
    """The name is what replies are kept under, whatever the folder."""
    assert Source.named(text) == source


def test_a_model_known_by_its_replies_alone_is_nowhere(tmp_path: Path) -> None:
    """It takes part as far as its replies go; what is missing names the remedy."""
    file = tmp_path / "replies.jsonl"
    Replies(file, "kept").remember("key", "reply")
    assert sources([], file) == [Source("kept", None)]
    assert sources(["kept=/here"], file) == [Source("kept", "/here")]
    with pytest.raises(RepliesMissing, match="--model kept="):
        Source("kept", None).load()


def test_a_model_without_its_replies_has_no_row(tmp_path: Path, small: Corpus) -> None:
    """It is left out with the reason, and no heuristic summary stands in for it."""
    file = tmp_path / "replies.jsonl"
    Replies(file, "gone").remember("key", "reply")
    models = Assistance.of([], file)
    quality = run_quality(small.folder, None, (50, 150), peers=False, focus=False, models=models, show=False)
    assert not any("gone" in str(method["name"]) for method in quality["methods"])
    assert quality["reader"] == {}
    assert set(quality["skipped"]) >= {"toolpager + gone", "reader gone"}


@pytest.mark.parametrize("reply", ["ms max 9871.", "It is all wrong: 12345.", "quota exceeded for tenant-77.", ""])
def test_a_model_s_say_never_lowers_recall(
    tmp_path: Path, small: Corpus, shelf: Shelf, tokens: TokenCounter, reply: str
) -> None:
    """Fact by fact what the heuristic summary holds is held, at every budget."""
    with_say = OursWithModel(shelf, _scripted(reply, tokens), Replies(tmp_path / "replies.jsonl", "scripted"))
    for budget in (50, 100, 150, 200, 400):
        ours, theirs = measure(Ours(shelf), small, budget, tokens), measure(with_say, small, budget, tokens)
        assert all(two.held >= one.held for one, two in zip(ours.verdicts, theirs.verdicts, strict=True))
        assert theirs.most_tokens <= budget


def test_a_model_s_say_never_lowers_recall_on_the_public_corpus(
    tmp_path: Path, shared: Path, shelf: Shelf, tokens: TokenCounter
) -> None:
    """Also where it copies the last of the facts it is given, for every real result, so that the order is another."""
    from benchmarks.corpus import load_corpus

    def last(messages: object) -> str:
        prompt = messages[-1].content  # type: ignore[index]
        return [line for line in prompt.splitlines() if line.startswith("- ")][-1] + "."

    corpus = load_corpus(shared / "corpus")
    writer = ModelWriter("last", lambda: ScriptedModel(last, counter=tokens))
    with_say = OursWithModel(shelf, writer, Replies(tmp_path / "replies.jsonl", "last"))
    for budget in (100, 200):
        ours, theirs = measure(Ours(shelf), corpus, budget, tokens), measure(with_say, corpus, budget, tokens)
        lost = [one.fact.id for one, two in zip(ours.verdicts, theirs.verdicts, strict=True) if one.held > two.held]
        assert lost == []
        assert sum(count for said, count in with_say.said[budget].items() if "heuristic" not in said) > 5


def test_an_absent_peer_keeps_its_row_over_the_same_corpus() -> None:
    """Its texts hang on corpus, budgets and version alone; anything else and it has none."""
    row: dict[str, object] = {"name": "tooltrim", "peer": "tooltrim==0.3.3"}
    old: dict[str, object] = {"name": "llmslim", "peer": "llmslim==0.1"}
    before: dict[str, object] = {"corpus": {"fingerprint": "x"}, "budgets": [50], "methods": [row, old]}
    absent = {"tooltrim": "not installed", "llmslim": "not installed"}
    assert kept_rows(before, {"fingerprint": "x"}, [50], absent) == [row]
    assert kept_rows(before, {"fingerprint": "x"}, [50], {}) == []
    assert kept_rows(before, {"fingerprint": "y"}, [50], absent) == []
    assert kept_rows(before, {"fingerprint": "x"}, [50, 100], absent) == []


def test_a_peer_s_own_length_stands_below_the_readme_s_table(small: Corpus) -> None:
    """Cut to the budget it is compared; what it came with is told."""
    quality = run_quality(small.folder, None, (50, 150), peers=False, focus=False, show=False)
    peer = {**quality["methods"][0], "name": "peer", "median_tokens_before_cut": {"150": 8783.0}, "failures": []}
    quality["methods"].append(peer)
    assert "peer 8,783." in quality_table(quality)
    print_tables(quality)


def test_a_reader_s_answers_stand_in_the_readme_s_table(small: Corpus) -> None:
    """A table of its own below that of recall, with intervals."""
    quality = run_quality(small.folder, None, (50, 150), peers=False, focus=False, show=False)
    share = {"share": 0.5, "hits": 1, "n": 2, "low": 0.1, "high": 0.9}
    quality["reader"] = {"m": {"questions": 2, "budget": 150, "right": {"toolpager": share, "head": share}}}
    assert "| m | 0.50 [0.10–0.90] | 0.50 [0.10–0.90] |" in quality_table(quality)
