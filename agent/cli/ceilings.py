"""How the command comes by an investigation's ceiling: derived from memory, or given and held against it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..errors import BadInput, CeilingTooLow
from ..messages import Model
from ..settings import Settings
from .output import print_note, working

if TYPE_CHECKING:
    from ..models.local import LocalModel

AUTO = "auto"
CeilingOption = Annotated[
    str | None,
    typer.Option("--ceiling", help="The most tokens of a generation, prompt and reserve; auto: what memory holds."),
]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A ceiling in tokens, and what run.json and the events say of how it was come by."""

    tokens: int
    about: dict[str, object]


def read_ceiling(text: str | None) -> int | None:
    """The number given with --ceiling, None for auto. Raises BadInput.

    >>> read_ceiling("4096"), read_ceiling("auto")
    (4096, None)
    """
    if text is None or text.strip().lower() == AUTO:
        return None
    digits = text.replace(",", "").replace("_", "").strip()
    if not digits.isascii() or not digits.isdigit() or not int(digits):
        raise BadInput(f"--ceiling {text} is neither auto nor a number of tokens, such as 4096")
    return int(digits)


def check_settings(settings: Mapping[str, Any], ceiling: int | None) -> None:
    """Refuse settings that cannot be before a model is loaded for them. Raises BadSettings."""
    Settings(**{**settings, **({"ceiling": ceiling} if ceiling is not None else {})})


def ceiling_for(model: Model, asked: int | None) -> Ceiling:
    """The ceiling asked for, or the largest that is safe in the memory that is free now.

    Behind a server, whose memory is its own affair, it is the default within what its model can read. Raises
    CeilingTooLow where nothing fits.
    """
    if hasattr(model, "safe_ceiling"):  # a model on this machine; its class would load torch
        return _planned(cast("LocalModel", model), asked)
    default = Settings().ceiling
    context = model.context_tokens
    tokens = asked or min(default, context or default)
    why = f"the model reads {context:,} tokens" if context else "the server does not say how much its model reads"
    return Ceiling(
        tokens, {"chosen": "given" if asked else AUTO, "limited_by": "context", "context": context, "why": why}
    )


def _planned(model: "LocalModel", asked: int | None) -> Ceiling:
    """The ceiling by the plan of a model on this machine.

    A derived one is probed for first: a few seconds, once for a model on a machine. A given one that is more than is
    safe by the formula gets a warning with the numbers; the guard of every generation stands behind it.
    """
    if asked is None:
        with working("measuring what the model takes"):
            model.probe()
    safe = model.safe_ceiling()
    about: dict[str, object] = {
        "chosen": "given" if asked is not None else AUTO,
        "safe_ceiling": safe.tokens,
        "limited_by": safe.limit,
        "why": safe.why,
        "margin": safe.margin,
        "budget_bytes": safe.budget_bytes,
        "terms": asdict(safe.at),
        **_plan_fields(model),
    }
    if asked is not None:
        if safe.tokens < asked <= (model.context_tokens or asked):
            print_note(_over(asked, safe.tokens, safe.why, model))
        return Ceiling(asked, about)
    if not safe.tokens:
        raise CeilingTooLow(
            f"no ceiling is safe: {safe.why}. Free memory, or choose a smaller --model.",
            ceiling=0,
            needed=1,
            parts={},
        )
    return Ceiling(safe.tokens, about)


def _plan_fields(model: "LocalModel") -> dict[str, Any]:
    plan = model.plan
    return {
        "device": str(plan.place),
        "dtype": plan.dtype,
        "kernels": asdict(plan.kernels),
        "chunk_tokens": plan.chunk_tokens,
        "kv_cache": plan.kv_cache,
        "weights_bytes": plan.weights_bytes,
        "probed_workspace_bytes": plan.workspace_bytes,
        "probed_bytes_per_token": round(plan.per_token_bytes, 1),
    }


def _over(asked: int, safe: int, why: str, model: "LocalModel") -> str:
    takes = model.plan.at(asked).above_weights
    return (
        f"warning: a ceiling of {asked:,} tokens would take {takes / 2**20:,.0f} MiB beside the weights; {safe:,} are "
        f"safe ({why}). Generations that do not fit are refused and the ceiling is lowered then."
    )
