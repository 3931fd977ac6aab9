"""Tiny model folders of three families, as transformers saves them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM
from transformers.utils import logging

WORDS = ("the", "capital", "of", "France", "is", "Paris", "a", "network", "reads", "words", ".", "[UNK]")
SIZES = {
    "hidden_size": 64,
    "intermediate_size": 160,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 96,
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """No progress bars of transformers among the tests' output."""
    logging.disable_progress_bar()
    yield
    logging.enable_progress_bar()


def save(model: Any, folder: Path, dtype: torch.dtype, **options: Any) -> Path:
    """Save a model as transformers does, with a tokenizer of a few words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast

    logging.disable_progress_bar()
    model.to(dtype).save_pretrained(folder, **options)
    words = Tokenizer(WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]").save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tied bf16 Llama of 12 layers with what training leaves: norms and readers that drift, parts that fit.

    Readers of the stream weigh its dimensions together alike in neighbouring layers, neurons write along what they
    read, and query heads share directions with the key of their group.
    """
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(num_hidden_layers=12, tie_word_embeddings=True, **SIZES))
    drift, together = torch.zeros(64), 0.08 * torch.randn(64, 64)
    with torch.no_grad():
        for layer in model.model.layers:
            drift += 0.25 * torch.randn(64)
            together += 0.03 * torch.randn(64, 64)
            for norm in (layer.input_layernorm, layer.post_attention_layernorm):
                norm.weight.copy_((1 + 0.3 * torch.tanh(drift)) * (1 + 0.01 * torch.randn(64)))
            mlp, attention = layer.mlp, layer.self_attn
            keys = attention.k_proj.weight.view(2, 16, 64)
            attention.q_proj.weight.add_(0.7 * keys.repeat_interleave(2, dim=0).reshape(64, 64))
            for reader in (mlp.gate_proj, mlp.up_proj, attention.q_proj, attention.k_proj):
                reader.weight.copy_((reader.weight + reader.weight @ together) * (1 + 0.5 * torch.tanh(drift)))
            mlp.down_proj.weight.add_(0.15 * (mlp.up_proj.weight + mlp.gate_proj.weight).T)
    return save(model, tmp_path_factory.mktemp("llama"), torch.bfloat16)


@pytest.fixture(scope="session")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untied fp16 Qwen2 of 4 layers in several shards, with biases."""
    torch.manual_seed(1)
    model = Qwen2ForCausalLM(Qwen2Config(num_hidden_layers=4, tie_word_embeddings=False, **SIZES))
    return save(model, tmp_path_factory.mktemp("qwen"), torch.float16, max_shard_size="100KB")


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An fp32 GPT-2 of 4 layers: fused, transposed matrices."""
    torch.manual_seed(2)
    model = GPT2LMHeadModel(GPT2Config(n_layer=4, n_embd=64, n_head=4, vocab_size=96, n_positions=32))
    return save(model, tmp_path_factory.mktemp("gpt2"), torch.float32)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[Path, dict[str, Callable[[torch.Tensor], torch.Tensor]]], Path]:
    """A function that copies a one-file model folder with some tensors changed."""
    import shutil

    from safetensors.torch import load_file, save_file

    def edit(source: Path, changes: dict[str, Callable[[torch.Tensor], torch.Tensor]]) -> Path:
        target = tmp_path / "edited"
        shutil.copytree(source, target)
        tensors = load_file(target / "model.safetensors")
        for name, change in changes.items():
            tensors[name] = change(tensors[name].clone()).contiguous()
        (target / "model.safetensors").unlink()
        save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
        return target

    return edit
