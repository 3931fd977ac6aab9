"""What of a model's config decides how much memory it takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_WINDOWED = ("sliding_attention", "chunked_attention")
_ATTENDING = ("full_attention", *_WINDOWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of a decoder, in elements; `windows` has an entry for each layer that keeps keys and values.

    An entry is the tokens a layer of sliding windows keeps, None for one that keeps all. `mlp` is the elements that
    the widest feed-forward block holds at once for one token, the experts it goes through included.
    """

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    key_dim: int
    value_dim: int
    mlp: int
    vocabulary: int
    windows: tuple[int | None, ...]
    context_tokens: int | None

    @property
    def grouped(self) -> bool:
        """Whether several query heads share one key head."""
        return self.kv_heads < self.heads

    @property
    def kv_elements(self) -> int:
        """Elements of keys and values of one token in one layer."""
        return self.kv_heads * (self.key_dim + self.value_dim)


def shape_of(config: Any) -> Shape:
    """The shape of a transformers config; of its text part, where it has others.

    Raises ValueError, naming the field, where one is missing that nothing else tells.
    """
    text = config.get_text_config(decoder=True)
    hidden = _field(text, "hidden_size")
    heads = _optional(text, "num_attention_heads") or 0  # a model of recurrent layers alone has none
    layers = _field(text, "num_hidden_layers")
    key_dim, value_dim = _head_dims(text, hidden, heads)
    return Shape(
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=_kv_heads(text, heads),
        key_dim=key_dim,
        value_dim=value_dim,
        mlp=_mlp(text, hidden),
        vocabulary=_field(text, "vocab_size"),
        windows=tuple(_windows(text, layers)),
        context_tokens=_context(text),
    )


def _field(config: Any, *names: str) -> int:
    """The first of the fields that is a positive number; of a list of them (one a layer) the largest."""
    for name in names:
        value = getattr(config, name, None)
        if isinstance(value, list | tuple) and value and all(isinstance(one, int) for one in value):
            value = max(value)
        if isinstance(value, int) and value > 0:
            return value
    raise ValueError(f"its config has no {names[0]}")


def _optional(config: Any, *names: str) -> int | None:
    try:
        return _field(config, *names)
    except ValueError:
        return None


def _kv_heads(config: Any, heads: int) -> int:
    if getattr(config, "kv_lora_rank", None):  # latent attention: transformers keeps the keys of every head
        return heads
    if getattr(config, "multi_query", False) and not getattr(config, "new_decoder_architecture", False):
        return 1
    return _optional(config, "num_key_value_heads", "num_kv_heads") or heads


def _head_dims(config: Any, hidden: int, heads: int) -> tuple[int, int]:
    if not heads:
        return 0, 0
    dim = _optional(config, "head_dim") or hidden // heads
    if getattr(config, "kv_lora_rank", None):
        return _field(config, "qk_nope_head_dim") + _field(config, "qk_rope_head_dim"), _field(config, "v_head_dim")
    return dim, dim


def _mlp(config: Any, hidden: int) -> int:
    """Gate, its activation and up live together, or two thirds of it without a gate: 3 widths cover both.

    Of experts each token has as many as it is sent to, with its input and output copied for each.
    """
    dense = _optional(config, "intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size") or 4 * hidden
    chosen = _optional(config, "num_experts_per_tok", "num_experts_per_token", "moe_topk")
    if not chosen:
        return 3 * dense
    width = _optional(config, "moe_intermediate_size", "expert_ffn_hidden_size") or dense
    every = width * (_optional(config, "n_shared_experts") or 0)
    shared = _optional(config, "shared_expert_intermediate_size") or every
    return max(3 * dense if width != dense else 0, chosen * (2 * hidden + 3 * width) + 3 * shared)


def _windows(config: Any, layers: int) -> Iterator[int | None]:
    window = _optional(config, "sliding_window", "attention_chunk_size")
    kinds = getattr(config, "layer_types", None)
    layers = layers if _optional(config, "num_attention_heads") else 0
    own = layers - (_optional(config, "num_kv_shared_layers") or 0)
    if not kinds:
        yield from [window if getattr(config, "use_sliding_window", True) else None] * own
        return
    for kind in kinds[:own]:
        if kind in _ATTENDING:
            yield window if kind in _WINDOWED else None


def _context(config: Any) -> int | None:
    return _optional(config, "max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")
