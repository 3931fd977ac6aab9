"""What a network is made of, from its configuration and its files' headers; no weight is read."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from .subject import Subject

_ACTIVATION = ("hidden_act", "hidden_activation", "activation_function", "activation", "feed_forward_proj")
_POSITION = ("rope_parameters", "rope_theta", "rope_scaling", "position_embedding_type", "sliding_window")


def architecture_summary(subject: Subject) -> dict[str, object]:
    """Return the network's sizes, its position encoding, one layer's modules, and whatever is irregular in it."""
    common = _common_shapes(subject)
    odd = irregular(subject)
    return {
        "outcome": f"irregular: {'; '.join(odd[:3])}" if odd else "regular: every layer has the same modules and types",
        "model_type": subject.config.get("model_type"),
        "architectures": subject.config.get("architectures"),
        "parameters": subject.parameters,
        "size_bytes": subject.size_bytes,
        "dtypes": dict(Counter(info.dtype for info in subject.tensors.values())),
        "stack": subject.stack,
        "layers": subject.layer_count,
        "hidden_size": subject.setting("hidden_size", "n_embd", "d_model"),
        "attention_heads": subject.setting("num_attention_heads", "n_head", "num_heads"),
        "key_value_heads": subject.setting("num_key_value_heads", "num_attention_heads", "n_head"),
        "head_dim": subject.setting("head_dim"),
        "intermediate_size": subject.setting("intermediate_size", "n_inner", "ffn_dim"),
        "activation": next((subject.config[name] for name in _ACTIVATION if subject.config.get(name)), None),
        "vocabulary": subject.setting("vocab_size"),
        "context_tokens": subject.setting("max_position_embeddings", "n_positions", "n_ctx"),
        "position": {name: subject.config[name] for name in _POSITION if subject.config.get(name) is not None},
        "tied_embeddings": subject.tied,
        "modules_of_a_layer": {module: list(shape) for module, shape in common.items()},
        "outside_the_stack": {info.place.module: list(info.shape) for info in subject.in_layer(None)},
        "irregular": odd,
    }


def layer_list(subject: Subject) -> list[dict[str, object]]:
    """Return one row for each layer: its module path, parameters, bytes, types, and how it differs from the others."""
    common = _common_shapes(subject)
    return [_layer_row(subject, layer, common) for layer in range(subject.layer_count)]


def _layer_row(subject: Subject, layer: int, common: dict[str, tuple[int, ...]]) -> dict[str, object]:
    infos = subject.in_layer(layer)
    return {
        "layer": layer,
        "module": subject.path(layer),
        "modules": len(infos),
        "parameters": sum(info.elements for info in infos),
        "size_bytes": sum(info.size_bytes for info in infos),
        "dtype": "/".join(sorted({info.dtype for info in infos})),
        "differs": "; ".join(_differences({info.place.module: info.shape for info in infos}, common)),
    }


def _common_shapes(subject: Subject) -> dict[str, tuple[int, ...]]:
    """Return the shape each module has in most layers, of modules that at least half of the layers have."""
    shapes: dict[str, Counter[tuple[int, ...]]] = {}
    for info in subject.tensors.values():
        if info.place.layer is not None:
            shapes.setdefault(info.place.module, Counter())[info.shape] += 1
    return {
        module: counts.most_common(1)[0][0]
        for module, counts in shapes.items()
        if 2 * counts.total() >= subject.layer_count
    }


def _differences(shapes: dict[str, tuple[int, ...]], common: dict[str, tuple[int, ...]]) -> Iterator[str]:
    yield from (f"lacks {module}" for module in common if module not in shapes)
    yield from (f"has {module}" for module in shapes if module not in common)
    for module, shape in shapes.items():
        if module in common and shape != common[module]:
            yield f"{module} is {list(shape)}, elsewhere {list(common[module])}"


def irregular(subject: Subject) -> list[str]:
    """Return, in words, what does not fit: depth, shapes, types, modules, vocabulary, rotary base."""
    return list(_irregular(subject, _common_shapes(subject)))


def _irregular(subject: Subject, common: dict[str, tuple[int, ...]]) -> Iterator[str]:
    stated = subject.setting("num_hidden_layers", "n_layer", "num_layers")
    if stated is not None and stated != subject.layer_count:
        yield f"config.json states {stated} layers, the weights have {subject.layer_count}"
    for row in (_layer_row(subject, layer, common) for layer in range(subject.layer_count)):
        if row["differs"]:
            yield f"layer {row['layer']}: {row['differs']}"
    yield from _other_types(subject)
    yield from _embedding_mismatch(subject)
    yield from _short_waves(subject)


def _other_types(subject: Subject) -> Iterator[str]:
    """Yield the layers whose tensors are stored in another type than the same modules of most layers."""
    types: dict[str, Counter[str]] = {}
    for info in subject.tensors.values():
        if info.place.layer is not None:
            types.setdefault(info.place.module, Counter())[info.dtype] += 1
    for layer in range(subject.layer_count):
        odd = [info for info in subject.in_layer(layer) if _is_rare(info.dtype, types[info.place.module])]
        if odd:
            usual = types[odd[0].place.module].most_common(1)[0][0]
            names = ", ".join(info.place.module for info in odd[:3])
            yield f"layer {layer}: {names} {'and others ' * (len(odd) > 3)}stored as {odd[0].dtype}, elsewhere {usual}"


def _is_rare(dtype: str, counts: Counter[str]) -> bool:
    return counts[dtype] * 4 < counts.total() and counts.most_common(1)[0][0] != dtype


def _short_waves(subject: Subject) -> Iterator[str]:
    """Yield a rotary base whose longest wave is shorter than the context it is to tell positions in."""
    theta, context = subject.rope_theta, subject.setting("max_position_embeddings", "n_positions")
    if theta and context and 2 * math.pi * theta < context:
        yield (
            f"rope_theta {theta:g} is small for a context of {context}: its longest wave is {2 * math.pi * theta:.0f} "
            "positions"
        )


def _embedding_mismatch(subject: Subject) -> Iterator[str]:
    vocabulary: Any = subject.setting("vocab_size")
    for info in subject.in_layer(None):
        embedding = any(word in info.name for word in ("embed_tokens", "wte", "word_embeddings", "embed_in"))
        if embedding and len(info.shape) == 2 and vocabulary and info.shape[0] != vocabulary:
            yield f"config.json states a vocabulary of {vocabulary}, {info.place.module} has {info.shape[0]} rows"
