"""Losses, read-outs and attention scores are the network's own."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from agent.introspection import Introspection, NotRunnable, Subject, plant
from agent.introspection.behaviour import attention_scores, logit_lens, token_loss
from agent.introspection.network import Network

PROMPT = "the capital of France is Paris"


def _model(folder: Path, **options: Any) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **options)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_the_loss_is_that_of_transformers(family: str, request: pytest.FixtureRequest) -> None:
    """The mean over positions is the loss that transformers computes."""
    folder = request.getfixturevalue(family)
    network = Network(Subject(folder))
    ids, _ = network.tokens(PROMPT)
    found = token_loss(network, PROMPT)
    with torch.inference_mode():
        assert found["mean_loss"] == pytest.approx(_model(folder)(ids, labels=ids).loss.item(), rel=1e-3)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_the_last_layer_of_the_lens_is_the_prediction(family: str, request: pytest.FixtureRequest) -> None:
    """Read through the final norm, the last layer's likeliest token is the network's; the norm is applied once."""
    network = Network(Subject(request.getfixturevalue(family)))
    rows = logit_lens(network, PROMPT)
    assert [row["layer"] for row in rows] == list(range(network.subject.layer_count))
    assert rows[-1]["rank_of_final"] == 1
    last = network.subject.layer_count - 1
    assert all(row["rank_of_final"] == 1 for row in logit_lens(network, PROMPT, last))


def test_attention_scores_are_means_of_the_pattern(llama: Path) -> None:
    """Entropy lies in [0, 1], and the shares agree with the maps that transformers gives."""
    network = Network(Subject(llama))
    ids, _ = network.tokens(PROMPT)
    rows = attention_scores(network, PROMPT)
    assert len(rows) == 12 * 4
    with torch.inference_mode():
        maps = _model(llama, attn_implementation="eager")(ids, output_attentions=True).attentions
    one = next(row for row in rows if (row["layer"], row["head"]) == (5, 2))
    pattern = maps[5][0, 2]
    assert one["first_token"] == pytest.approx(pattern[1:, 0].mean().item(), abs=1e-3)
    assert one["previous_token"] == pytest.approx(pattern.diagonal(-1).mean().item(), abs=1e-3)
    assert all(0 <= float(str(row["entropy"])) <= 1.001 for row in rows)


def test_a_uniform_head_has_entropy_one(llama: Path, tmp_path: Path) -> None:
    """A head whose queries were scaled away attends evenly, and opening its layer alone shows it."""
    planted = plant(llama, tmp_path / "planted", 2, kind="uniform_head")
    rows = Introspection(Subject(tmp_path / "planted")).get_attention_scores(PROMPT, planted.layer)
    assert len(rows) == 4
    most = max(rows, key=lambda row: float(str(row["entropy"])))
    assert most["entropy"] == pytest.approx(1, abs=1e-3)
    assert f"head {most['head']} " in planted.description


def test_too_short_a_prompt_is_refused(llama: Path) -> None:
    """One token has no loss, two no attention to speak of."""
    network = Network(Subject(llama))
    with pytest.raises(NotRunnable, match="at least two"):
        token_loss(network, "Paris")
    with pytest.raises(NotRunnable, match="at least three"):
        attention_scores(network, "the capital")
