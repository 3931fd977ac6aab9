"""Faults that keep every moment or nearly so: signs, orders, roundings and noise."""

from collections.abc import Callable
from typing import Any

from .bench import Bench
from .edit import Edit, edit_of
from .errors import NoPlant
from .naming_checks import names_layer, names_number

_READERS = ("up_proj", "fc1", "c_fc", "dense_h_to_4h", "intermediate.dense")
_WRITERS = ("down_proj", "fc2", "mlp.c_proj", "dense_4h_to_h", "output.dense")


def _changed(bench: Bench, endings: tuple[str, ...], change: Callable[[Any], Any], words: str, *more: str) -> Edit:
    layer = bench.a_layer()
    info = bench.in_layer(layer, *endings)
    bench.put(info, change(bench.take(info)))
    return edit_of(bench, layer, info, words, *more, also=("mlp",))


def flipped_sign(bench: Bench) -> Edit:
    """A layer's down_proj multiplied by -1."""
    return _changed(bench, _WRITERS, lambda tensor: -tensor, "is multiplied by -1")


def shuffled_rows(bench: Bench) -> Edit:
    """The rows of a layer's up_proj in a random order."""
    import torch

    def shuffle(tensor: Any) -> Any:
        return tensor[torch.randperm(len(tensor), generator=bench.noise)]

    return _changed(bench, _READERS, shuffle, "its rows are in a random order")


def shuffled_outputs(bench: Bench) -> Edit:
    """The rows of a layer's down_proj in a random order."""
    import torch

    def shuffle(tensor: Any) -> Any:
        return tensor[torch.randperm(len(tensor), generator=bench.noise)]

    return _changed(bench, _WRITERS, shuffle, "its rows are in a random order")


def transposed(bench: Bench) -> Edit:
    """A layer's square matrix transposed."""
    layer = bench.a_layer()
    square = [info for info in bench.subject.in_layer(layer) if len(info.shape) == 2 and info.shape[0] == info.shape[1]]
    if not square:
        raise NoPlant(f"layer {layer} of {bench.subject.folder} has no square matrix to transpose")
    info = bench.random.choice(square)
    bench.put(info, bench.take(info).T)
    return edit_of(bench, layer, info, "is transposed")


def added_noise(bench: Bench) -> Edit:
    """Noise of half the matrix's norm, times the strength, added to a layer's up_proj."""
    import torch

    def add(tensor: Any) -> Any:
        noise = torch.randn(tensor.shape, generator=bench.noise)
        return tensor + 0.5 * bench.strength * tensor.norm() * noise / noise.norm()

    return _changed(bench, _READERS, add, f"noise of {0.5 * bench.strength:g} of its norm is added")


def rounded_layer(bench: Bench) -> Edit:
    """Every matrix of a layer rounded to three fewer bits of mantissa than its type has."""
    import torch

    layer = bench.a_layer()
    for info in [info for info in bench.subject.in_layer(layer) if len(info.shape) == 2]:
        tensor = bench.take(info)
        bits = {"F32": 10, "F16": 7, "BF16": 4}.get(info.dtype, 10)
        mantissa, exponent = torch.frexp(tensor)
        bench.put(info, torch.ldexp((mantissa * 2 ** (bits + 1)).round() / 2 ** (bits + 1), exponent))
    words = f"{bench.subject.path(layer)}: every matrix is rounded to fewer bits than its type has"
    return Edit(layer, "", words, (names_layer(layer), r"\bbits?\b|round|mantissa|precision"))


def swapped_heads(bench: Bench) -> Edit:
    """Two query heads of different key-value groups exchanged in q_proj."""
    layer = bench.a_layer()
    info = bench.in_layer(layer, "q_proj", "query")
    block = bench.heads(info)
    groups = bench.subject.setting("num_key_value_heads", default=block.count) or block.count
    each = block.count // groups
    first, second = sorted(bench.random.sample(range(groups), 2)) if groups > 1 else (0, 1)
    first, second = first * each + bench.random.randrange(each), second * each + bench.random.randrange(each)
    tensor = bench.take(info)
    one, other = (slice(head * block.size, (head + 1) * block.size) for head in (first, second))
    tensor[one], tensor[other] = tensor[other].clone(), tensor[one].clone()
    bench.put(info, tensor)
    words = f"query heads {first} and {second} are exchanged"
    return edit_of(bench, layer, info, words, names_number("heads?", first, second), also=("self_attn", "attention"))


def scaled_bias(bench: Bench) -> Edit:
    """A layer's first norm bias, or where there is none another bias, raised by ten times its rms."""
    layer = bench.a_layer()
    biases = [info for info in bench.subject.in_layer(layer) if info.name.endswith("bias")]
    if not biases:
        raise NoPlant(f"layer {layer} of {bench.subject.folder} has no bias to plant a fault in")
    info = next((one for one in biases if "norm" in one.name or "ln_" in one.name), biases[0])
    tensor = bench.take(info)
    tensor += 10 * bench.strength * max(float(tensor.square().mean().sqrt()), 0.02)
    bench.put(info, tensor)
    return edit_of(bench, layer, info, "is raised by ten times its rms", also=("bias",))


def near_copy(bench: Bench) -> Edit:
    """A layer's up_proj replaced by another layer's with a little noise."""
    import torch

    layer = bench.a_layer()
    depth = bench.subject.layer_count
    other = bench.random.choice([one for one in range(depth) if abs(one - layer) > 1])
    info, source = bench.in_layer(layer, *_READERS), bench.in_layer(other, *_READERS)
    tensor = bench.take(source)
    bench.put(info, tensor + 0.1 * tensor.std() * torch.randn(tensor.shape, generator=bench.noise))
    return edit_of(bench, layer, info, f"is nearly layer {other}'s", names_layer(other))
