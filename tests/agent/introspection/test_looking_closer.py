"""The tools that look closer compute what a plain computation would, and read no more than they must."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import SIZES, save
from transformers import AutoModelForCausalLM

from agent.introspection import Introspection, Subject, SubjectError, subject_tool, tools_of
from agent.introspection.ablation import head_sweep, part_sweep
from agent.introspection.errors import NotRunnable
from agent.introspection.network import Hook, Network
from agent.introspection.patching import activation_patching
from pager import Lazy

PROMPT = "the capital of France is Paris"


def _loss(model: torch.nn.Module, ids: torch.Tensor) -> float:
    with torch.no_grad():
        logits = model(ids).logits[0, :-1].double()
    return float(torch.nn.functional.cross_entropy(logits, ids[0, 1:]))


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("mode", ["zero", "mean"])
def test_a_sweep_is_one_ablation_after_the_other(family: str, mode: str, request: pytest.FixtureRequest) -> None:
    """All variants in one pass give the losses of a hook on a loaded model, part by part."""
    folder = request.getfixturevalue(family)
    network = Network(Subject(folder))
    ids, _ = network.tokens(PROMPT)
    whole = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    sweep = part_sweep(network, PROMPT, mode)  # type: ignore[arg-type]
    assert len(sweep.variants) == 2 * network.subject.layer_count
    assert float(sweep.whole.mean()) == pytest.approx(_loss(whole, ids), abs=1e-4)

    def left_out(_module: object, _inputs: object, output: object) -> object:
        found = output[0] if isinstance(output, tuple) else output
        assert isinstance(found, torch.Tensor)
        changed = found.mean(1, keepdim=True).expand_as(found) if mode == "mean" else torch.zeros_like(found)
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    for one in sweep.variants[:4]:
        handle = whole.get_submodule(network.subject.path(one.layer, one.part)).register_forward_hook(left_out)
        with torch.no_grad():
            assert float(one.losses.mean()) == pytest.approx(_loss(whole, ids), abs=1e-4)
        handle.remove()


def test_a_head_left_out_is_its_columns_of_the_output_left_out(llama: Path) -> None:
    """Leaving head 2 out equals zeroing its 16 columns of o_proj."""
    network = Network(Subject(llama))
    ids, _ = network.tokens(PROMPT)
    sweep = head_sweep(network, PROMPT, 5)
    whole = AutoModelForCausalLM.from_pretrained(llama, dtype=torch.float32).eval()
    with torch.no_grad():
        whole.model.layers[5].self_attn.o_proj.weight[:, 32:48] = 0
        expected = _loss(whole, ids)
    assert [one.part for one in sweep.variants] == ["head 0", "head 1", "head 2", "head 3"]
    assert float(sweep.variants[2].losses.mean()) == pytest.approx(expected, abs=1e-4)


def test_a_hook_reads_and_changes_what_passes(llama: Path) -> None:
    """A function that returns nothing only looks; one that returns a tensor puts it in place."""
    network = Network(Subject(llama))
    ids, _ = network.tokens(PROMPT)
    seen: list[torch.Tensor] = []
    plain = network.states(ids, [Hook(3, "mlp.down_proj", True, lambda given: seen.append(given))])  # type: ignore[func-returns-value,arg-type]
    assert seen[0].shape == (1, ids.shape[1], 160)
    changed = network.states(ids, [Hook(3, "", False, torch.zeros_like)])
    assert not torch.allclose(plain, changed)
    assert torch.equal(network.states(ids), plain)


def test_patching_the_last_layer_at_the_last_position_restores_the_answer(llama: Path) -> None:
    """What the network says hangs on that activation alone; patching a position it cannot see changes nothing."""
    network = Network(Subject(llama))
    found = activation_patching(network, "the capital of France is", "the capital of Paris is")
    patches = found["patches"]
    assert isinstance(patches, list)
    last = [row for row in patches if row["layer"] == 11]
    assert {row["position"]: row["recovered"] for row in last} == {3: pytest.approx(0, abs=1e-3), 4: pytest.approx(1)}
    with pytest.raises(NotRunnable, match="5 and 4 tokens; patching needs as many in both"):
        activation_patching(network, "the capital of France is", "the capital of France")
    with pytest.raises(NotRunnable, match="the prompts are the same"):
        activation_patching(network, PROMPT, PROMPT)


def test_one_module_s_channels_cost_that_module(llama: Path) -> None:
    """Two steps of a lazy result read one tensor, and its norms are the tensor's."""
    subject = Subject(llama)
    layers = Introspection(subject).get_channel_norms()
    assert isinstance(layers, Lazy)
    modules = layers.child("model.layers.3")
    assert isinstance(modules, Lazy)
    assert subject.bytes_read == 0
    found = modules.child("self_attn.q_proj")
    assert subject.bytes_read == 64 * 64 * 2
    assert isinstance(found, dict)
    tensor = subject.tensor("model.layers.3.self_attn.q_proj.weight").float()
    np.testing.assert_allclose(found["rows"], tensor.norm(dim=1).numpy(), rtol=1e-5)
    np.testing.assert_allclose(found["columns"], tensor.norm(dim=0).numpy(), rtol=1e-5)
    np.testing.assert_allclose(found["query_heads"], tensor.view(4, -1).norm(dim=1).numpy(), rtol=1e-4)


def test_modules_answer_to_transformerlens_names(llama: Path, gpt2: Path) -> None:
    """The same names find a layer's parts in either family; one there is not is answered with those there are."""
    names = ["W_Q", "blocks.3.attn.W_O", "blocks.3.mlp.W_out", "model.layers.3.mlp.gate_proj", "ln1.w"]
    assert [Subject(llama).module(3, name).place.module for name in names] == [
        "self_attn.q_proj", "self_attn.o_proj", "mlp.down_proj", "mlp.gate_proj", "input_layernorm",
    ]  # fmt: skip
    assert [Subject(gpt2).module(1, name).place.module for name in ("W_Q", "W_O", "W_in", "W_out")] == [
        "attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj",
    ]  # fmt: skip
    with pytest.raises(SubjectError, match=r"layer 3 has no module 'W_X'; its modules are: input_layernorm, mlp\."):
        Subject(llama).module(3, "W_X")


def test_dead_neurons_are_counted_where_they_are(llama: Path, tmp_path: Path) -> None:
    """The neurons whose rows were zeroed are dead on any text, and no others."""
    from agent.introspection import plant

    plant(llama, tmp_path / "planted", 1, kind="dead_neurons")
    subject = Subject(tmp_path / "planted")
    layer = next(at for at in range(12) if (subject.tensor(f"model.layers.{at}.mlp.up_proj.weight") == 0).all(1).any())
    zeroed = (subject.tensor(f"model.layers.{layer}.mlp.up_proj.weight") == 0).all(1).nonzero().flatten().tolist()
    found = Introspection(subject).get_neuron_health(layer, PROMPT)
    assert isinstance(found, dict)
    assert (found["dead"], found["dead_neurons"]) == (len(zeroed), zeroed)
    assert len(found["by_neuron"]) == 160


def test_a_token_s_row_is_told_with_its_neighbours(llama: Path) -> None:
    """By text or by id, with norm, rank and nearest rows; an id there is not is refused."""
    tools = Introspection(Subject(llama))
    by_text, by_id = tools.get_embedding_row("Paris"), tools.get_embedding_row(5)
    assert by_text == by_id
    assert len(by_text["nearest"]) == 8  # type: ignore[arg-type]
    with pytest.raises(NotRunnable, match="no token 96: ids are 0 to 95"):
        tools.get_embedding_row(96)


def test_a_pattern_is_causal_and_sums_to_one(llama: Path) -> None:
    """Each query's weights are a distribution over the keys up to it; a head there is not is refused."""
    tools = Introspection(Subject(llama))
    weights = tools.get_attention_pattern(PROMPT, 2, 1)["weights"]
    assert isinstance(weights, np.ndarray)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)
    assert np.triu(weights, 1).max() == 0
    with pytest.raises(NotRunnable, match="no head 9 in layer 2: it has 4 heads"):
        tools.get_attention_pattern(PROMPT, 2, 9)


def test_a_continuation_is_what_transformers_would_write(llama: Path) -> None:
    """Greedy, token by token."""
    tools = Introspection(Subject(llama))
    found = tools.get_generation(PROMPT, 3)
    whole = AutoModelForCausalLM.from_pretrained(llama, dtype=torch.float32).eval()
    ids, _ = Network(Subject(llama)).tokens(PROMPT)
    length = ids.shape[1]
    for _ in range(3):
        with torch.no_grad():
            ids = torch.cat([ids, whole(ids).logits[:, -1:].argmax(-1)], 1)
    assert found["continuation"] == Network(Subject(llama)).tokenizer.decode(ids[0, length:].tolist())


def test_the_readme_s_own_tool_works_as_it_stands(llama: Path, tmp_path: Path) -> None:
    """The block that defines a tool of one's own is a file that the command takes."""
    readme = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "@subject_tool" in block]
    file = tmp_path / "my_tools.py"
    file.write_text(block)
    (one,) = tools_of(file, Subject(llama))
    assert (one.name, one.spec.parameters["required"]) == ("count_zeros", ["layer"])
    found = one.run({"layer": 3})
    assert isinstance(found, dict)
    assert len(found) == 9


def test_a_spectrum_is_taken_from_what_is_kept_of_the_same_content(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look computes nothing, another number is another content, and a damaged file is computed anew."""
    from agent.introspection.kept import content_key
    from agent.introspection.spectrum import spectrum

    monkeypatch.setenv("TOOLPAGER_CACHE", str(tmp_path))
    subject = Subject(llama)
    info = subject.tensors["model.layers.3.self_attn.k_proj.weight"]
    first = spectrum(subject, info)
    (file,) = tmp_path.rglob("*.npz")
    assert torch.equal(spectrum(subject, info).values, first.values)
    file.write_bytes(b"damaged")
    assert torch.equal(spectrum(subject, info).values, first.values)
    tensor = subject.tensor(info.name)
    assert content_key(tensor) != content_key(tensor.clone().index_fill_(0, torch.tensor([0]), 1.0))


def test_a_person_adds_a_tool_with_one_function(llama: Path, tmp_path: Path) -> None:
    """Its schema and words follow from the function; a file without one says how."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from agent.introspection import Subject, subject_tool\n"
        "@subject_tool\n"
        "def count_tensors(subject: Subject, layer: int = 0) -> dict:\n"
        "    '''Count the tensors of one layer.\n\n    Args:\n        layer: its number\n    '''\n"
        "    return {'layer': layer, 'tensors': len(subject.in_layer(layer))}\n"
    )
    (one,) = tools_of(file, Subject(llama))
    assert one.spec.description == "Count the tensors of one layer."
    assert one.spec.parameters["properties"] == {"layer": {"type": "integer", "description": "its number"}}
    assert one.run({"layer": 3}) == {"layer": 3, "tensors": 9}
    file.write_text("x = 1\n")
    with pytest.raises(SubjectError, match="defines no tool; decorate a function of a subject with @subject_tool"):
        tools_of(file, Subject(llama))
    assert subject_tool(len).function is len


@pytest.mark.parametrize("shared", [False, True])
def test_an_expert_is_judged_by_the_tokens_it_is_sent(shared: bool, tmp_path: Path) -> None:
    """Each token goes to two experts; zeroed rows of one expert are its dead neurons, and no other's."""
    from safetensors.torch import load_file, save_file
    from transformers import AutoModelForCausalLM, MixtralConfig, Qwen2MoeConfig

    torch.manual_seed(7)
    sizes = SIZES | {"num_hidden_layers": 3, "num_experts_per_tok": 2}
    own = {"num_experts": 4, "moe_intermediate_size": 48, "shared_expert_intermediate_size": 80}
    config = Qwen2MoeConfig(**sizes, **own) if shared else MixtralConfig(**sizes, num_local_experts=4)
    folder = save(AutoModelForCausalLM.from_config(config), tmp_path / "experts", torch.float32)
    tensors = load_file(folder / "model.safetensors")
    ends = ("layers.1.mlp.experts.2.up_proj.weight", "layers.1.block_sparse_moe.experts.2.w3.weight")
    (name,) = [one for one in tensors if one.endswith(ends)]
    tensors[name][[3, 11]] = 0
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    found = Introspection(Subject(folder)).get_neuron_health(1, PROMPT)
    assert isinstance(found, dict)
    rows = found["by_expert"]
    assert sum(row["tokens"] for row in rows) == 2 * found["positions"]
    assert [row["dead_neurons"] for row in rows if row["tokens"]] == [
        [3, 11] if row["expert"] == 2 else [] for row in rows if row["tokens"]
    ]
    assert ("shared_expert" in found) == shared
