"""The KV cache of one session: whole and cut back at will, quantized, or kept on the CPU."""

from collections.abc import Iterator
from typing import Any

import torch
from transformers import DynamicCache, QuantizedCache
from transformers.cache_utils import DynamicLayer

from ..errors import BadModel
from ..memory import STEP_TOKENS, KvCache


class SteppedLayer(DynamicLayer):  # type: ignore[misc]  # transformers is untyped
    """Keys and values of one layer in room that grows `STEP_TOKENS` at a time, so that a token costs no copy of all."""

    is_compileable = False

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Adds the states (1, heads, tokens, dim) and returns all of them, as views of the room."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._key_room, self._value_room = key_states[:, :, :0], value_states[:, :, :0]
        held = self.get_seq_length()
        self._key_room, self.keys = _added(self._key_room, held, key_states)
        self._value_room, self.values = _added(self._value_room, held, value_states)
        return self.keys, self.values


def _added(room: torch.Tensor, held: int, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The room, larger where the states did not fit it, and what it now holds; the first `held` tokens stay."""
    total = held + states.shape[-2]
    if total > room.shape[-2]:
        batch, heads, _, dim = states.shape
        larger = states.new_empty(batch, heads, -(-total // STEP_TOKENS) * STEP_TOKENS, dim)
        larger[:, :, :held] = room[:, :, :held]
        room = larger
    room[:, :, held:total] = states
    return room, room[:, :, :total]


def cache_bytes(cache: Any) -> int:
    """What a cache holds, the room it keeps for more included; of a quantized one the quantized states."""
    return sum(one.nbytes for layer in cache.layers for one in _storages(layer))


def _storages(layer: Any) -> Iterator[torch.Tensor]:
    for names in (("_key_room", "keys"), ("_value_room", "values")):
        held = next((tensor for name in names if (tensor := getattr(layer, name, None)) is not None), None)
        if held is not None:
            yield held
    for name in ("_quantized_keys", "_quantized_values"):
        quantized = getattr(layer, name, None)
        if quantized is not None:
            yield quantized[0]


def new_cache(kind: KvCache, config: Any) -> Any:
    """An empty cache for a model of that config. Raises BadModel where that kind is not to be had.

    "quantized" keeps 8-bit floats (transformers' fp8); it cannot be cut back, so an edited prompt is computed from its
    start. "offloaded" keeps all layers but two in the CPU's memory, for models on CUDA.
    """
    if kind == "quantized":
        try:
            return QuantizedCache("fp8", config)
        except ValueError as error:
            raise BadModel(f"this model's KV cache cannot be quantized: {error} Choose another --kv-cache.") from error
    if kind == "offloaded":
        if not torch.cuda.is_available():
            raise BadModel("an offloaded KV cache needs CUDA; choose --kv-cache dynamic or quantized")
        return DynamicCache(config=config, offloading=True)
    cache = DynamicCache(config=config)
    cache.layers = [SteppedLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache
