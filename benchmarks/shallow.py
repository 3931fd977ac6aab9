"""Small random models for measuring memory: as wide as a real one where the peak is made, and not as deep."""

import shutil
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, Qwen2Config, Qwen2ForCausalLM

from agent.models import bundled_model

LAYERS = 2


def shallow_folder(folder: Path) -> Path:
    """The bundled model's shape and tokenizer with two random layers: attention peaks in one layer, however many."""
    source = bundled_model()
    config = AutoConfig.from_pretrained(source)
    config.num_hidden_layers = LAYERS
    config.dtype = torch.float32
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    for file in source.iterdir():
        if "token" in file.name or file.suffix in (".jinja", ".txt") or file.name == "generation_config.json":
            shutil.copy(file, folder / file.name)
    return folder


def qwen2_folder(folder: Path) -> Path:
    """A random model of Qwen2's architecture: grouped heads, biases, untied output."""
    torch.manual_seed(1)
    config = Qwen2Config(
        vocab_size=32_000,
        hidden_size=512,
        intermediate_size=1_408,
        num_hidden_layers=6,
        num_attention_heads=8,
        num_key_value_heads=2,
        max_position_embeddings=32_768,
        tie_word_embeddings=False,
        eos_token_id=0,
        bos_token_id=None,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder
