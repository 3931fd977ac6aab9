"""Where a tensor sits: the stack of layers found in the tensors' names, whatever the architecture calls it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBERED = re.compile(
    r"^(?P<stack>(?:[A-Za-z_]\w*\.)*?(?:layers|layer|h|blocks|block|decoder_layers))\.(?P<index>\d+)\.(?P<rest>.+)$"
)


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
