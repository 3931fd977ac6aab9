"""How many bytes a model's weights take, from file headers or an empty model, never from the weights."""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from .kernel import ELEMENT_BYTES

_HEADER_LIMIT = 100 << 20  # the format's own


@dataclass(frozen=True, slots=True)
class Weights:
    """The parameters that are stored as numbers, and the bytes of those that stay as they are (quantized ones)."""

    parameters: int
    fixed_bytes: int
    source: str

    def bytes_as(self, dtype: str) -> int:
        """Once loaded in that dtype."""
        return self.parameters * ELEMENT_BYTES[dtype] + self.fixed_bytes


def stored_weights(folder: Path) -> Weights | None:
    """From the headers of a folder's safetensors files; None where it has none. Raises ValueError for a damaged one.

    A tensor that `model.safetensors.index.json` does not name is not counted.
    """
    files = _files(folder)
    if not files:
        return None
    parameters = fixed = 0
    for file, wanted in files.items():
        for name, entry in safetensors_header(file).items():
            if wanted is not None and name not in wanted:
                continue
            start, end = entry["data_offsets"]
            if str(entry["dtype"]) in ("F64", "F32", "F16", "BF16"):
                parameters += prod(entry["shape"])
            else:
                fixed += end - start
    return Weights(parameters, fixed, "safetensors headers")


def safetensors_header(file: Path) -> dict[str, Mapping[str, Any]]:
    """The entries of one file by tensor name. Raises ValueError for what is no safetensors file."""
    with file.open("rb") as opened:
        start = opened.read(8)
        (length,) = struct.unpack("<Q", start) if len(start) == 8 else (0,)
        if not 2 <= length <= min(_HEADER_LIMIT, file.stat().st_size):
            raise ValueError(f"{file} is no whole safetensors file")
        try:
            fields = json.loads(opened.read(length))
        except ValueError as error:
            raise ValueError(f"the header of {file} is damaged: {error}") from error
    if not isinstance(fields, dict):
        raise ValueError(f"the header of {file} is damaged: it is no object")
    fields.pop("__metadata__", None)
    return fields


def counted_weights(config: Any) -> Weights:
    """From the shapes of an empty model on torch's meta device: tied weights once, no memory."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    return Weights(sum(parameter.numel() for parameter in model.parameters()), 0, "an empty model's shapes")


def gguf_weights(file: Path) -> Weights:
    """From a GGUF file's own list of tensors; toolpager loads them as plain numbers."""
    from gguf import GGUFReader

    return Weights(sum(int(tensor.n_elements) for tensor in GGUFReader(file).tensors), 0, "the GGUF file's list")


def _files(folder: Path) -> dict[Path, frozenset[str] | None]:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        by_file: dict[Path, set[str]] = {}
        for name, file in _weight_map(index):
            by_file.setdefault(folder / file, set()).add(name)
        if missing := [file.name for file in by_file if not file.is_file()]:
            raise ValueError(f"{index} names {missing[0]}, which is not there")
        return {file: frozenset(names) for file, names in by_file.items()}
    single = folder / "model.safetensors"
    return {single: None} if single.is_file() else {}


def _weight_map(index: Path) -> Iterator[tuple[str, str]]:
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        yield from named.items()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{index} is damaged: {error}") from error
