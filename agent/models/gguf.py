"""GGUF files as Hugging Face folders: converted once, then read like any other model."""

import hashlib
import json
import shutil
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import BadModel, MissingExtra, first_line
from .quiet import quiet_transformers

_SAMPLE_BYTES = 1 << 20
_UNREADABLE = (ValueError, LookupError, OSError, TypeError, RuntimeError, ArithmeticError, struct.error)


def gguf_of(source: str | Path) -> Path | None:
    """The GGUF file that `source` names: itself, or the only one of a folder that holds no other model."""
    path = Path(source)
    if path.suffix == ".gguf" and path.is_file():
        return path
    if not path.is_dir() or (path / "config.json").exists():
        return None
    files = sorted(path.glob("*.gguf"))
    return files[0] if len(files) == 1 else None


def converted(gguf: Path, cache: Path) -> Path:
    """The folder of a GGUF file below `cache`, converted by the first call; it appears whole or not at all.

    It is known by the file's name, size, and first and last MiB. Raises BadModel, MissingExtra.
    """
    folder = cache / f"{gguf.stem}-{_fingerprint(gguf)}"
    if folder.is_dir():
        return folder
    try:
        from filelock import FileLock
    except ImportError as error:
        raise _missing() from error
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            _install(gguf, folder)
    return folder


def convert(gguf: Path, folder: Path, *, adapt: Callable[[Any], None] | None = None) -> None:
    """Write a GGUF file as a new folder: config, weights, tokenizer, chat template, generation config.

    Weights in fp16: its rounding (≤ 0.05 %) is far below the step of quantized originals. `adapt` may change the
    tokenizer before it is written. Raises BadModel for a file transformers cannot read, MissingExtra.
    """
    try:
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise _missing() from error
    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
            model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype="float32")
    except ImportError as error:
        raise _missing() from error
    except _UNREADABLE as error:
        raise BadModel(
            f"{gguf} cannot be read as a GGUF model: {first_line(error)}. Fetch it again, or name its "
            "original Hugging Face folder."
        ) from error
    if adapt is not None:
        adapt(tokenizer)
    folder.mkdir()
    tokenizer.save_pretrained(folder)
    _write_model(model, folder)


def _install(gguf: Path, folder: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix=f".{gguf.stem}-", dir=folder.parent))
    try:
        convert(gguf.resolve(), work / folder.name)
        (work / folder.name).rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write_model(model: Any, folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    weights = {name: tensor.to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    model.generation_config.save_pretrained(folder)
    config = {**model.config.to_diff_dict(), "dtype": "float16", "architectures": [type(model).__name__]}
    for name in ("quantization_config", "_model_name_or_path"):  # facts of the GGUF file, not of the folder
        config.pop(name, None)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _fingerprint(gguf: Path) -> str:
    size = gguf.stat().st_size
    digest = hashlib.blake2b(f"{size}\n".encode(), digest_size=6)
    with gguf.open("rb") as file:
        digest.update(file.read(_SAMPLE_BYTES))
        file.seek(max(0, size - _SAMPLE_BYTES))
        digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _missing() -> MissingExtra:
    return MissingExtra("A GGUF file is converted by torch and transformers: pip install 'toolpager[local]'.")
