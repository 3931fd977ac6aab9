"""Where a tensor sits: the stack of layers found in the tensors' names, whatever the architecture calls it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBERED = re.compile(
    r"^(?P<stack>(?:[A-Za-z_]\w*\.)*?(?:layers|layer|h|blocks|block|decoder_layers))\.(?P<index>\d+)\.(?P<rest>.+)$"
)


POSITION_TABLES = ("wpe", "position_embeddings", "embed_positions", "position_embedding")


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor's layer (None outside the stack) and its module path within the layer, `.weight` left off."""

    layer: int | None
    module: str


def stack_of(names: Iterable[str]) -> str | None:
    """Return the module path of the stack of layers, such as `model.layers`, or None where names show none.

    >>> stack_of(["wte.weight", "h.0.attn.c_attn.weight", "h.1.attn.c_attn.weight"])
    'h'
    """
    matches = (_NUMBERED.match(name) for name in names)
    counts = Counter(match["stack"] for match in matches if match)
    return max(counts, key=lambda stack: (counts[stack], stack)) if counts else None


def place_of(name: str, stack: str | None) -> Place:
    """Return where the tensor `name` sits.

    >>> place_of("model.layers.17.mlp.down_proj.weight", "model.layers")
    Place(layer=17, module='mlp.down_proj')
    >>> place_of("model.norm.weight", "model.layers")
    Place(layer=None, module='model.norm')
    """
    module = name.removesuffix(".weight")
    if stack is None or not module.startswith(stack + "."):
        return Place(None, module)
    index, _, rest = module[len(stack) + 1 :].partition(".")
    return Place(int(index), rest) if index.isdigit() and rest else Place(None, module)


def layer_asked(asked: int | str) -> int | None:
    """Return the layer that a number, a module path or a TransformerLens name asks for; None where it says none.

    >>> layer_asked("model.layers.17"), layer_asked("blocks.3.hook_resid_post"), layer_asked("5")
    (17, 3, 5)
    """
    if isinstance(asked, int):
        return asked
    number = re.search(r"(?:^|\.)(\d+)(?:\.|$)", asked.strip())
    return int(number[1]) if number else None


# TransformerLens's names of a layer's parts, with the Hugging Face modules that hold them, by preference.
_LENS = {
    "W_Q": ("q_proj", "query", "q_lin", "qkv_proj", "c_attn", "query_key_value"),
    "W_K": ("k_proj", "key", "k_lin", "qkv_proj", "c_attn", "query_key_value"),
    "W_V": ("v_proj", "value", "v_lin", "qkv_proj", "c_attn", "query_key_value"),
    "W_O": ("o_proj", "out_proj", "out_lin", "attn.c_proj", "attention.dense", "self_attn.dense", "dense"),
    "W_gate": ("gate_proj", "gate_up_proj", "w1"),
    "W_in": ("up_proj", "fc1", "c_fc", "dense_h_to_4h", "gate_up_proj", "w3"),
    "W_out": ("down_proj", "fc2", "mlp.c_proj", "dense_4h_to_h", "w2"),
    "ln1": ("input_layernorm", "ln_1", "attention_norm"),
    "ln2": ("post_attention_layernorm", "ln_2", "ffn_norm"),
}


def module_asked(asked: str, modules: Iterable[str]) -> str | None:
    """Return the module of a layer that a path, its end, or a TransformerLens name asks for; None where there is none.

    >>> module_asked("blocks.3.attn.W_Q", ["self_attn.q_proj", "mlp.up_proj"])
    'self_attn.q_proj'
    >>> module_asked("model.layers.3.mlp.up_proj.weight", ["self_attn.q_proj", "mlp.up_proj"])
    'mlp.up_proj'
    """
    known = list(modules)
    wanted = asked.strip().removesuffix(".weight")
    within = re.sub(r"^.*?(?:^|\.)\d+\.", "", wanted)
    part = next((one for one in reversed(within.split(".")) if one in _LENS), "")
    for name in (within, *_LENS.get(part, ())):
        found = [one for one in known if one == name or one.endswith(f".{name}")]
        if found:
            return found[0]
    return None
