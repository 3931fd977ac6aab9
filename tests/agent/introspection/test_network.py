"""A subject of whatever architecture runs as transformers runs it."""

from pathlib import Path

import pytest
import torch
from conftest import SIZES, save
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    Gemma2Config,
    GPTNeoXConfig,
    MixtralConfig,
    OPTConfig,
    Phi3Config,
    PreTrainedConfig,
    Qwen2MoeConfig,
    T5Config,
    T5ForConditionalGeneration,
)

from agent.introspection import Subject, further_tools, introspection_tools
from agent.introspection.errors import NotRunnable
from agent.introspection.network import Network

PROMPT = "the capital of France is Paris"
PLAIN = {**SIZES, "num_hidden_layers": 2, "max_position_embeddings": 64}
UNGROUPED = {name: value for name, value in PLAIN.items() if name != "num_key_value_heads"}
EXPERTS = {"num_experts_per_tok": 2, "pad_token_id": 0}
FAMILIES: dict[str, PreTrainedConfig] = {
    "gemma2": Gemma2Config(**PLAIN, head_dim=16),
    "neox": GPTNeoXConfig(**UNGROUPED),
    "mixtral": MixtralConfig(**PLAIN, num_local_experts=3, **EXPERTS),
    "qwen2_moe": Qwen2MoeConfig(**PLAIN, num_experts=3, decoder_sparse_step=1, moe_intermediate_size=32, **EXPERTS),
    "phi3": Phi3Config(**PLAIN, pad_token_id=0),
    "bloom": BloomConfig(vocab_size=96, hidden_size=64, n_layer=2, n_head=4),
    "opt": OPTConfig(
        vocab_size=96, hidden_size=64, word_embed_proj_dim=64, ffn_dim=96, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=64,
    ),
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_a_network_of_any_family_computes_what_transformers_computes(family: str, tmp_path: Path) -> None:
    """Fused experts, attention without a fused kernel, offsets in positions: the same logits."""
    torch.manual_seed(1)
    folder = save(AutoModelForCausalLM.from_config(FAMILIES[family]), tmp_path / family, torch.float32)
    network = Network(Subject(folder))
    ids, _ = network.tokens(PROMPT)
    seen: list[tuple[int, str]] = []
    for _ in range(2):  # the second time after the weights were let go
        logits = network.run(ids, lambda layer, module, _: seen.append((layer, module)))
    whole = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert logits is not None
    torch.testing.assert_close(logits, whole(ids).logits[0].detach(), rtol=1e-4, atol=1e-4)
    assert {(0, ""), (1, "")} < set(seen)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_tool_answers_for_any_family(family: str, tmp_path: Path) -> None:
    """None raises, and a network with random weights raises no alarm and shows nothing irregular."""
    torch.manual_seed(2)
    subject = Subject(save(AutoModelForCausalLM.from_config(FAMILIES[family]), tmp_path / family, torch.float32))
    module = subject.in_layer(1)[0].place.module
    fitting = {"prompt": PROMPT, "text": PROMPT, "layer_id": 1, "other": str(subject.folder), "layer": 1, "head": 0}
    fitting |= {"module": module, "mode": "mean", "clean": PROMPT, "corrupted": PROMPT[4:] + " .", "token": "of"}
    fitting |= {"tokens": 2}
    for one in (*introspection_tools(subject), *further_tools(subject)):
        takes = one.spec.parameters["properties"]
        assert isinstance(takes, dict)
        given = {name: fitting[name] for name in takes}
        assert one.run(given) is not None, one.name
    tools = {one.name: one for one in introspection_tools(subject)}
    architecture, scan = tools["get_architecture_summary"].run({}), tools["get_weight_statistics"].run({})
    assert isinstance(architecture, dict)
    assert isinstance(scan, dict)
    assert (architecture["irregular"], scan["anomalies"]) == ([], [])


def test_what_cannot_run_says_so_in_one_sentence(tmp_path: Path) -> None:
    """A network that is no causal language model can still be examined."""
    config = T5Config(vocab_size=96, d_model=32, d_ff=48, num_layers=2, num_heads=4, d_kv=8)
    folder = save(T5ForConditionalGeneration(config), tmp_path / "t5", torch.float32)
    network = Network(Subject(folder))
    ids, _ = network.tokens(PROMPT)
    with pytest.raises(NotRunnable, match=r"cannot run .* as a language model.*can still be examined") as caught:
        network.run(ids, lambda *_: None)
    assert "\n" not in str(caught.value)
