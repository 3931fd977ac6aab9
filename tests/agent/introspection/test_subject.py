"""A subject is read lazily, and says clearly when it is none."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from agent.introspection import NoModel, NoSuchLayer, Subject
from agent.introspection.naming import place_of, stack_of


def test_headers_alone_tell_every_tensor(llama: Path) -> None:
    """Names, shapes and types come without reading a single weight."""
    subject = Subject(llama)
    held = load_file(llama / "model.safetensors")
    assert {name: info.shape for name, info in subject.tensors.items()} == {n: tuple(t.shape) for n, t in held.items()}
    assert {info.dtype for info in subject.tensors.values()} == {"BF16"}
    assert (subject.stack, subject.layer_count, subject.tied, subject.bytes_read) == ("model.layers", 12, True, 0)
    assert subject.parameters == sum(tensor.numel() for tensor in held.values())


def test_shards_are_one_network(qwen: Path) -> None:
    """A sharded folder gives each tensor from the shard that holds it."""
    subject = Subject(qwen)
    assert len({info.file for info in subject.tensors.values()}) > 2
    assert not subject.tied
    for name, info in subject.tensors.items():
        assert torch.equal(subject.tensor(name), load_file(info.file)[name])


def test_one_tensor_costs_one_tensor(llama: Path) -> None:
    """The bytes read are those of the tensor asked for."""
    subject = Subject(llama)
    subject.tensor("model.layers.3.mlp.down_proj.weight")
    assert subject.bytes_read == 64 * 160 * 2


@pytest.mark.parametrize(
    ("names", "stack", "module"),
    [
        (["model.layers.0.mlp.up_proj.weight"], "model.layers", "mlp.up_proj"),
        (["transformer.h.0.attn.c_attn.weight", "transformer.wte.weight"], "transformer.h", "attn.c_attn"),
        (["gpt_neox.layers.0.attention.dense.weight"], "gpt_neox.layers", "attention.dense"),
        (["bert.encoder.layer.0.output.dense.weight"], "bert.encoder.layer", "output.dense"),
        (["blocks.0.mlp.experts.3.w1.weight"], "blocks", "mlp.experts.3.w1"),
    ],
)
def test_the_stack_is_found_whatever_its_name(names: list[str], stack: str, module: str) -> None:
    """Layers are recognised by their numbers, in every family's naming."""
    assert stack_of(names) == stack
    assert place_of(names[0], stack).module == module


def test_layers_answer_to_numbers_and_names(llama: Path) -> None:
    """A layer is found by number, from the end, by module path and by its TransformerLens name."""
    subject = Subject(llama)
    assert [subject.layer(name) for name in (3, -1, "model.layers.3.mlp", "blocks.5.mlp.W_out")] == [3, 11, 3, 5]
    with pytest.raises(NoSuchLayer, match=r"no layer 12: this network has 12 layers, 0 to 11"):
        subject.layer(12)


def test_the_fingerprint_follows_the_content(llama: Path, tmp_path: Path) -> None:
    """The same folder has the same fingerprint; a changed configuration or weight file another."""
    before = Subject(llama).fingerprint
    assert before == Subject(llama).fingerprint
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("config.json", "model.safetensors"):
        (copy / name).write_bytes((llama / name).read_bytes())
    (copy / "config.json").write_text(json.dumps(json.loads((copy / "config.json").read_text()) | {"rope_theta": 5}))
    assert Subject(copy).fingerprint != before


def test_what_is_no_model_is_refused_with_a_remedy(tmp_path: Path) -> None:
    """Each thing that is missing is named, and what to do."""
    with pytest.raises(NoModel, match="is no folder"):
        Subject(tmp_path / "absent")
    with pytest.raises(NoModel, match=r"no config\.json; a subject is .* holds: nothing"):
        Subject(tmp_path)
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(NoModel, match=r"only GGUF: name the file itself, .*model\.gguf"):
        Subject(tmp_path)
    (tmp_path / "config.json").write_text("{broken")
    with pytest.raises(NoModel, match="not valid JSON"):
        Subject(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(NoModel, match=r"no .*safetensors, only GGUF"):
        Subject(tmp_path)


def test_weights_that_are_broken_or_no_transformer_are_refused(tmp_path: Path) -> None:
    """A file that is no safetensors, a missing shard and a network without layers each have their own words."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"\x00" * 32)
    with pytest.raises(NoModel, match="cannot be read as safetensors"):
        Subject(tmp_path).tensors  # noqa: B018  reading is what raises
    save_file({"conv.weight": torch.ones(2, 2)}, tmp_path / "model.safetensors")
    with pytest.raises(NoModel, match="no transformer"):
        Subject(tmp_path).stack  # noqa: B018  reading is what raises
    index = {"weight_map": {"a": "model-1.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(NoModel, match=r"lacks 1 of 1 shards, first model-1\.safetensors"):
        Subject(tmp_path)
