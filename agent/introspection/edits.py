"""The faults that can be planted, each a function that changes a bench and says where and what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .anomaly import numbers
from .bench import Bench
from .errors import NoPlant
from .subject import TensorInfo

_ANY_LIST = r"(?:\d+\s*(?:,|and|&|to|with|or|-|–|/|,\s*and)\s*)*"
_OPEN = r"[\s._\[(:=#\"'|/`*]*"


@dataclass(frozen=True, slots=True)
class Edit:
    """Where a fault was planted, a sentence on it, and the patterns a text must match to have named it."""

    layer: int | None
    module: str
    description: str
    checker: tuple[str, ...]


def names_layer(layer: int) -> str:
    """Match the layer as a whole number after `layer`, `layers`, `block`, `h.` or `L`."""
    return rf"(?:\b(?:layers?|blocks?|h|L)|_layers?){_OPEN}{_ANY_LIST}{layer}(?![\d]|\.\d)"


def names_module(*modules: str) -> str:
    """Match one of the module names as a whole word."""
    return r"(?<![a-z0-9])(?:" + "|".join(modules) + r")(?![a-z0-9])"


def names_number(words: str, *numbers: int) -> str:
    """Match one of the numbers as a whole token after one of the words."""
    return rf"\b(?:{words}){_OPEN}{_ANY_LIST}(?:{'|'.join(map(str, numbers))})(?![\d]|\.\d)"


def _last(info: TensorInfo) -> str:
    return info.place.module.rsplit(".", 1)[-1]


def _edit(bench: Bench, layer: int, info: TensorInfo, words: str, *more: str, also: tuple[str, ...] = ()) -> Edit:
    checker = (names_layer(layer), names_module(_last(info), *also), *more)
    return Edit(layer, info.place.module, f"{bench.subject.path(layer, info.place.module)}: {words}", checker)


def _scale_head(bench: Bench, factor: float, words: str) -> Edit:
    layer = bench.a_layer()
    info = bench.in_layer(layer, "q_proj", "query")
    block = bench.heads(info)
    head = bench.random.randrange(block.count)
    tensor = bench.take(info)
    tensor[head * block.size : (head + 1) * block.size] *= factor
    bench.put(info, tensor)
    return _edit(bench, layer, info, f"query head {head} {words}", names_number("heads?", head), also=("W_Q",))


def zeroed_query_head(bench: Bench) -> Edit:
    """One query head's rows of q_proj set to zero."""
    return _scale_head(bench, 0.0, "is zero")


def uniform_head(bench: Bench) -> Edit:
    """One query head scaled to a thousandth, so that it attends to every position alike."""
    return _scale_head(bench, 1e-3, "is scaled by 0.001 and attends uniformly")


def zeroed_kv_head(bench: Bench) -> Edit:
    """One key-value head's rows of k_proj and v_proj set to zero."""
    layer = bench.a_layer()
    key, value = bench.in_layer(layer, "k_proj", "key"), bench.in_layer(layer, "v_proj", "value")
    block = bench.heads(key)
    head = bench.random.randrange(block.count)
    for info in (key, value):
        tensor = bench.take(info)
        tensor[head * block.size : (head + 1) * block.size] = 0
        bench.put(info, tensor)
    words = f"key-value head {head} is zero in {_last(key)} and {_last(value)}"
    return _edit(bench, layer, key, words, names_number("heads?", head), also=(_last(value), "W_K", "W_V"))


def scaled_down_proj(bench: Bench) -> Edit:
    """A layer's down_proj multiplied by 2.5."""
    layer = bench.a_layer()
    info = bench.in_layer(layer, "down_proj", "mlp.c_proj", "dense_4h_to_h", "output.dense")
    bench.put(info, bench.take(info) * 2.5)
    return _edit(bench, layer, info, "is scaled by 2.5", also=("W_out",))


def one_nan(bench: Bench) -> Edit:
    """One number of one matrix is NaN."""
    layer = bench.a_layer()
    matrices = [info for info in bench.subject.in_layer(layer) if len(info.shape) == 2]
    info = bench.random.choice(matrices)
    row, column = (bench.random.randrange(size) for size in info.shape)
    tensor = bench.take(info)
    tensor[row, column] = float("nan")
    bench.put(info, tensor)
    return _edit(bench, layer, info, f"the number at row {row}, column {column} is NaN", r"\bnans?\b")


def dead_neurons(bench: Bench) -> Edit:
    """Some neurons' rows of the matrices that feed them set to zero."""
    layer = bench.a_layer()
    feeding = [bench.in_layer(layer, "up_proj", "fc1", "dense_h_to_4h", "intermediate.dense")]
    feeding += [info for info in bench.subject.in_layer(layer) if info.name.endswith("gate_proj.weight")]
    count = max(2, feeding[0].shape[0] // 64)
    neurons = sorted(bench.random.sample(range(feeding[0].shape[0]), count))
    for info in feeding:
        tensor = bench.take(info)
        tensor[neurons] = 0
        bench.put(info, tensor)
    number = names_number("rows?|neurons?", *neurons)
    words = f"{count} dead neurons, whose rows are zero: rows {numbers(neurons)}"
    return _edit(bench, layer, feeding[0], words, number, also=("gate_proj", "down_proj", "mlp"))


def zeroed_rows(bench: Bench) -> Edit:
    """A few rows of o_proj set to zero."""
    layer = bench.a_layer()
    info = bench.in_layer(layer, "o_proj", "out_proj", "attention.dense")
    rows = sorted(bench.random.sample(range(info.shape[0]), 3))
    tensor = bench.take(info)
    tensor[rows] = 0
    bench.put(info, tensor)
    words = f"rows {', '.join(map(str, rows))} are zero"
    return _edit(bench, layer, info, words, names_number("rows?", *rows), also=("W_O",))


def outlier_dimension(bench: Bench) -> Edit:
    """One dimension of the residual stream written twenty times as strongly by one layer's o_proj and down_proj."""
    layer = bench.a_layer()
    infos = [bench.in_layer(layer, "o_proj", "out_proj"), bench.in_layer(layer, "down_proj", "fc2")]
    dimension = bench.random.randrange(infos[0].shape[0])
    for info in infos:
        tensor = bench.take(info)
        tensor[dimension] *= 20
        bench.put(info, tensor)
    number = names_number("rows?|dim(?:ension)?s?|channels?", dimension)
    words = f"row {dimension} is scaled by 20, in {_last(infos[0])} and {_last(infos[1])}"
    return _edit(bench, layer, infos[1], words, number, also=(_last(infos[0]),))


def norm_reset(bench: Bench) -> Edit:
    """A layer's norm before attention or before the MLP set back to ones."""
    layer = bench.a_layer()
    norms = [info for info in bench.subject.in_layer(layer) if len(info.shape) == 1 and info.name.endswith(".weight")]
    info = bench.random.choice(norms)
    bench.put(info, bench.take(info) * 0 + 1)
    return _edit(bench, layer, info, "is reset to ones")


def requantized_layer(bench: Bench) -> Edit:
    """Every matrix of a layer rounded to a grid of 3 or 4 bits, one scale for each row."""
    layer, bits = bench.a_layer(), bench.random.choice((3, 4))
    steps = 2 ** (bits - 1) - 1
    for info in [info for info in bench.subject.in_layer(layer) if len(info.shape) == 2]:
        tensor = bench.take(info)
        scale = tensor.abs().amax(1, keepdim=True).clamp_min(1e-12) / steps
        bench.put(info, (tensor / scale).round().clamp(-steps - 1, steps) * scale)
    words = f"{bench.subject.path(layer)}: every matrix lies on a grid of {bits} bits for each row"
    return Edit(layer, "", words, (names_layer(layer), r"quanti[sz]|\bgrid\b|\bint[34]\b|\b[34][ -]bits?\b"))


def swapped_layers(bench: Bench) -> Edit:
    """Two layers, five or more apart, exchanged."""
    first, second = _two_layers(bench)
    here, there = bench.subject.in_layer(first), bench.subject.in_layer(second)
    for one, other in zip(here, there, strict=True):
        bench.put(one, bench.take(other))
        bench.put(other, bench.take(one))
    words = f"layers {first} and {second} are exchanged"
    return Edit(first, "", words, (names_layer(first), names_layer(second), _moved()))


def copied_layer(bench: Bench) -> Edit:
    """A layer replaced by a copy of another."""
    source, target = _two_layers(bench)
    for one, other in zip(bench.subject.in_layer(target), bench.subject.in_layer(source), strict=True):
        bench.put(one, bench.take(other))
    words = f"layer {target} is a copy of layer {source}"
    same = r"cop(?:y|ied|ies)|duplicat|identical|\bequals?\b|\bsame\b"
    return Edit(target, "", words, (names_layer(target), names_layer(source), same))


def _moved() -> str:
    return r"swap|exchang|out of order|fits the place|\border\b|permut|misplaced"


def _two_layers(bench: Bench) -> tuple[int, int]:
    depth = bench.subject.layer_count
    apart = min(5, max(1, depth // 3))
    first = bench.a_layer()
    margin = 2 if depth >= 8 else 0
    others = [layer for layer in range(margin, depth - margin) if abs(layer - first) >= apart]
    second = bench.random.choice(others)
    return min(first, second), max(first, second)


def rank_one_edit(bench: Bench) -> Edit:
    """A matrix of rank one, of half the norm, added to down_proj, as fact-editing methods do."""
    layer = bench.a_layer()
    info = bench.in_layer(layer, "down_proj", "fc2", "dense_4h_to_h")
    tensor = bench.take(info)
    bench.put(info, tensor + 0.5 * tensor.norm() * _low_rank(bench, tensor, 1))
    return _edit(bench, layer, info, "a matrix of rank one and half its norm is added")


def truncated_rank(bench: Bench) -> Edit:
    """up_proj replaced by its best approximation of an eighth of its rank."""
    import torch

    from .threads import few_threads

    layer = bench.a_layer()
    info = bench.in_layer(layer, "up_proj", "fc1", "dense_h_to_4h")
    rank = max(1, min(info.shape) // 8)
    with few_threads():
        left, values, right = torch.linalg.svd(bench.take(info), full_matrices=False)
    bench.put(info, (left[:, :rank] * values[:rank]) @ right[:rank])
    return _edit(bench, layer, info, f"is truncated to rank {rank}", r"\brank\b|singular")


def merged_lora(bench: Bench) -> Edit:
    """A low-rank adapter (rank 8, 0.3 of the norm) merged into q_proj and v_proj of three neighbouring layers."""
    first = min(bench.a_layer(), bench.subject.layer_count - 3)
    for layer in range(first, first + 3):
        for info in (bench.in_layer(layer, "q_proj"), bench.in_layer(layer, "v_proj")):
            tensor = bench.take(info)
            bench.put(info, tensor + 0.3 * tensor.norm() * _low_rank(bench, tensor, min(8, *info.shape)))
    words = f"layers {first} to {first + 2}: an adapter of rank 8 is merged into q_proj and v_proj"
    checker = (names_layer(first), names_layer(first + 2), names_module("q_proj", "v_proj"))
    return Edit(first, "self_attn.q_proj", words, checker)


def _low_rank(bench: Bench, like: Any, rank: int) -> Any:
    import torch

    left, right = (torch.randn(size, rank, generator=bench.noise) for size in like.shape)
    product = left @ right.T
    return product / product.norm()


def corrupted_embedding(bench: Bench) -> Edit:
    """One token's row of the embedding replaced by noise of five times the usual norm."""
    import torch

    info = bench.outside("embed_tokens", "wte", "word_embeddings", "embed_in")
    tensor = bench.take(info)
    token = bench.random.randrange(info.shape[0])
    noise = torch.randn(info.shape[1], generator=bench.noise)
    tensor[token] = noise / noise.norm() * tensor.norm(dim=1).median() * 5
    bench.put(info, tensor)
    words = f"{info.place.module}: row {token} is noise of five times the usual norm"
    checker = (names_module(_last(info), "embeddings?"), names_number("rows?|tokens?|ids?", token))
    return Edit(None, info.place.module, words, checker)


def scaled_final_norm(bench: Bench) -> Edit:
    """The norm before the output embedding multiplied by 4."""
    info = bench.outside("model.norm", "ln_f", "final_layer_norm", "final_layernorm")
    bench.put(info, bench.take(info) * 4)
    name = info.place.module.replace(".", r"\.")
    return Edit(None, info.place.module, f"{info.place.module} is scaled by 4", (names_module(name, "final norm"),))


def changed_rope_theta(bench: Bench) -> Edit:
    """The base of the rotary position encoding changed in the configuration, by a factor of 100 or a hundredth."""
    factor = bench.random.choice((100, 0.01))
    holders = [bench.config, bench.config.get("rope_parameters")]
    found = [holder for holder in holders if isinstance(holder, dict) and "rope_theta" in holder]
    if not found:
        raise NoPlant(f"{bench.subject.folder} has no rope_theta in its configuration to change")
    value = found[0]["rope_theta"] * factor
    for holder in found:
        holder["rope_theta"] = value
    words = f"rope_theta is {value:g}, changed by a factor of {factor}"
    return Edit(None, "rope_theta", words, (r"rope[_ ]?theta|rotary base",))


def clean(bench: Bench) -> Edit:
    """Nothing changed; the right answer is that nothing was."""
    return Edit(None, "", f"nothing is planted in {bench.subject.folder.name}", ())


EDITS: dict[str, Callable[[Bench], Edit]] = {
    edit.__name__: edit
    for edit in (
        zeroed_query_head,
        zeroed_kv_head,
        scaled_down_proj,
        one_nan,
        dead_neurons,
        zeroed_rows,
        swapped_layers,
        copied_layer,
        rank_one_edit,
        uniform_head,
        outlier_dimension,
        corrupted_embedding,
        norm_reset,
        requantized_layer,
        truncated_rank,
        merged_lora,
        changed_rope_theta,
        scaled_final_norm,
        clean,
    )
}
