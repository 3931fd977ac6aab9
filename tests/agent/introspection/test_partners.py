"""Parts that work together fit together, and a scan says which do not: heads, neurons, signs, grids."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import SIZES, save
from transformers import AutoModelForCausalLM, GPT2Config, GPTNeoXConfig, LlamaConfig, PreTrainedConfig

from agent.introspection import Subject, plant
from agent.introspection.anomaly import Anomaly
from agent.introspection.heads import head_blocks
from agent.introspection.weights import Weights

Change = Callable[[torch.Tensor], torch.Tensor]


def scanned(folder: Path) -> list[Anomaly]:
    return Weights(Subject(folder)).anomalies()


@pytest.mark.parametrize("kind", ["shuffled_rows", "shuffled_outputs", "flipped_sign", "swapped_heads"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_keeps_every_moment_is_found_by_its_partners(kind: str, seed: int, llama: Path, tmp_path: Path) -> None:
    """Orders and signs leave no trace in one tensor alone."""
    planted = plant(llama, tmp_path / "planted", seed, kind=kind)
    found = scanned(tmp_path / "planted")
    told = "\n".join(str(one.row("model.layers")) for one in found)
    assert planted.named_by(told), (planted.description, told)
    assert len(found) == 1


def test_two_key_heads_exchanged_are_named_as_keys(llama: Path, edited: Callable[..., Path]) -> None:
    """All query heads of both groups fit the other's key then."""
    name = "model.layers.5.self_attn.k_proj.weight"
    (found,) = scanned(edited(llama, {name: lambda tensor: tensor.roll(16, 0)}))
    assert (found.layer, found.what) == (5, "exchanged heads")
    assert found.where.startswith("key heads 0 and 1")


@pytest.mark.parametrize("module", ["gate_proj", "up_proj"])
def test_the_matrix_that_was_shuffled_is_named(module: str, llama: Path, edited: Callable[..., Path]) -> None:
    """Of the two matrices that feed a neuron, the one in another order."""
    order = torch.randperm(160, generator=torch.Generator().manual_seed(1))
    name = f"model.layers.6.mlp.{module}.weight"
    (found,) = scanned(edited(llama, {name: lambda tensor: tensor[order]}))
    assert (found.layer, found.module, found.what) == (6, f"mlp.{module}", "neurons out of order")


def on_a_grid(tensor: torch.Tensor) -> torch.Tensor:
    """Round groups of 32 numbers to a grid of four bits, as quantized files hold them."""
    groups = tensor.reshape(-1, 32)
    scale = groups.abs().amax(1, keepdim=True) / 7
    return ((groups / scale).round() * scale).reshape(tensor.shape)


@pytest.mark.parametrize("kind", ["added_noise", "merged_lora", "rank_one_edit"])
@pytest.mark.parametrize("strength", [1.0, 0.1])
def test_a_change_after_quantization_leaves_the_grid(kind: str, strength: float, tmp_path: Path) -> None:
    """However weak the change, and in several layers in a row, the numbers lie where no quantized number lies."""
    torch.manual_seed(4)
    model = AutoModelForCausalLM.from_config(LlamaConfig(num_hidden_layers=12, **SIZES))
    with torch.no_grad():
        for parameter in model.model.layers.parameters():
            if parameter.dim() == 2:
                parameter.copy_(on_a_grid(parameter))
    folder = save(model, tmp_path / "model", torch.float32)
    assert scanned(folder) == []
    planted = plant(folder, tmp_path / "planted", 1, kind=kind, strength=strength)
    found = [one for one in scanned(tmp_path / "planted") if "off the quantization grid" in (one.what, *one.also)]
    assert (planted.layer, planted.module) in {(one.layer, one.module) for one in found}
    assert len(found) == (6 if kind == "merged_lora" else 1)


FUSED: dict[str, tuple[PreTrainedConfig, str, tuple[int, ...]]] = {
    "gpt2": (
        GPT2Config(n_layer=6, n_embd=64, n_head=4, vocab_size=96, n_positions=32),
        "transformer.h.2.attn.c_attn",
        (0, 64, 128),
    ),
    "neox": (
        GPTNeoXConfig(hidden_size=64, intermediate_size=160, num_hidden_layers=6, num_attention_heads=4, vocab_size=96),
        "gpt_neox.layers.2.attention.query_key_value",
        (0, 16, 32),
    ),
}


@pytest.mark.parametrize("family", FUSED)
def test_fused_heads_are_told_apart(family: str, tmp_path: Path, edited: Callable[..., Path]) -> None:
    """GPT-NeoX keeps queries, keys and values head by head, GPT-2 one after the other and transposed."""
    config, module, starts = FUSED[family]
    torch.manual_seed(6)
    folder = save(AutoModelForCausalLM.from_config(config), tmp_path / family, torch.float32)
    subject = Subject(folder)
    blocks = head_blocks(subject, subject.tensors[f"{module}.weight"])
    assert [block.role for block in blocks] == ["query", "key", "value"]
    assert tuple(block.start for block in blocks) == starts
    first = blocks[2].starts[3]

    def zero(tensor: torch.Tensor) -> torch.Tensor:
        lines = tensor.T if family == "gpt2" else tensor
        lines[first : first + 16] = 0
        return tensor

    found = scanned(edited(folder, {f"{module}.weight": zero}))[0]
    assert (found.layer, found.what, found.where) == (2, "zero head", "value head 3")
