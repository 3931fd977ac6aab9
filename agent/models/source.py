"""What is planned for: the config and the weights behind a folder, a file, a hub id or a shipped example."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadModel, MissingExtra, first_line
from ..memory import Shape, Weights, counted_weights, gguf_weights, shape_of, stored_weights
from .gguf import gguf_of
from .quiet import quiet_transformers

EXAMPLES = Path(__file__).parent / "examples"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Planned:
    """A model as far as planning goes."""

    name: str
    shape: Shape
    weights: Weights
    stored_dtype: str | None


def planned(source: str | Path) -> Planned:
    """Reads what `source` names: a model folder (a config.json is enough), a config file, a GGUF file, a hub id.

    A hub id that is not cached is looked up among the examples shipped with toolpager, then on the hub. Nothing is
    loaded. Raises BadModel, MissingExtra.
    """
    try:
        import transformers  # noqa: F401 - asked for here, so that its absence is one sentence
    except ImportError as error:
        raise MissingExtra("A plan reads configs with transformers: pip install 'toolpager[local]'.") from error
    try:
        with quiet_transformers():
            config, weights = _read(source)
        shape = shape_of(config)
    except _UNREADABLE as error:
        raise BadModel(
            f"{source} cannot be planned for: {first_line(error)}. Name a folder with a config.json, a config file, a "
            f".gguf file, a hub id, or one of the examples: {', '.join(examples())}."
        ) from error
    stored = getattr(config, "dtype", None)
    return Planned(_name(source), shape, weights, str(stored).removeprefix("torch.") if stored is not None else None)


def examples() -> list[str]:
    """The hub ids whose configs are shipped."""
    return sorted(path.stem.replace("--", "/") for path in EXAMPLES.glob("*.json"))


def _read(source: str | Path) -> tuple[Any, Weights]:
    from transformers import AutoConfig

    path = Path(source)
    gguf = gguf_of(source)
    if gguf is not None:
        return AutoConfig.from_pretrained(gguf.parent, gguf_file=gguf.name), gguf_weights(gguf)
    if path.is_file():
        return _from_file(path)
    if path.is_dir():
        config = AutoConfig.from_pretrained(path)
        return config, stored_weights(path) or counted_weights(config)
    if isinstance(source, Path) or path.is_absolute() or str(source).startswith("."):
        raise ValueError("there is no such folder or file")
    return _from_hub(str(source))


def _from_file(path: Path) -> tuple[Any, Weights]:
    from transformers import AutoConfig

    fields = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(fields, dict) or "model_type" not in fields:
        raise ValueError("it is no model config: it names no model_type")
    config = AutoConfig.for_model(**fields)
    return config, counted_weights(config)


def _from_hub(name: str) -> tuple[Any, Weights]:
    from transformers import AutoConfig
    from transformers.utils import cached_file

    example = EXAMPLES / f"{name.replace('/', '--')}.json"
    try:
        config = AutoConfig.from_pretrained(name, local_files_only=True)
    except OSError:  # not cached
        if example.is_file():
            return _from_file(example)
        config = AutoConfig.from_pretrained(name)
    here = cached_file(name, "config.json", _raise_exceptions_for_missing_entries=False)
    return config, (stored_weights(Path(here).parent) if here else None) or counted_weights(config)


def _name(source: str | Path) -> str:
    path = Path(source)
    return path.resolve().name if path.exists() else str(source)
