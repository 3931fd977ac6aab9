"""One model with the KV cache of what it read last: what a new prompt shares with it is not computed again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from ..errors import OutOfMemory
from ..memory import CacheState, KvCache, is_out_of_memory, let_go, requested_bytes
from .cache import cache_bytes, new_cache

__all__ = ["ForcedPicker", "Generated", "Picker", "Session", "is_out_of_memory"]

_OPENING = 32  # tokens; a template's own words before any of ours


class Picker(Protocol):
    """Chooses what comes next."""

    @property
    def done(self) -> bool:
        """Whether the reply is complete."""

    def pick(self, logits: torch.Tensor, *, room: int) -> list[int]:
        """The next tokens, at least one and at most `room`, given the logits (vocabulary,) of the last position."""


@dataclass(slots=True)
class ForcedPicker:
    """Picks the tokens it was told, one by one, whatever the logits say."""

    tokens: Sequence[int]
    _picked: int = 0

    @property
    def done(self) -> bool:
        """Whether all were picked."""
        return self._picked >= len(self.tokens)

    def pick(self, logits: torch.Tensor, *, room: int) -> list[int]:
        """The next of them."""
        self._picked += 1
        return [self.tokens[self._picked - 1]]


@dataclass(frozen=True, slots=True)
class Generated:
    """The new tokens, an end token included, and how many of the prompt's were not computed again.

    Where a guard watched: the predicted and the measured peak of memory beside the weights, in bytes.
    """

    tokens: tuple[int, ...]
    reused_tokens: int
    predicted_bytes: int | None = None
    measured_bytes: int | None = None


class Session:
    """Generates token by token, keeping the cache of the last prompt and reply.

    Prompts are prefilled `chunk_tokens` at a time and only the last position's logits are computed. In fp32 the greedy
    output equals that of a session without reuse. After any failure the cache is gone, never half filled. A quantized
    cache cannot be cut back: a prompt that does not extend the last one is computed from its start. A prompt that
    shares no more with what is held than a template's opening is an aside, as for a summary: it gets a cache of its
    own, and what was held is taken up again by the next prompt that shares more with it.
    """

    def __init__(self, model: Any, *, chunk_tokens: int = 512, kv_cache: KvCache = "dynamic") -> None:
        self._model = model
        self._kind: KvCache = kv_cache
        self._chunk_tokens = chunk_tokens
        self._cache: Any = None
        self._held: list[int] = []
        self._recurrent: bool | None = None  # unknown before the first token is read
        self._put_by: tuple[Any, list[int]] | None = None  # cache and tokens, while an aside is at work
        takes = inspect.signature(model.forward).parameters
        self._cache_name = "cache" if "cache" in takes else "past_key_values"  # its name before transformers 5.24
        self._options: dict[str, Any] = {
            "use_cache": True,
            **({"logits_to_keep": 1} if "logits_to_keep" in takes else {}),
        }

    def drop(self) -> None:
        """Frees the cache."""
        self._cache, self._held, self._put_by = None, [], None

    def held_for(self, ids: Sequence[int]) -> CacheState:
        """The cache as it stands before `ids` are fed, as a guard needs it."""
        self._choose(ids)
        caches = [self._cache, self._put_by[0] if self._put_by else None]
        return CacheState(sum(cache_bytes(one) for one in caches if one is not None), self._kept(ids), self.drop)

    def generate(
        self,
        ids: Sequence[int],
        picker: Picker,
        *,
        max_new_tokens: int,
        on_tokens: Callable[[Sequence[int]], None] | None = None,
    ) -> Generated:
        """Feeds `ids` and picks up to `max_new_tokens` tokens. Raises OutOfMemory, with everything of it freed."""
        try:
            return self._generate(ids, picker, max_new_tokens, on_tokens)
        except (RuntimeError, MemoryError) as error:
            self.drop()
            if not is_out_of_memory(error):
                raise
            failure = OutOfMemory(
                input_tokens=len(ids), max_new_tokens=max_new_tokens, requested_bytes=requested_bytes(error)
            )
            error.__traceback__ = None  # its frames hold the forward pass's tensors
        except BaseException:
            self.drop()
            raise
        let_go()
        raise failure

    @torch.inference_mode()
    def _generate(
        self, ids: Sequence[int], picker: Picker, room: int, on_tokens: Callable[[Sequence[int]], None] | None
    ) -> Generated:
        if self._recurrent is None:
            self._rewind(ids)
            self._feed(ids[:1])
            self._recurrent = _is_recurrent(self._cache)
            self.drop()
        reused = self._rewind(ids)
        logits = self._feed(ids[reused:])
        new: list[int] = []
        while len(new) < room:
            tokens = picker.pick(logits, room=room - len(new))
            new += tokens
            if on_tokens is not None:
                on_tokens(tokens)
            if picker.done or len(new) >= room:
                break
            logits = self._feed(tokens)
        return Generated(tuple(new), reused)

    def _feed(self, ids: Sequence[int]) -> torch.Tensor:
        """Adds the ids to the cache; the logits after the last of them, in fp32."""
        output: Any = None
        size = self._chunk_tokens
        if self._recurrent:  # transformers goes on from such a state by one token only
            size = 1 if self._held else len(ids)
        for start in range(0, len(ids), size):
            chunk = list(ids[start : start + size])
            batch = torch.tensor([chunk], device=self._model.device)
            output = self._model(input_ids=batch, **{self._cache_name: self._cache}, **self._options)
            self._held += chunk
        logits: torch.Tensor = output.logits[0, -1].float()
        return logits

    def _rewind(self, ids: Sequence[int]) -> int:
        """Cuts the cache back to the longest start it shares with `ids`, leaving at least one token to feed."""
        self._choose(ids)
        keep = self._kept(ids)
        if not keep:
            self._cache, self._held = new_cache(self._kind, self._model.config), []
            return 0
        if surplus := len(self._held) - keep:
            self._cache.crop(-surplus)  # from 5.0 on: the negative count of tokens to remove
            del self._held[keep:]
        return keep

    def _kept(self, ids: Sequence[int]) -> int:
        keep = min(_common(self._held, ids), len(ids) - 1)
        cut_back = len(self._held) > keep
        usable = self._cache is not None and keep > 0 and (not cut_back or _can_rewind(self._cache))
        return keep if usable and not (self._recurrent and len(ids) - keep > 1) else 0

    def _choose(self, ids: Sequence[int]) -> None:
        """Takes up what was put by where it shares more with `ids`; puts by what is held where they are an aside."""
        here = _common(self._held, ids)
        there = _common(self._put_by[1], ids) if self._put_by else 0
        if self._put_by and there > max(here, _OPENING):
            (self._cache, self._held), self._put_by = self._put_by, None
        elif here <= _OPENING < len(self._held):
            held = (self._cache, self._held)
            self._put_by = max(held, self._put_by or held, key=lambda branch: len(branch[1]))
            self._cache, self._held = None, []
        elif here > _OPENING:
            self._put_by = None


def _can_rewind(cache: Any) -> bool:
    """Sliding windows and recurrent states forget, and quantized states are packed: they cannot be cut back."""
    return all(
        getattr(layer, "is_croppable", True)
        and not getattr(layer, "is_sliding", False)
        and not hasattr(layer, "conv_states")
        for layer in cache.layers
    )


def _is_recurrent(cache: Any) -> bool:
    """Whether a layer sums all it has read up in one state, as Mamba does; short convolutions do not."""
    return any(any(getattr(layer, "is_recurrent_states_initialized", {}).values()) for layer in cache.layers)


def _common(held: Sequence[int], ids: Sequence[int]) -> int:
    differ = (at for at, (old, new) in enumerate(zip(held, ids, strict=False)) if old != new)
    return next(differ, min(len(held), len(ids)))
