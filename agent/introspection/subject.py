"""The network under investigation: a Hugging Face folder whose tensors are read one at a time."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import NoModel, NoSuchLayer, SubjectError
from .naming import POSITION_TABLES, Place, layer_asked, module_asked, place_of, stack_of

if TYPE_CHECKING:
    from torch import Tensor

_INDEX = "model.safetensors.index.json"
_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "BF16": 2, "F16": 2, "I16": 2}
_CONVERT_PICKLED = (
    "convert it with transformers: AutoModelForCausalLM.from_pretrained(folder).save_pretrained(target), "
    "then point at the target folder"
)


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What a file's header says of one tensor."""

    name: str
    place: Place
    shape: tuple[int, ...]
    dtype: str
    file: Path

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Its size in the file."""
        return self.elements * _BYTES.get(self.dtype, 1)

    @property
    def is_position_table(self) -> bool:
        """Whether it holds one row for each position."""
        return len(self.shape) == 2 and self.place.module.rsplit(".", 1)[-1] in POSITION_TABLES


class Subject:
    """A model folder (config.json and safetensors, in one file or in shards), of which nothing is read but headers.

    Raises `NoModel` where the folder has no configuration, no safetensors weights or no stack of layers.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.bytes_read = 0
        self.config = _config(self.folder)
        self._files = _weight_files(self.folder)
        self._open_files: dict[Path, Any] = {}

    @cached_property
    def tensors(self) -> dict[str, TensorInfo]:
        """Every tensor by name, as the headers list them; ordered by layer, those outside the stack first."""
        shapes: dict[str, tuple[Path, tuple[int, ...], str]] = {}
        for file in self._files:
            handle = self._handle(file)
            for name in handle.keys():  # noqa: SIM118  a safetensors handle is no mapping
                part = handle.get_slice(name)
                shapes[name] = (file, tuple(part.get_shape()), part.get_dtype())
        stack = stack_of(shapes)
        infos = [
            TensorInfo(name, place_of(name, stack), shape, dtype, file) for name, (file, shape, dtype) in shapes.items()
        ]
        return {info.name: info for info in sorted(infos, key=lambda info: (_layer_key(info), info.name))}

    @cached_property
    def stack(self) -> str:
        """Module path of the stack of layers: `model.layers`, `transformer.h`, …"""
        stack = stack_of(self.tensors)
        if stack is None:
            raise NoModel(
                f"{self.folder} holds {len(self.tensors)} tensors but no numbered layers: it is no transformer that "
                "these tools know; its tensors would be called like model.layers.0.mlp.down_proj.weight"
            )
        return stack

    @cached_property
    def layer_count(self) -> int:
        """How many layers the stack has."""
        self.stack  # noqa: B018  raises where there is none
        return 1 + max(info.place.layer for info in self.tensors.values() if info.place.layer is not None)

    @cached_property
    def tied(self) -> bool:
        """Whether input and output embeddings are one tensor."""
        outputs = any("lm_head" in name or "embed_out" in name for name in self.tensors)
        return bool(self.config.get("tie_word_embeddings", True)) and not outputs

    @property
    def parameters(self) -> int:
        """How many numbers the folder holds; tied tensors count once."""
        return sum(info.elements for info in self.tensors.values())

    @property
    def size_bytes(self) -> int:
        """The size of all tensors in their files."""
        return sum(info.size_bytes for info in self.tensors.values())

    @cached_property
    def fingerprint(self) -> str:
        """A short name of the folder's content: it changes when a weight file or the configuration changes."""
        digest = hashlib.blake2b((self.folder / "config.json").read_bytes(), digest_size=8)
        for file in self._files:
            status = file.stat()
            digest.update(f"{file.name} {status.st_size} {status.st_mtime_ns}\n".encode())
        for info in self.tensors.values():
            digest.update(f"{info.name} {info.shape} {info.dtype}\n".encode())
        return digest.hexdigest()

    def path(self, layer: int, module: str = "") -> str:
        """Return the module path of a layer or of one of its modules."""
        return ".".join(part for part in (self.stack, str(layer), module) if part)

    def layer(self, asked: int | str) -> int:
        """Return the number of the layer asked for by number or by name; raise `NoSuchLayer` where there is none."""
        number = layer_asked(asked)
        if number is None or not -self.layer_count <= number < self.layer_count:
            raise NoSuchLayer(asked, self.layer_count)
        return number % self.layer_count

    def module(self, layer: int, asked: str) -> TensorInfo:
        """Return a layer's tensor by module path, its end, or its TransformerLens name; raise `SubjectError`."""
        infos = {info.place.module: info for info in self.in_layer(layer)}
        found = module_asked(asked, infos)
        if found is None:
            raise SubjectError(f"layer {layer} has no module {asked!r}; its modules are: {', '.join(infos)}")
        return infos[found]

    def in_layer(self, layer: int | None) -> list[TensorInfo]:
        """Return the tensors of one layer, or for None those outside the stack."""
        return [info for info in self.tensors.values() if info.place.layer == layer]

    def tensor(self, name: str) -> "Tensor":
        """Read one tensor, mapped from its file, in the type it is stored in."""
        info = self.tensors[name]
        self.bytes_read += info.size_bytes
        tensor: Tensor = self._handle(info.file).get_tensor(name)
        return tensor

    def setting(self, *names: str, default: int | None = None) -> int | None:
        """Return the first whole number that the configuration has under one of these names."""
        for config in (self.config, self.config.get("text_config")):
            for name in names:
                value = config.get(name) if isinstance(config, dict) else None
                if isinstance(value, int):
                    return value
        return default

    @property
    def rope_theta(self) -> float | None:
        """The base of a plain rotary position encoding; None where there is none or it is scaled."""
        rope = self.config.get("rope_parameters") or self.config.get("rope_scaling") or {}
        if not isinstance(rope, dict) or rope.get("rope_type", rope.get("type", "default")) != "default":
            return None
        theta = rope.get("rope_theta", self.config.get("rope_theta", self.config.get("rotary_emb_base")))
        return float(theta) if isinstance(theta, int | float) and theta > 1 else None

    def _handle(self, file: Path) -> Any:
        from safetensors import SafetensorError, safe_open

        if file not in self._open_files:
            try:
                self._open_files[file] = safe_open(str(file), framework="pt")
            except (SafetensorError, OSError) as error:
                raise NoModel(f"{file} cannot be read as safetensors ({error}); download or save it again") from error
        return self._open_files[file]


def _layer_key(info: TensorInfo) -> int:
    return -1 if info.place.layer is None else info.place.layer


def _config(folder: Path) -> Mapping[str, Any]:
    if not folder.is_dir():
        raise NoModel(f"{folder} is no folder; a subject is a folder with config.json and *.safetensors")
    file = folder / "config.json"
    if not file.is_file():
        raise NoModel(f"{folder} has no config.json{_what_else(folder)}")
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NoModel(f"{file} is not valid JSON ({error}); save or download it again") from error
    if not isinstance(config, dict):
        raise NoModel(f"{file} holds no JSON object; save or download it again")
    return config


def _weight_files(folder: Path) -> list[Path]:
    index = folder / _INDEX
    files = _indexed(index) if index.is_file() else sorted(folder.glob("*.safetensors"))
    if not files:
        raise NoModel(f"{folder} has no *.safetensors{_what_else(folder)}")
    return files


def _indexed(index: Path) -> list[Path]:
    try:
        shards = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise NoModel(f"{index} is no index of safetensors shards ({error!r}); download it again") from error
    missing = [name for name in shards if not (index.parent / name).is_file()]
    if missing:
        raise NoModel(f"{index.parent} lacks {len(missing)} of {len(shards)} shards, first {missing[0]}; download them")
    return [index.parent / name for name in shards]


def _what_else(folder: Path) -> str:
    ggufs = sorted(folder.glob("*.gguf"))
    if ggufs:
        return f", only GGUF: name the file itself, such as --subject {ggufs[0]}, and it is converted once"
    if any(folder.glob("pytorch_model*.bin")):
        return f", only pickled weights: {_CONVERT_PICKLED}"
    names = sorted(os.listdir(folder))[:5]
    return f"; a subject is a Hugging Face model folder, and this one holds: {', '.join(names) or 'nothing'}"
