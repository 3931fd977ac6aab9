"""Which rows or columns of an attention tensor belong to which head, grouped queries included."""

from dataclasses import dataclass

from .subject import Subject, TensorInfo

_QUERY = {"q_proj", "q_lin", "query", "wq"}
_KEY_VALUE = {"k_proj": "key", "v_proj": "value", "k_lin": "key", "v_lin": "value", "key": "key", "value": "value"}
_OUTPUT = {"o_proj", "out_proj", "out_lin", "wo"}
_FUSED = {"qkv_proj", "c_attn", "query_key_value"}
_ATTENTION = {"attn", "attention", "self_attn", "self_attention", "self"}


@dataclass(frozen=True, slots=True)
class HeadBlock:
    """`count` heads of `size` lines each, on the outputs (rows) or the inputs (columns) of a tensor.

    They follow each other, or begin every `step` lines where something else stands between them.
    """

    role: str
    on_rows: bool
    start: int
    count: int
    size: int
    step: int = 0

    @property
    def starts(self) -> range:
        """The first line of each head."""
        step = self.step or self.size
        return range(self.start, self.start + self.count * step, step)

    def norms(self, lines: list[float]) -> list[float]:
        """Return each head's norm from the norms of all lines."""
        return [sum(value * value for value in lines[start : start + self.size]) ** 0.5 for start in self.starts]


def outputs_first(subject: Subject, info: TensorInfo) -> bool:
    """Whether rows are outputs, as in `torch.nn.Linear`; GPT-2's `Conv1D` has its outputs along the columns."""
    conv = subject.config.get("model_type") in {"gpt2", "openai-gpt", "imagegpt", "decision_transformer"}
    last = info.place.module.rsplit(".", 1)[-1]
    return not (conv and last in {"c_attn", "c_proj", "c_fc", "q_attn"})


def head_blocks(subject: Subject, info: TensorInfo) -> list[HeadBlock]:
    """Return the heads of an attention tensor, outputs as rows; none for other tensors or where sizes do not fit."""
    parts = info.place.module.split(".")
    heads = subject.setting("num_attention_heads", "n_head", "num_heads")
    hidden = subject.setting("hidden_size", "n_embd", "d_model")
    if not heads or not hidden or len(info.shape) != 2 or not _ATTENTION & set(parts):
        return []
    shape = info.shape if outputs_first(subject, info) else info.shape[::-1]
    size = subject.setting("head_dim") or hidden // heads
    groups = subject.setting("num_key_value_heads", "num_kv_heads") or heads
    blocks = _blocks(parts, shape, heads, groups, size)
    fits = all(block.starts[-1] + block.size <= shape[0 if block.on_rows else 1] for block in blocks)
    return blocks if fits else []


def _blocks(parts: list[str], shape: tuple[int, ...], heads: int, groups: int, size: int) -> list[HeadBlock]:
    last = parts[-1]
    if last in _QUERY and shape[0] == heads * size:
        return [HeadBlock("query", True, 0, heads, size)]
    if last in _KEY_VALUE and shape[0] == groups * size:
        return [HeadBlock(_KEY_VALUE[last], True, 0, groups, size)]
    if last in _FUSED and shape[0] == (heads + 2 * groups) * size:
        return _fused(last, heads, groups, size)
    output = last in _OUTPUT or (last in {"c_proj", "dense"} and "mlp" not in parts)
    return [HeadBlock("output", False, 0, heads, size)] if output and shape[1] == heads * size else []


def _fused(last: str, heads: int, groups: int, size: int) -> list[HeadBlock]:
    """Return the blocks of queries, keys and values: one after the other, or, as in GPT-NeoX, head by head."""
    if last == "query_key_value" and groups > 1:
        if heads != groups:
            return [HeadBlock("query-key-value", True, 0, groups, (heads // groups + 2) * size)]
        roles = ("query", "key", "value")
        return [HeadBlock(role, True, at * size, heads, size, 3 * size) for at, role in enumerate(roles)]
    key = heads * size
    return [
        HeadBlock("query", True, 0, heads, size),
        HeadBlock("key", True, key, groups, size),
        HeadBlock("value", True, key + groups * size, groups, size),
    ]
