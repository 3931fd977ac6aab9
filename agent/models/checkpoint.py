"""Loads a chat model and its tokenizer with transformers; what is missing is one sentence with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from ..errors import BadModel, ModelTooLarge, first_line
from ..memory import FreeMemory, free_memory, is_out_of_memory, let_go, return_freed_memory, stored_weights
from .attention import attention_for
from .quiet import quiet_transformers

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "tokenizer_config.json")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A loaded model with what is needed to prompt it; `end_tokens` end a reply."""

    name: str
    model: Any
    tokenizer: Any
    end_tokens: tuple[int, ...]
    vocabulary: int
    context_tokens: int | None


def load_checkpoint(source: str | Path, *, device: str | None, dtype: str | None, attention: str) -> Checkpoint:
    """The model of a folder or hub id, ready for inference on the best or the given device. Raises BadModel."""
    _check_folder(source)
    place = torch.device(device or best_device())
    if place.type == "cpu":
        return_freed_memory()
    with quiet_transformers():
        config = _config(source)
        tokenizer = _tokenizer(source)
        chosen = _dtype(dtype, place, config)
        free = free_memory(place)
        _check_memory(source, free, chosen)
        with _too_large_for(free, source, chosen):
            model = _model(source, dtype=chosen, attention=attention_for(attention, place, chosen, config))
            model.to(place).eval()
    text = config.get_text_config(decoder=True)
    return Checkpoint(
        name=Path(source).name if Path(source).is_dir() else str(source),
        model=model,
        tokenizer=tokenizer,
        end_tokens=_end_tokens(model, tokenizer, source),
        vocabulary=model.get_output_embeddings().weight.shape[0],
        context_tokens=getattr(text, "max_position_embeddings", None),
    )


def best_dtype(device: torch.device, stored: torch.dtype | None) -> torch.dtype:
    """The dtype to compute in: half precision only where the device has it natively.

    On a CPU without it, bf16 prefill measured 4 and its matrix products up to 138 times slower than fp32.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "mps":
        return torch.float16
    able = torch.cpu.get_capabilities()
    native = {torch.bfloat16: able.get("avx512_bf16") or able.get("amx_bf16"), torch.float16: able.get("avx512_fp16")}
    return stored if stored is not None and native.get(stored) else torch.float32


def _dtype(name: str | None, device: torch.device, config: Any) -> torch.dtype:
    if name is None:
        stored = getattr(config, "dtype", None)
        return best_dtype(device, stored if isinstance(stored, torch.dtype) else None)
    chosen = getattr(torch, name, None)
    if not isinstance(chosen, torch.dtype) or not chosen.is_floating_point:
        raise BadModel(f"{name} is no floating-point dtype of torch: use float32, bfloat16 or float16.")
    return chosen


def best_device() -> str:
    """The device models are loaded on where none is named."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _check_folder(source: str | Path) -> None:
    folder = Path(source)
    if not folder.is_dir():
        if isinstance(source, Path) or folder.is_absolute() or folder.exists() or str(source).startswith("."):
            raise BadModel(
                f"{source} is no folder: name a folder with config.json, weights and tokenizer, or a hub id."
            )
        return
    if not (folder / "config.json").is_file():
        raise BadModel(f"{folder} has no config.json: it is no Hugging Face model folder; name one that is.")
    if not any((folder / name).is_file() for name in _TOKENIZER_FILES):
        raise BadModel(
            f"{folder} has no tokenizer: copy tokenizer.json and tokenizer_config.json of its model into it."
        )


def _config(source: str | Path) -> Any:
    try:
        config = AutoConfig.from_pretrained(source)
    except (OSError, ValueError, KeyError) as error:
        raise BadModel(
            f"{source} has no readable model config: {first_line(error)}. Name a model folder or hub id."
        ) from error
    if config.get_text_config(decoder=True).model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise BadModel(
            f"{source} is a {config.model_type} model, not a causal language model: choose one that generates text."
        )
    return config


def _tokenizer(source: str | Path) -> Any:
    try:
        return AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise BadModel(
            f"the tokenizer of {source} cannot be loaded: {first_line(error)}. Copy its model's tokenizer files."
        ) from error


def _model(source: str | Path, *, dtype: torch.dtype, attention: str) -> Any:
    try:
        model, found = AutoModelForCausalLM.from_pretrained(
            source, dtype=dtype, attn_implementation=attention, output_loading_info=True
        )
    except (OSError, ValueError, ImportError, SafetensorError, RuntimeError) as error:
        if is_out_of_memory(error) or "Cannot allocate memory" in str(error):
            raise MemoryError from None
        raise BadModel(
            f"the weights of {source} cannot be loaded: {first_line(error)}. Fetch the model again."
        ) from error
    missing = sorted(found["missing_keys"])
    if missing:
        raise BadModel(f"{source} lacks {len(missing)} of its weights, {missing[0]} among them: fetch the model again.")
    return model


@contextmanager
def _too_large_for(free: FreeMemory, source: str | Path, dtype: torch.dtype) -> Iterator[None]:
    """Memory that runs out within is one sentence, with what was free before."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        error.__traceback__ = None  # its frames hold what was loaded so far
    else:
        return
    let_go()
    raise _too_large(source, free, dtype)


def _check_memory(source: str | Path, free: FreeMemory, dtype: torch.dtype) -> None:
    """Refuse weights that cannot fit, before the system ends the process for trying."""
    needed = _weights_bytes(source, dtype)
    if needed is not None and needed > free.bytes:
        raise _too_large(source, free, dtype)


def _too_large(source: str | Path, free: FreeMemory, dtype: torch.dtype) -> ModelTooLarge:
    return ModelTooLarge(
        name=Path(source).name,
        weights_bytes=_weights_bytes(source, dtype) or 0,
        free_bytes=free.bytes,
        limit=free.limit,
        dtype=str(dtype).removeprefix("torch."),
    )


def _weights_bytes(source: str | Path, dtype: torch.dtype) -> int | None:
    try:
        stored = stored_weights(Path(source))
    except (ValueError, OSError):  # damaged: loading says so better
        return None
    return None if stored is None else stored.parameters * dtype.itemsize + stored.fixed_bytes


def _end_tokens(model: Any, tokenizer: Any, source: str | Path) -> tuple[int, ...]:
    """The ids that end a reply, by generation config and tokenizer."""
    stated = model.generation_config.eos_token_id
    ids = [stated] if isinstance(stated, int) else list(stated or [])
    ids += [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    if not ids:
        raise BadModel(f"{source} names no end-of-text token: add eos_token_id to its generation_config.json.")
    return tuple(dict.fromkeys(ids))
