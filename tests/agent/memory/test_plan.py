"""What so many tokens take, by formula: the walls that were first drawn by hand, and what must hold of any plan."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoConfig, LlamaConfig, LlamaForCausalLM

from agent.errors import BadModel
from agent.memory import FreeMemory, Place, Plan, Shape, kernels_by_rule, safe_ceiling, shape_of, stored_weights
from agent.memory.weights import counted_weights
from agent.models import planned

GIB = 1 << 30
T4 = Place("cuda", 75)
QWEN = "Qwen/Qwen2.5-3B-Instruct"


def plan_for(shape: Shape, attention: str, place: Place, dtype: str, *, weights: int = 0, **more: Any) -> Plan:
    """A plan by rule."""
    kernels = kernels_by_rule(attention, place, dtype, shape)
    return Plan(shape=shape, place=place, dtype=dtype, kernels=kernels, weights_bytes=weights, **more)


@pytest.fixture(scope="module")
def qwen() -> Any:
    """The shipped example."""
    return planned(QWEN)


@pytest.mark.parametrize(
    ("attention", "at_once"), [("eager", 8_270), ("math", 7_490), ("sdpa", 7_490), ("efficient", 78_832)]
)
def test_the_wall_of_a_3b_model_on_a_t4(qwen: Any, attention: str, at_once: int) -> None:
    """14.74 GiB in fp16: eager ends at 8.2k tokens, grouped sdpa at the math kernel's 7.5k, chunks far beyond."""
    assert qwen.weights.parameters == 3_085_938_688
    plan = plan_for(qwen.shape, attention, T4, "float16", weights=qwen.weights.bytes_as("float16"), chunk_tokens=None)
    plan = replace(plan, workspace_bytes=200 << 20)
    budget = int(14.74 * GIB)
    assert plan.most_tokens(budget) == pytest.approx(at_once, rel=0.01)
    chunked = replace(plan, chunk_tokens=512).most_tokens(budget)
    assert chunked > 70_000


def test_the_failure_that_began_it_is_explained(qwen: Any) -> None:
    """At 8,394 tokens the last of three score tensors is 2.10 GiB; it fails in the first layer, with 12.64 in use."""
    plan = plan_for(qwen.shape, "eager", T4, "float16", weights=qwen.weights.bytes_as("float16"), chunk_tokens=None)
    at = replace(plan, workspace_bytes=200 << 20).at(8_394)
    cast_back = 2 * 16 * 8_394**2
    assert cast_back / GIB == pytest.approx(2.10, abs=0.005)
    other_layers = at.kv_cache * 35 // 36
    assert (at.peak - cast_back - other_layers) / GIB == pytest.approx(12.64, abs=0.1)


@pytest.mark.parametrize(
    ("place", "dtype", "first"),
    [
        (T4, "float16", "math"),
        (Place("cuda", 80), "bfloat16", "flash"),
        (Place("cuda", 80), "float32", "math"),
        (Place("mps"), "float16", "math"),
        (Place("cpu"), "float32", "flash"),
    ],
)
def test_sdpa_is_what_the_device_makes_of_it(qwen: Any, place: Place, dtype: str, first: str) -> None:
    """Grouped heads without a mask find no memory-efficient kernel; ungrouped ones do."""
    assert kernels_by_rule("sdpa", place, dtype, qwen.shape).first == first
    ungrouped = replace(qwen.shape, kv_heads=qwen.shape.heads)
    if place.kind == "cuda" and first == "math":
        assert kernels_by_rule("sdpa", place, dtype, ungrouped).first == "efficient"


@given(
    budget=st.integers(6 * GIB, 80 * GIB),
    attention=st.sampled_from(["eager", "math", "sdpa", "flash"]),
    chunk=st.sampled_from([None, 128, 512]),
    kv_cache=st.sampled_from(["dynamic", "quantized", "offloaded"]),
)
def test_the_most_tokens_fit_and_one_more_does_not(
    qwen: Any, budget: int, attention: str, chunk: int | None, kv_cache: str
) -> None:
    """For any budget, kernel, chunk and cache."""
    weights = qwen.weights.bytes_as("float16")
    plan = plan_for(qwen.shape, attention, T4, "float16", weights=weights, chunk_tokens=chunk, kv_cache=kv_cache)
    most = plan.most_tokens(budget)
    assert most > 0
    assert plan.at(most).peak <= budget < plan.at(most + 1).peak


@given(st.integers(1, 20_000), st.integers(0, 20_000), st.integers(1, 500), st.sampled_from(["eager", "sdpa"]))
def test_one_generation_never_takes_more_than_its_tokens_may(
    qwen: Any, prompt: int, reused: int, new: int, attention: str
) -> None:
    """Whatever of the prompt is in the cache."""
    plan = plan_for(qwen.shape, attention, Place("cuda", 80), "bfloat16", weights=7)
    fed = plan.feeding(reused_tokens=min(reused, prompt - 1), input_tokens=prompt, tokens=prompt + new)
    assert 0 < fed <= plan.at(prompt + new).above_weights


def test_a_ceiling_is_the_context_or_what_memory_holds_with_a_margin(qwen: Any) -> None:
    """The limit is named, and where nothing fits that is said with the numbers."""
    weights = qwen.weights.bytes_as("float16")
    plan = plan_for(qwen.shape, "eager", T4, "float16", weights=weights, chunk_tokens=None)
    roomy = safe_ceiling(plan, free=FreeMemory(900 * GIB, "x"), loaded=False)
    assert (roomy.tokens, roomy.limit) == (32_768, "the model's context")
    tight = safe_ceiling(plan, free=FreeMemory(15 * GIB, "x"), loaded=False)
    assert tight.limit == "scores"
    assert plan.at(tight.tokens).above_weights <= 0.9 * (15 * GIB - weights)
    assert safe_ceiling(plan, free=FreeMemory(15 * GIB - weights, "x"), loaded=True).tokens == tight.tokens
    none = safe_ceiling(plan, free=FreeMemory(4 * GIB, "the card"), loaded=False)
    assert (none.tokens, none.limit) == (0, "weights")
    assert "5.75 GiB" in none.why
    assert "4.00 GiB" in none.why


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("mistral", {"sliding_window": 100, "num_hidden_layers": 3}, {"windows": (100, 100, 100)}),
        ("qwen3", {"head_dim": 128, "hidden_size": 1024, "num_attention_heads": 16}, {"key_dim": 128}),
        ("gpt2", {"n_embd": 96, "n_head": 6, "n_layer": 2}, {"hidden": 96, "kv_heads": 6, "mlp": 3 * 4 * 96}),
        ("falcon", {"multi_query": True}, {"kv_heads": 1}),
        ("deepseek_v3", {}, {"key_dim": 192, "value_dim": 128, "kv_heads": 128}),
        ("qwen3_moe", {"num_experts_per_tok": 4, "moe_intermediate_size": 100, "intermediate_size": 100,
                       "hidden_size": 64}, {"mlp": 4 * (2 * 64 + 3 * 100)}),
        ("mamba", {"num_hidden_layers": 2}, {"heads": 0, "windows": ()}),
    ],
)  # fmt: skip
def test_a_config_s_own_names_and_layouts_are_understood(kind: str, fields: Any, expected: Any) -> None:
    """Windows, wide heads, other names, one key head for all, latent attention, experts, no attention at all."""
    shape = shape_of(AutoConfig.for_model(kind, **fields))
    assert {name: getattr(shape, name) for name in expected} == expected


def test_layers_of_windows_keep_only_their_window() -> None:
    """And those between them everything."""
    config = AutoConfig.for_model(
        "gemma3_text",
        num_hidden_layers=6,
        sliding_window=100,
        layer_types=["sliding_attention"] * 5 + ["full_attention"],
    )
    plan = plan_for(shape_of(config), "sdpa", Place("cpu"), "float32")
    a_token = plan.shape.kv_elements * 4
    assert plan.cached(1_024) == a_token * (5 * 100 + 1_024)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("shard", ["10MB", "20KB"])
def test_weights_are_counted_from_headers_as_from_an_empty_model(tmp_path: Path, tied: bool, shard: str) -> None:
    """In one file or in shards, output tied or not; no weights are read."""
    config = LlamaConfig(
        vocab_size=300, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=tied,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    model.to(torch.float16).save_pretrained(tmp_path, max_shard_size=shard)
    found = stored_weights(tmp_path)
    assert found is not None
    assert found.parameters == sum(one.numel() for one in model.parameters()) == counted_weights(config).parameters
    assert found.bytes_as("float32") == 4 * found.parameters


def test_what_cannot_be_planned_is_one_sentence(tmp_path: Path) -> None:
    """No folder, no config, a config of nothing known, damaged weights: what is wrong and what to name instead."""
    (tmp_path / "x.json").write_text('{"hidden_size": 3}', encoding="utf-8")
    damaged = tmp_path / "damaged"
    LlamaConfig(num_hidden_layers=1).save_pretrained(damaged)
    (damaged / "model.safetensors").write_bytes(b"\xff" * 40)
    for source, said in (
        (tmp_path / "nowhere", "no such folder"),
        (tmp_path / "x.json", "model_type"),
        (damaged, "no whole safetensors file"),
    ):
        with pytest.raises(BadModel, match=said) as caught:
            planned(source)
        assert QWEN in str(caught.value)


def test_a_bare_config_is_enough(tmp_path: Path) -> None:
    """Of a folder, or a file of its own; parameters are counted on an empty model."""
    config = LlamaConfig(
        vocab_size=300, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4
    )  # fmt: skip
    config.save_pretrained(tmp_path)
    folder, file = planned(tmp_path), planned(tmp_path / "config.json")
    assert folder.weights == file.weights
    assert folder.shape == file.shape
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "llama"
