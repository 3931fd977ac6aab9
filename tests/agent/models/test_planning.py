"""A loaded model's plan, its probe, and the ceiling that the command derives from both."""

from pathlib import Path

import pytest

from agent.cli.ceilings import ceiling_for
from agent.errors import CeilingTooLow, OutOfMemory
from agent.memory import FreeMemory
from agent.messages import Choice, Message
from agent.models.local import LocalModel

WORDS = " ".join(["layer"] * 900)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test's own."""
    monkeypatch.setenv("TOOLPAGER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def with_free(model: LocalModel, free_bytes: int) -> LocalModel:
    """The model on a machine with so much free memory."""
    model._guard.free = lambda: FreeMemory(free_bytes, "a test's limit")
    return model


def test_a_derived_ceiling_is_probed_for_once(llama_folder: Path, cache: Path) -> None:
    """The first time costs two prefills, the next none; both say how they came by it."""
    first = ceiling_for(LocalModel(llama_folder, device="cpu"), None)
    notes = list((cache / "probes").glob("*.json"))
    if not notes:
        pytest.skip("this system does not tell a process's peak")
    again = LocalModel(llama_folder, device="cpu")
    second = ceiling_for(again, None)
    assert list((cache / "probes").glob("*.json")) == notes
    assert first.tokens == second.tokens == again.context_tokens
    assert (first.about["chosen"], first.about["limited_by"]) == ("auto", "the model's context")
    assert second.about["probed_workspace_bytes"] == again.plan.workspace_bytes


def test_a_derived_ceiling_is_what_memory_holds(llama_folder: Path) -> None:
    """Where that is less than the context; and where it is nothing, that is said before anything begins."""
    model = with_free(LocalModel(llama_folder, device="cpu", attention="eager"), 4_000_000)
    derived = ceiling_for(model, None)
    assert derived.tokens < (model.context_tokens or 0)
    assert model.plan.at(derived.tokens).above_weights <= 0.85 * 4_000_000
    with pytest.raises(CeilingTooLow, match="not even one token"):
        ceiling_for(with_free(model, 10), None)


def test_a_given_ceiling_over_the_safe_one_is_warned_of_with_the_numbers(
    llama_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stands all the same; a safe one gets no warning."""
    model = with_free(LocalModel(llama_folder, device="cpu", attention="eager"), 4_000_000)
    safe = model.safe_ceiling().tokens
    assert ceiling_for(model, safe).about["chosen"] == "given"
    assert capsys.readouterr().err == ""
    assert ceiling_for(model, 4_000).tokens == 4_000
    said = capsys.readouterr().err
    assert "4,000 tokens would take" in said
    assert f"{safe:,} are safe" in said


def test_a_generation_that_cannot_fit_is_not_begun(llama_folder: Path) -> None:
    """It is refused with what would fit; a smaller one then runs, and is measured."""
    model = with_free(LocalModel(llama_folder, device="cpu", attention="eager"), 3_000_000)
    large = model.prompt([Message("user", WORDS)], ())
    with pytest.raises(OutOfMemory, match="was not tried") as caught:
        model.generate(large, max_new_tokens=8, choice=Choice(tools=(), text=True))
    fits = caught.value.fits_tokens
    assert fits is not None
    assert fits < len(large.tokens)
    small = model.prompt([Message("user", "layer")], ())
    reply = model.generate(small, max_new_tokens=8, choice=Choice(tools=(), text=True))
    assert reply.predicted_bytes is not None
    assert reply.predicted_bytes <= 3_000_000
