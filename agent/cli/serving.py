"""Which model the command talks to: one on this machine, or one behind an OpenAI-compatible server."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from summarizers import Templates

from ..errors import BadInput
from ..messages import Model
from .output import working

SERVED = "openai:"
ModelSource = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A folder, .gguf file or hub id, or openai:NAME behind a server; nothing is the bundled model.",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        help="With --model openai:NAME: the server, such as http://127.0.0.1:8000/v1. The key is $OPENAI_API_KEY.",
    ),
]
ServedTokenizer = Annotated[
    str | None,
    typer.Option(
        "--tokenizer",
        help="With --model openai:NAME: the model's own, a folder, a tokenizer.json or a tiktoken name.",
    ),
]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What was said of the model; nothing is loaded before `load`."""

    source: str | None = None
    _: KW_ONLY
    base_url: str | None = None
    tokenizer: str | None = None
    attention: str = "sdpa"
    dtype: str | None = None
    kv_cache: str = "dynamic"

    def __post_init__(self) -> None:
        if self.base_url and not self.served:
            raise BadInput(f"--base-url {self.base_url} needs --model openai:NAME, the model's name on that server")

    @property
    def served(self) -> bool:
        """Whether it runs behind a server."""
        return self.source is not None and self.source.startswith(SERVED)

    @property
    def name(self) -> str:
        """What names this model and no other."""
        if self.served:
            return f"{self.source} at {self.base_url or 'the default server'}"
        local = self.source is not None and Path(self.source).exists()
        return str(Path(str(self.source)).resolve()) if local else self.source or "bundled"

    @property
    def network(self) -> str | None:
        """The network it is, where its weights are at hand."""
        return None if self.served else self.source

    def load(self, templates: Templates) -> Model:
        """The model, ready to be asked."""
        from ..models import connect_model, load_model

        if self.source is not None and self.served:
            with working(f"asking {self.base_url or 'the server'} what it can do"):
                return connect_model(
                    self.source.removeprefix(SERVED),
                    base_url=self.base_url,
                    tokenizer=self.tokenizer,
                    templates=templates,
                )
        with working(f"loading {self.source or 'the bundled model'}"):
            return load_model(self.source, templates=templates, **self._loading())

    def about(self) -> dict[str, object]:
        """What a run notes of it, for whoever resumes."""
        served = {"base_url": self.base_url, "tokenizer": self.tokenizer}
        return {"model": self.source, **(served if self.served else {"loading": self._loading()})}

    def _loading(self) -> dict[str, Any]:
        return {"attention": self.attention, "dtype": self.dtype, "kv_cache": self.kv_cache}

    @classmethod
    def noted(cls, about: Mapping[str, object], *, base_url: str | None, tokenizer: str | None) -> "ModelChoice":
        """The model of a run that is resumed; a server may have moved meanwhile."""

        def kept(name: str) -> str | None:
            return str(about[name]) if about.get(name) else None

        loading: Any = about.get("loading") or {}
        place, counted = base_url or kept("base_url"), tokenizer or kept("tokenizer")
        return cls(kept("model"), base_url=place, tokenizer=counted, **loading)
