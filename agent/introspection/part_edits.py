"""Faults in one part of a network: a head, some rows, one matrix or one norm."""

from .anomaly import numbers
from .bench import Bench
from .edit import Edit, edit_of, last_name, low_rank
from .naming_checks import names_number


def _scale_head(bench: Bench, factor: float, words: str) -> Edit:
    layer = bench.a_layer()
    info = bench.in_layer(layer, "q_proj", "query")
    block = bench.heads(info)
    head = bench.random.randrange(block.count)
    tensor = bench.take(info)
    tensor[head * block.size : (head + 1) * block.size] *= factor
    bench.put(info, tensor)
    return edit_of(bench, layer, info, f"query head {head} {words}", names_number("heads?", head), also=("W_Q",))


def zeroed_query_head(bench: Bench) -> Edit:
    """One query head's rows of q_proj set to zero."""
    return _scale_head(bench, 0.0, "is zero")


def uniform_head(bench: Bench) -> Edit:
    """One query head scaled to a thousandth, so that it attends to every position alike."""
    factor = 1e-3**bench.strength
    return _scale_head(bench, factor, f"is scaled by {factor:.3g} and attends uniformly")


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
    words = f"key-value head {head} is zero in {last_name(key)} and {last_name(value)}"
    return edit_of(bench, layer, key, words, names_number("heads?", head), also=(last_name(value), "W_K", "W_V"))


def scaled_down_proj(bench: Bench) -> Edit:
    """A layer's down_proj multiplied by 2.5."""
    layer = bench.a_layer()
    info = bench.in_layer(layer, "down_proj", "mlp.c_proj", "dense_4h_to_h", "output.dense")
    factor = 1 + 1.5 * bench.strength
    bench.put(info, bench.take(info) * factor)
    return edit_of(bench, layer, info, f"is scaled by {factor:g}", also=("W_out",))


def one_nan(bench: Bench) -> Edit:
    """One number of one matrix is NaN."""
    layer = bench.a_layer()
    matrices = [info for info in bench.subject.in_layer(layer) if len(info.shape) == 2]
    info = bench.random.choice(matrices)
    row, column = (bench.random.randrange(size) for size in info.shape)
    tensor = bench.take(info)
    tensor[row, column] = float("nan")
    bench.put(info, tensor)
    return edit_of(bench, layer, info, f"the number at row {row}, column {column} is NaN", r"\bnans?\b")


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
    return edit_of(bench, layer, feeding[0], words, number, also=("gate_proj", "down_proj", "mlp"))


def zeroed_rows(bench: Bench) -> Edit:
    """A few rows of o_proj set to zero."""
    layer = bench.a_layer()
    info = bench.in_layer(layer, "o_proj", "out_proj", "attention.dense")
    rows = sorted(bench.random.sample(range(info.shape[0]), 3))
    tensor = bench.take(info)
    tensor[rows] = 0
    bench.put(info, tensor)
    words = f"rows {', '.join(map(str, rows))} are zero"
    return edit_of(bench, layer, info, words, names_number("rows?", *rows), also=("W_O",))


def outlier_dimension(bench: Bench) -> Edit:
    """One dimension of the residual stream written twenty times as strongly by one layer's o_proj and down_proj."""
    layer = bench.a_layer()
    infos = [bench.in_layer(layer, "o_proj", "out_proj"), bench.in_layer(layer, "down_proj", "fc2")]
    dimension = bench.random.randrange(infos[0].shape[0])
    for info in infos:
        tensor = bench.take(info)
        tensor[dimension] *= 20 * bench.strength
        bench.put(info, tensor)
    number = names_number("rows?|dim(?:ension)?s?|channels?", dimension)
    words = f"row {dimension} is scaled by {20 * bench.strength:g}, in {last_name(infos[0])} and {last_name(infos[1])}"
    return edit_of(bench, layer, infos[1], words, number, also=(last_name(infos[0]),))


def norm_reset(bench: Bench) -> Edit:
    """A layer's norm before attention or before the MLP set back to ones."""
    layer = bench.a_layer()
    norms = [info for info in bench.subject.in_layer(layer) if len(info.shape) == 1 and info.name.endswith(".weight")]
    info = bench.random.choice(norms)
    bench.put(info, bench.take(info) * 0 + 1)
    return edit_of(bench, layer, info, "is reset to ones")


def rank_one_edit(bench: Bench) -> Edit:
    """A matrix of rank one, of half the norm, added to down_proj, as fact-editing methods do."""
    layer = bench.a_layer()
    info = bench.in_layer(layer, "down_proj", "fc2", "dense_4h_to_h")
    tensor = bench.take(info)
    bench.put(info, tensor + 0.5 * bench.strength * tensor.norm() * low_rank(bench, tensor, 1))
    return edit_of(bench, layer, info, f"a matrix of rank one and {0.5 * bench.strength:g} of its norm is added")


def truncated_rank(bench: Bench) -> Edit:
    """up_proj replaced by its best approximation of an eighth of its rank."""
    import torch

    from .threads import few_threads

    layer = bench.a_layer()
    info = bench.in_layer(layer, "up_proj", "fc1", "dense_h_to_4h")
    rank = max(1, min(min(info.shape) - 1, int(min(info.shape) / 8 / bench.strength)))
    with few_threads():
        left, values, right = torch.linalg.svd(bench.take(info), full_matrices=False)
    bench.put(info, (left[:, :rank] * values[:rank]) @ right[:rank])
    return edit_of(bench, layer, info, f"is truncated to rank {rank}", r"\brank\b|singular")
