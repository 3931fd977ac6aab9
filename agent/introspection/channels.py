"""The norm of every row, column and head of one module, found without opening any other."""

from pager import Lazy

from .measured import measure
from .subject import Subject, TensorInfo


def channel_norms(subject: Subject) -> Lazy:
    """Return layers > modules > rows, columns and heads; a module is measured when it is opened."""
    keys = tuple(subject.path(layer) for layer in range(subject.layer_count))
    about = {"axes": "layer > module > rows, columns, heads", "not_computed": "a module is measured when it is opened"}
    return Lazy(keys=keys, child=lambda key: layer_channels(subject, subject.layer(key)), about=about)


def layer_channels(subject: Subject, layer: int) -> Lazy:
    """Return one layer's modules, each measured when it is opened."""
    infos = {info.place.module: info for info in subject.in_layer(layer)}
    about = {"layer": layer, "axes": "module > rows, columns, heads"}
    return Lazy(keys=tuple(infos), child=lambda key: module_channels(subject, infos[key]), about=about)


def module_channels(subject: Subject, info: TensorInfo) -> dict[str, object]:
    """Return one module's norms: `rows` (outputs) and `columns` (inputs) as arrays, and `heads` by role."""
    one = measure(subject, info, subject.tensor(info.name))
    found: dict[str, object] = {"module": info.name, "shape": list(info.shape)}
    found |= {f"{block.role}_heads": [round(norm, 6) for norm in norms] for block, norms in one.heads}
    found["rows"] = one.moments.row_norms.numpy()
    return found | ({"columns": one.moments.column_norms.numpy()} if one.is_matrix else {})
