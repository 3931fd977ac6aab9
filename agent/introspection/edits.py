"""The faults that can be planted, by name; each changes a bench and says where and what."""

from collections.abc import Callable

from .bench import Bench
from .edit import Edit
from .order_edits import (
    added_noise,
    flipped_sign,
    near_copy,
    rounded_layer,
    scaled_bias,
    shuffled_outputs,
    shuffled_rows,
    swapped_heads,
    transposed,
)
from .part_edits import (
    dead_neurons,
    norm_reset,
    one_nan,
    outlier_dimension,
    rank_one_edit,
    scaled_down_proj,
    truncated_rank,
    uniform_head,
    zeroed_kv_head,
    zeroed_query_head,
    zeroed_rows,
)
from .wide_edits import (
    changed_rope_theta,
    clean,
    copied_layer,
    corrupted_embedding,
    merged_lora,
    requantized_layer,
    scaled_final_norm,
    swapped_layers,
)

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
        flipped_sign,
        shuffled_rows,
        shuffled_outputs,
        transposed,
        added_noise,
        rounded_layer,
        swapped_heads,
        scaled_bias,
        near_copy,
        clean,
    )
}
