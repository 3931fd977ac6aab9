"""Faults of whole layers, of what lies outside the stack, and of the configuration."""

from .bench import Bench
from .edit import Edit, last_name, low_rank
from .errors import NoPlant
from .naming_checks import names_layer, names_module, names_number


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


def merged_lora(bench: Bench) -> Edit:
    """A low-rank adapter (rank 8, 0.3 of the norm) merged into q_proj and v_proj of three neighbouring layers."""
    first = min(bench.a_layer(), bench.subject.layer_count - 3)
    for layer in range(first, first + 3):
        for info in (bench.in_layer(layer, "q_proj"), bench.in_layer(layer, "v_proj")):
            tensor = bench.take(info)
            bench.put(
                info, tensor + 0.3 * bench.strength * tensor.norm() * low_rank(bench, tensor, min(8, *info.shape))
            )
    words = f"layers {first} to {first + 2}: an adapter of rank 8 is merged into q_proj and v_proj"
    checker = (names_layer(first), names_layer(first + 2), names_module("q_proj", "v_proj"))
    return Edit(first, "self_attn.q_proj", words, checker)


def corrupted_embedding(bench: Bench) -> Edit:
    """One token's row of the embedding replaced by noise of five times the usual norm."""
    import torch

    info = bench.outside("embed_tokens", "wte", "word_embeddings", "embed_in")
    tensor = bench.take(info)
    token = bench.random.randrange(info.shape[0])
    noise = torch.randn(info.shape[1], generator=bench.noise)
    tensor[token] = noise / noise.norm() * tensor.norm(dim=1).median() * 5 * bench.strength
    bench.put(info, tensor)
    words = f"{info.place.module}: row {token} is noise of five times the usual norm"
    checker = (names_module(last_name(info), "embeddings?"), names_number("rows?|tokens?|ids?", token))
    return Edit(None, info.place.module, words, checker)


def scaled_final_norm(bench: Bench) -> Edit:
    """The norm before the output embedding multiplied by 4."""
    info = bench.outside("model.norm", "ln_f", "final_layer_norm", "final_layernorm")
    factor = 1 + 3 * bench.strength
    bench.put(info, bench.take(info) * factor)
    name = info.place.module.replace(".", r"\.")
    return Edit(
        None, info.place.module, f"{info.place.module} is scaled by {factor:g}", (names_module(name, "final norm"),)
    )


def changed_rope_theta(bench: Bench) -> Edit:
    """The base of the rotary position encoding changed in the configuration, by a factor of 100 or a hundredth."""
    factor = bench.random.choice((100, 0.01)) ** bench.strength
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
