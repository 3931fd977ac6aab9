"""Activations are the network's own, and a layer costs the layers up to it, no more."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from agent.introspection import NotRunnable, Subject
from agent.introspection.activations import activation_statistics, extremes, layer_activations
from agent.introspection.network import Network
from pager import Lazy

PROMPT = "the capital of France is Paris"


def _reference(folder: Path, ids: torch.Tensor) -> Any:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        return model(ids, output_hidden_states=True)


@pytest.mark.parametrize("family", ["llama", "qwen", "gpt2"])
def test_the_streamed_pass_is_the_plain_pass(family: str, request: pytest.FixtureRequest) -> None:
    """One layer in memory at a time gives the logits and hidden states of transformers' own forward pass."""
    folder = request.getfixturevalue(family)
    network = Network(Subject(folder))
    ids, tokens = network.tokens(PROMPT)
    hidden: dict[int, torch.Tensor] = {}
    logits = network.run(ids, lambda layer, module, output: hidden.update({} if module else {layer: output}))
    reference = _reference(folder, ids)
    assert logits is not None
    assert torch.allclose(logits, reference.logits[0], atol=1e-5)
    assert len(tokens) == ids.shape[1]
    for layer in range(network.subject.layer_count - 1):
        assert torch.allclose(hidden[layer], reference.hidden_states[layer + 1][0], atol=1e-5)


def test_a_layer_costs_the_layers_up_to_it(llama: Path) -> None:
    """The root reads no weight; opening layer 2 reads the embedding and layers 0 to 2."""
    subject = Subject(llama)
    lazy = activation_statistics(Network(subject), PROMPT)
    assert isinstance(lazy, Lazy)
    assert subject.bytes_read == 0
    assert lazy.keys[2] == "model.layers.2"
    lazy.child("model.layers.2")
    outside = sum(info.size_bytes for info in subject.in_layer(None))
    upto = sum(info.size_bytes for layer in range(3) for info in subject.in_layer(layer))
    assert upto < subject.bytes_read <= upto + outside


def test_the_extremes_sit_where_they_are_said_to(llama: Path) -> None:
    """Position, dimension and size of the largest number are the hidden state's own."""
    network = Network(Subject(llama))
    ids, tokens = network.tokens(PROMPT)
    hidden = _reference(llama, ids).hidden_states[4][0]
    found = layer_activations(network, PROMPT, 3)
    output, positions, dimensions = found["output"], found["positions"], found["dimensions"]
    assert isinstance(output, dict)
    assert isinstance(positions, list)
    assert isinstance(dimensions, list)
    place = int(hidden.abs().argmax())
    assert (output["position"], output["dimension"]) == divmod(place, hidden.shape[1])
    assert output["abs_max"] == pytest.approx(hidden.abs().max().item(), rel=1e-3)
    assert [row["token"] for row in positions] == tokens
    assert positions[2]["norm"] == pytest.approx(hidden[2].norm().item(), rel=1e-3)
    assert dimensions[0]["dimension"] == output["dimension"]
    assert set(found["modules"]) >= {"self_attn", "mlp"}  # type: ignore[call-overload]  # a mapping


def test_a_massive_activation_is_counted_against_the_median() -> None:
    """One number of 22,550 among ordinary ones is massive; a network that is large throughout has none."""
    hidden = torch.randn(5, 64)
    hidden[0, 7] = 22550
    found = extremes(hidden, list("abcde"))
    assert (found["position"], found["token"], found["dimension"], found["massive"]) == (0, "a", 7, 1)
    assert extremes(torch.randn(5, 64) * 1e4, list("abcde"))["massive"] == 0


def test_a_folder_that_cannot_run_says_why(qwen: Path, tmp_path: Path) -> None:
    """Without a tokenizer, or with an unknown architecture, there is a remedy; weights stay readable."""
    for file in qwen.iterdir():
        if "token" not in file.name:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    network = Network(Subject(tmp_path))
    with pytest.raises(NotRunnable, match="has no tokenizer"):
        network.tokens(PROMPT)
    (tmp_path / "config.json").write_text('{"model_type": "gremlin"}')
    with pytest.raises(NotRunnable, match="cannot run"):
        Network(Subject(tmp_path)).run(torch.tensor([[1]]), lambda *_: None)
