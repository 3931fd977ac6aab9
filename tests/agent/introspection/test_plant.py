"""A plant changes exactly what it says, and its checker is neither generous nor blind."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from agent.introspection import FIRST_KINDS, KINDS, NoPlant, Subject, plant
from agent.introspection.naming_checks import names_layer, names_number

# How many tensors each kind may change in a Llama of 9 tensors a layer.
CHANGED = {
    "zeroed_query_head": 1,
    "zeroed_kv_head": 2,
    "scaled_down_proj": 1,
    "one_nan": 1,
    "dead_neurons": 2,
    "zeroed_rows": 1,
    "swapped_layers": 18,
    "copied_layer": 9,
    "rank_one_edit": 1,
    "uniform_head": 1,
    "outlier_dimension": 2,
    "corrupted_embedding": 1,
    "norm_reset": 1,
    "requantized_layer": 7,
    "truncated_rank": 1,
    "merged_lora": 6,
    "changed_rope_theta": 0,
    "scaled_final_norm": 1,
    "flipped_sign": 1,
    "shuffled_rows": 1,
    "shuffled_outputs": 1,
    "transposed": 1,
    "added_noise": 1,
    "rounded_layer": 7,
    "swapped_heads": 1,
    "near_copy": 1,
    "clean": 0,
}


def test_every_kind_is_tested() -> None:
    """No plant without a promise of what it changes."""
    assert {*CHANGED, "scaled_bias"} == set(KINDS)
    assert set(FIRST_KINDS) <= set(KINDS)


@pytest.mark.parametrize("kind", CHANGED)
def test_a_plant_changes_what_it_says_and_nothing_else(kind: str, llama: Path, tmp_path: Path) -> None:
    """The changed tensors lie in the layer named; all others are bit for bit the source's, and so are the files."""
    source = load_file(llama / "model.safetensors")
    planted = plant(llama, tmp_path / "planted", 7, kind=kind)
    held = load_file(tmp_path / "planted" / "model.safetensors")
    changed = [name for name in source if not torch.equal(source[name], held[name])]
    assert len(changed) == CHANGED[kind]
    assert {held[name].dtype for name in held} == {torch.bfloat16}
    if planted.layer is not None and kind not in ("swapped_layers", "merged_lora"):
        assert all(f"layers.{planted.layer}." in name for name in changed)
    assert planted.named_by(planted.description)
    configs = [json.loads((folder / "config.json").read_text()) for folder in (llama, tmp_path / "planted")]
    assert (configs[0] == configs[1]) == (kind != "changed_rope_theta")


def test_a_bias_is_raised_where_there_is_one(llama: Path, qwen: Path, tmp_path: Path) -> None:
    """Qwen2's projections have biases; a Llama's layers have none, and that is said."""
    planted = plant(qwen, tmp_path / "planted", 2, kind="scaled_bias")
    changed = Subject(tmp_path / "planted").tensor(f"model.layers.{planted.layer}.{planted.module}")
    assert float(changed.float().mean()) > 0.1
    with pytest.raises(NoPlant, match="has no bias to plant a fault in"):
        plant(llama, tmp_path / "none", 2, kind="scaled_bias")


def test_strength_weakens_a_matter_of_degree(llama: Path, tmp_path: Path) -> None:
    """Half as strong, a scaling by 2.5 is one by 1.75."""
    planted = plant(llama, tmp_path / "planted", 1, kind="scaled_down_proj", strength=0.5)
    name = f"model.layers.{planted.layer}.mlp.down_proj.weight"
    here, there = (Subject(folder).tensor(name).float().norm() for folder in (tmp_path / "planted", llama))
    assert float(here / there) == pytest.approx(1.75, rel=1e-2)


def test_the_source_is_never_touched(llama: Path, tmp_path: Path) -> None:
    """Links share unchanged files; the changed file is another."""
    before = (llama / "model.safetensors").read_bytes()
    plant(llama, tmp_path / "planted", 1, kind="one_nan")
    assert (llama / "model.safetensors").read_bytes() == before
    assert os.path.samefile(llama / "config.json", tmp_path / "planted" / "config.json")
    assert not os.path.samefile(llama / "model.safetensors", tmp_path / "planted" / "model.safetensors")


def test_a_sharded_folder_has_one_shard_rewritten(qwen: Path, tmp_path: Path) -> None:
    """Only the shard that holds the changed tensor is written anew."""
    plant(qwen, tmp_path / "planted", 1, kind="scaled_down_proj")
    shards = sorted(path.name for path in qwen.glob("*.safetensors"))
    written = [name for name in shards if not os.path.samefile(qwen / name, tmp_path / "planted" / name)]
    assert len(written) == 1
    assert Subject(tmp_path / "planted").layer_count == 4


def test_the_same_seed_plants_the_same_fault(llama: Path, tmp_path: Path) -> None:
    """Kind, place and weights follow from the seed, and different seeds plant different faults."""
    first, again = (plant(llama, tmp_path / name, 5) for name in ("a", "b"))
    assert first == again
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()
    assert len({plant(llama, tmp_path / f"s{seed}", seed).description for seed in range(8)}) > 4


def test_planting_over_something_is_refused(llama: Path, tmp_path: Path) -> None:
    """A folder that holds files, and a kind there is not, are errors with a remedy."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(NoPlant, match="is not empty; give a new folder"):
        plant(llama, tmp_path, 1)
    with pytest.raises(NoPlant, match="no plant 'gremlin'; the plants are: zeroed_query_head"):
        plant(llama, tmp_path / "new", 1, kind="gremlin")


def test_a_network_without_the_part_is_refused(gpt2: Path, tmp_path: Path) -> None:
    """GPT-2 has no separate query projection, and the error says so."""
    with pytest.raises(NoPlant, match="has no q_proj or query"):
        plant(gpt2, tmp_path / "planted", 1, kind="zeroed_query_head")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Layer 17's q_proj has a zero query head 5.", True),
        ("r1/layers[17]/self_attn.q_proj: query head 5 is zero", True),
        ("model.layers.17.self_attn.q_proj, heads 3 and 5", True),
        ("In layers 16 and 17, q_proj head 5", True),
        ("Layer 1's q_proj has a zero head 5.", False),
        ("Layer 17's q_proj has a zero head 55.", False),
        ("Layer 17's k_proj has a zero head 5.", False),
        ("Layer 175, q_proj, head 5", False),
        ("Layer 17.5, q_proj, head 5", False),
        ("Layer 17 is normal." + " All is well." * 40 + " q_proj head 5 of layer 3 is zero.", False),
    ],
)
def test_the_checker_wants_layer_module_and_head_together(text: str, named: bool, llama: Path, tmp_path: Path) -> None:
    """Numbers count as whole tokens, and all parts must stand in one passage."""
    from dataclasses import replace

    planted = plant(llama, tmp_path / "planted", 1, kind="zeroed_query_head")
    checker = (names_layer(17), planted.checker[1], names_number("heads?", 5))
    assert replace(planted, checker=checker).named_by(text) is named
