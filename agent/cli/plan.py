"""The command that says, before anything is loaded, how many tokens a model's memory holds."""

import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import BadInput
from ..memory import (
    ATTENTIONS,
    FreeMemory,
    KvCache,
    Place,
    Plan,
    SafeCeiling,
    free_memory,
    kernels_by_rule,
    safe_ceiling,
)
from ..models import Planned, examples, planned
from .output import print_json, print_text
from .pages import Json
from .sizes import read_size

TOKENS = (5_000, 10_000, 12_000, 15_000, 20_000)
_CONTEXT_BYTES = 200 << 20  # of CUDA, assumed
_CARDS = {"t4": 75, "v100": 70, "p100": 60, "a10": 86, "a100": 80, "l4": 89, "rtx3090": 86, "rtx4090": 89, "h100": 90}


class Attention(StrEnum):
    """The attentions that can be planned for."""

    sdpa = "sdpa"
    eager = "eager"
    math = "math"
    efficient = "efficient"
    flash = "flash"


class Precision(StrEnum):
    """What weights and tokens are computed in."""

    float32 = "float32"
    float16 = "float16"
    bfloat16 = "bfloat16"


class Cache(StrEnum):
    """How keys and values are kept."""

    dynamic = "dynamic"
    quantized = "quantized"
    offloaded = "offloaded"


def plan(
    model: Annotated[
        str | None,
        typer.Option("--model", help="A folder, a config.json, a .gguf file or a hub id; nothing: the bundled model."),
    ] = None,
    memory: Annotated[str | None, typer.Option(help="All there is, such as 14.74GiB; default: what is free.")] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, mps, a capability such as sm75, or a card such as t4; default: here.")
    ] = None,
    dtype: Annotated[Precision | None, typer.Option(help="What it is computed in; default: as it would load.")] = None,
    attention: Annotated[Attention, typer.Option(help="The kernel; sdpa is what torch then chooses.")] = Attention.sdpa,
    chunk: Annotated[int, typer.Option(min=0, help="Tokens prefilled at once; 0: the whole prompt.")] = 512,
    kv_cache: Annotated[Cache, typer.Option(help="How keys and values are kept.")] = Cache.dynamic,
    reserve: Annotated[int, typer.Option(min=0, help="Tokens of the ceiling that are the reply's.")] = 256,
    margin: Annotated[float | None, typer.Option(help="Share of the free memory to leave; 0.15 on a CPU, 0.1.")] = None,
    tokens: Annotated[list[int] | None, typer.Option(min=1, help="A row of the table; again for more.")] = None,
    as_json: Json = False,
) -> None:
    """Say how much memory a model takes at so many tokens, the largest safe ceiling, and what limits it."""
    if margin is not None and not 0 <= margin < 1:
        raise BadInput(f"--margin {margin} is no share from 0 to below 1; the defaults are 0.15 on a CPU and 0.1")
    about = planned(_source(model))
    place = _place(device)
    made = _plan(about, place, _dtype(dtype, place, about), attention, chunk or None, kv_cache.value)
    free = _free(memory, place)
    safe = safe_ceiling(made, free=free, loaded=False, margin=margin)
    rows = sorted(set(tokens or TOKENS))
    if as_json:
        print_json(_fields(about, made, free, safe, rows, reserve))
    else:
        print_text("\n".join(_lines(about, made, free, safe, rows, reserve)) + "\n")


def _source(model: str | None) -> str | Path:
    from ..models import bundled_model

    return bundled_model() if model is None else model


def _plan(about: Planned, place: Place, dtype: str, attention: Attention, chunk: int | None, kv_cache: KvCache) -> Plan:
    return Plan(
        shape=about.shape,
        place=place,
        dtype=dtype,
        kernels=kernels_by_rule(attention.value, place, dtype, about.shape),
        weights_bytes=about.weights.bytes_as(dtype),
        chunk_tokens=chunk,
        kv_cache=kv_cache,
        workspace_bytes=_CONTEXT_BYTES if place.kind == "cuda" else 0,
    )


def _place(device: str | None) -> Place:
    """Where to plan for: a kind of device, a compute capability, a card by name; by default this machine's best."""
    import torch

    from ..models.attention import place_of
    from ..models.checkpoint import best_device

    name = (device or best_device()).lower()
    if found := re.fullmatch(r"(?:cuda[: ])?sm_?(\d{2,3})", name):
        return Place("cuda", int(found[1]))
    if name in _CARDS:
        return Place("cuda", _CARDS[name])
    if name.split(":")[0] not in ("cpu", "cuda", "mps"):
        raise BadInput(
            f"--device {device} is unknown: give cpu, mps, cuda, a compute capability such as sm75, or one of "
            f"{', '.join(_CARDS)}"
        )
    here = name.startswith("cuda") and torch.cuda.is_available()
    return place_of(torch.device(name)) if here else Place(name.split(":")[0])


def _dtype(asked: Precision | None, place: Place, about: Planned) -> str:
    """As a model would be loaded there."""
    if asked is not None:
        return asked.value
    if place.kind == "cuda":
        return "float16" if place.capability is not None and place.capability < 80 else "bfloat16"
    if place.kind == "mps":
        return "float16"
    import torch

    from ..models.checkpoint import best_dtype

    stored = getattr(torch, about.stored_dtype or "", None)
    chosen = best_dtype(torch.device("cpu"), stored if isinstance(stored, torch.dtype) else None)
    return str(chosen).removeprefix("torch.")


def _free(memory: str | None, place: Place) -> FreeMemory:
    if memory is not None:
        if not (size := read_size(memory)):
            raise BadInput(f"--memory {memory} holds nothing; say how much there is, such as --memory 14.74GiB")
        return FreeMemory(size, f"--memory {memory}")
    import torch

    if place.kind == "cuda" and not torch.cuda.is_available():
        raise BadInput(f"there is no CUDA device here to ask: say how much memory {place} has, --memory 14.74GiB")
    if place.kind == "mps" and not torch.backends.mps.is_available():
        raise BadInput("there is no Metal device here to ask: say how much memory it has, --memory 16GiB")
    return free_memory(None if place.kind == "cpu" else torch.device(place.kind))


def _fields(
    about: Planned, made: Plan, free: FreeMemory, safe: SafeCeiling, rows: list[int], reserve: int
) -> dict[str, object]:
    return {
        "model": about.name,
        "device": str(made.place),
        "dtype": made.dtype,
        "kernels": asdict(made.kernels),
        "chunk_tokens": made.chunk_tokens,
        "kv_cache": made.kv_cache,
        "parameters": about.weights.parameters,
        "parameters_from": about.weights.source,
        "weights_bytes": made.weights_bytes,
        "memory_bytes": free.bytes,
        "memory_limit": free.limit,
        "margin": safe.margin,
        "ceiling": safe.tokens,
        "prompt_tokens": max(0, safe.tokens - reserve),
        "limited_by": safe.limit,
        "why": safe.why,
        "wall_tokens": made.most_tokens(free.bytes),
        "context_tokens": about.shape.context_tokens,
        "terms": [{**asdict(terms), "fits": terms.peak <= free.bytes} for terms in map(made.at, rows)],
        "walls": _walls(made, free),
    }


def _walls(made: Plan, free: FreeMemory) -> dict[str, dict[str, int]]:
    """The most tokens with nothing left, by attention: the prompt at once, and in chunks."""
    found = {}
    for attention in ATTENTIONS:
        kernels = kernels_by_rule(attention, made.place, made.dtype, made.shape)
        one = replace(made, kernels=kernels, chunk_tokens=made.chunk_tokens or 512)
        found[attention] = {
            "at_once": one.whole().most_tokens(free.bytes),
            "in_chunks": one.most_tokens(free.bytes),
            "chunk_tokens": one.chunk_tokens or 512,
        }
    return found


def _lines(
    about: Planned, made: Plan, free: FreeMemory, safe: SafeCeiling, rows: list[int], reserve: int
) -> Iterator[str]:
    chunk = f"prefilled {made.chunk_tokens} tokens at a time" if made.chunk_tokens else "prefilled at once"
    kernel = made.kernels.first if made.chunk_tokens is None else made.kernels.later
    yield f"{about.name} in {made.dtype} on {made.place}, {kernel} attention, {chunk}"
    yield f"{kernel}: {made.kernels.why}"
    yield f"{about.weights.parameters:,} parameters by {about.weights.source}; {_gib(free.bytes)} GiB: {free.limit}"
    yield ""
    if safe.tokens:
        yield f"safe ceiling {safe.tokens:,} tokens: {max(0, safe.tokens - reserve):,} of prompt, {reserve:,} of reply"
    else:
        yield "no ceiling is safe"
    yield f"limited by {safe.limit.replace('_', ' ')}: {safe.why}"
    yield ""
    yield from _table(made, free, rows)
    yield ""
    assumed = "; workspace: what CUDA's context usually takes" if made.place.kind == "cuda" else ""
    yield f"GiB; the peak holds the largest of scores, activations and logits, which never coincide{assumed}"
    yield ""
    yield "the most tokens with no margin:   at once   in chunks"
    for attention, wall in _walls(made, free).items():
        yield f"  {attention:<28}{wall['at_once']:>13,}{wall['in_chunks']:>12,}"
    if not safe.tokens and safe.limit == "weights":
        yield f"other models: --model with a folder or a hub id; shipped configs: {', '.join(examples())}"


def _table(made: Plan, free: FreeMemory, rows: list[int]) -> Iterator[str]:
    names = ("weights", "kv_cache", "scores", "mask", "activations", "logits", "workspace", "peak")
    yield "  tokens" + "".join(f"{name.replace('_', ' '):>{max(9, len(name) + 2)}}" for name in names)
    for terms in map(made.at, rows):
        cells = "".join(f"{_gib(getattr(terms, name)):>{max(9, len(name) + 2)}}" for name in names)
        over = "" if terms.peak <= free.bytes else f"  over by {_gib(terms.peak - free.bytes)}"
        context = made.shape.context_tokens
        beyond = "  beyond the model's context" if context is not None and terms.tokens > context else ""
        yield f"{terms.tokens:>8,}{cells}{over}{beyond}"


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.2f}"
