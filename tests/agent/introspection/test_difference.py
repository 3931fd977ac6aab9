"""A comparison of two checkpoints names what was changed, and only that."""

from pathlib import Path
from typing import Any

import pytest

from agent.introspection import Subject, SubjectError, plant
from agent.introspection.difference import checkpoint_difference


def _difference(source: Path, target: Path, kind: str) -> dict[str, Any]:
    plant(source, target, 3, kind=kind)
    return checkpoint_difference(Subject(target), Subject(source))


def test_equal_checkpoints_have_no_difference(llama: Path) -> None:
    """Nothing is changed, moved or set otherwise."""
    found = checkpoint_difference(Subject(llama), Subject(llama))
    assert (found["changed"], found["moved_layers"], found["settings"]) == ([], [], [])


@pytest.mark.parametrize(("kind", "rank", "changed"), [("rank_one_edit", 1, 1), ("merged_lora", 8, 6)])
def test_the_rank_of_an_edit_is_found(kind: str, rank: int, changed: int, llama: Path, tmp_path: Path) -> None:
    """A rank-one edit has rank one and a merged adapter the adapter's, in just the tensors they touch."""
    found = _difference(llama, tmp_path / "planted", kind)
    assert len(found["changed"]) == changed
    assert {row["rank"] for row in found["changed"]} == {rank}


def test_a_scaling_is_told_from_an_edit(llama: Path, tmp_path: Path) -> None:
    """A tensor multiplied by 2.5 has cosine 1 and scale 2.5."""
    (row,) = _difference(llama, tmp_path / "planted", "scaled_down_proj")["changed"]
    assert (row["cosine"], row["scale"]) == (pytest.approx(1, abs=1e-3), pytest.approx(2.5, rel=1e-2))


def test_moved_layers_are_matched(llama: Path, tmp_path: Path) -> None:
    """Exchanged layers are each found in the other's place."""
    moved = _difference(llama, tmp_path / "planted", "swapped_layers")["moved_layers"]
    pairs = {(row["layer"], row["equals_layer_of_other"]) for row in moved}
    assert len(pairs) == 2
    assert {(other, layer) for layer, other in pairs} == pairs


def test_a_changed_setting_and_a_nan_are_told(llama: Path, tmp_path: Path) -> None:
    """Without any weight changed the configuration's difference is there; a NaN is counted, not lost."""
    found = _difference(llama, tmp_path / "rope", "changed_rope_theta")
    assert (found["changed"], [row["setting"] for row in found["settings"]]) == ([], ["rope_parameters"])
    assert _difference(llama, tmp_path / "nan", "one_nan")["changed"][0]["not_finite"] == 1


def test_strangers_are_refused(llama: Path, gpt2: Path) -> None:
    """Two networks without a tensor in common cannot be compared."""
    with pytest.raises(SubjectError, match="share no tensor"):
        checkpoint_difference(Subject(llama), Subject(gpt2))
