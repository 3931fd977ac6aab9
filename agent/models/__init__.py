"""Model back ends: local, behind a server, scripted. Importing this loads no torch, no transformers and no openai."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra
from .bundled import bundled_model, cache_folder
from .gguf import converted, gguf_of
from .scripted import RecordedGeneration, ScriptedModel
from .source import Planned, examples, planned

if TYPE_CHECKING:
    from .local import LocalModel
    from .served import ServedModel

__all__ = [
    "Planned",
    "RecordedGeneration",
    "ScriptedModel",
    "bundled_model",
    "connect_model",
    "examples",
    "load_model",
    "local_folder",
    "planned",
]

_EXTRA = {"torch", "transformers", "llguidance", "safetensors", "tokenizers"}


def local_folder(source: str | Path) -> str | Path:
    """`source`, or for a GGUF file (or a folder with one and no other model) the folder it is converted to, once."""
    gguf = gguf_of(source)
    return source if gguf is None else converted(gguf, cache_folder())


def load_model(source: str | Path | None = None, **options: Any) -> LocalModel:
    """The local model of a folder, GGUF file or hub id, or the bundled one; `options` are LocalModel's.

    Raises MissingExtra where torch or transformers is not installed, and what LocalModel raises.
    """
    try:
        from .local import LocalModel
    except ImportError as error:
        if error.name not in _EXTRA:
            raise
        raise MissingExtra(f"A local model needs {error.name}: pip install 'toolpager[local]'.") from error
    return LocalModel(source if source is None else local_folder(source), **options)


def connect_model(name: str, **options: Any) -> ServedModel:
    """The model of that name behind an OpenAI-compatible server; `options` are ServedModel's.

    Raises MissingExtra where openai is not installed, and what ServedModel raises.
    """
    try:
        from .served import ServedModel
    except ImportError as error:
        if error.name != "openai":
            raise
        raise MissingExtra("A model server is asked by the openai client: pip install 'toolpager[openai]'.") from error
    return ServedModel(name, **options)
