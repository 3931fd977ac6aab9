"""Model back ends: local Hugging Face models, and a scripted one. Importing this loads no torch and no transformers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra
from .bundled import bundled_model, cache_folder
from .gguf import converted, gguf_of
from .scripted import Fed, ScriptedModel

if TYPE_CHECKING:
    from .local import LocalModel

__all__ = ["Fed", "ScriptedModel", "bundled_model", "load_model", "local_folder"]

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
