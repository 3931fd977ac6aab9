"""Patterns that tell whether a text names a layer, a module or a number, as whole tokens."""

_ANY_LIST = r"(?:\d+\s*(?:,|and|&|to|with|or|-|–|/|,\s*and)\s*)*"
_OPEN = r"[\s._\[(:=#\"'|/`*]*"


def names_layer(layer: int) -> str:
    """Match the layer as a whole number after `layer`, `layers`, `block`, `h.` or `L`."""
    return rf"(?:\b(?:layers?|blocks?|h|L)|_layers?){_OPEN}{_ANY_LIST}{layer}(?![\d]|\.\d)"


def names_module(*modules: str) -> str:
    """Match one of the module names as a whole word."""
    return r"(?<![a-z0-9])(?:" + "|".join(modules) + r")(?![a-z0-9])"


def names_number(words: str, *numbers: int) -> str:
    """Match one of the numbers as a whole token after one of the words."""
    return rf"\b(?:{words}){_OPEN}{_ANY_LIST}(?:{'|'.join(map(str, numbers))})(?![\d]|\.\d)"
