"""The scan of all weights raises no alarm on a clean network and puts a planted fault first."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from agent.introspection import Introspection, Subject, plant
from agent.introspection.heads import head_blocks
from agent.introspection.siblings import deviations
from agent.introspection.weights import Weights, layer_statistics

SEEN = (
    "zeroed_query_head",
    "zeroed_kv_head",
    "scaled_down_proj",
    "one_nan",
    "dead_neurons",
    "zeroed_rows",
    "swapped_layers",
    "copied_layer",
    "uniform_head",
    "outlier_dimension",
    "corrupted_embedding",
    "norm_reset",
    "requantized_layer",
)


@pytest.mark.parametrize("family", ["llama", "qwen", "gpt2"])
def test_a_clean_network_raises_no_alarm(family: str, request: pytest.FixtureRequest) -> None:
    """Whatever the family, an unmodified network has an empty table of anomalies."""
    assert Weights(Subject(request.getfixturevalue(family))).anomalies() == []


@pytest.mark.parametrize("kind", SEEN)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_planted_fault_is_the_first_anomaly(kind: str, seed: int, llama: Path, tmp_path: Path) -> None:
    """The first two rows of the table name the layer, the module and the head or row of the plant."""
    planted = plant(llama, tmp_path / "planted", seed, kind=kind)
    scan = Introspection(Subject(tmp_path / "planted")).get_weight_statistics()
    rows = scan["anomalies"]
    assert isinstance(rows, list)
    assert planted.named_by("\n".join(map(json.dumps, rows[:2]))), (planted.description, rows[:3])


def test_one_layer_reads_one_layer(llama: Path) -> None:
    """Statistics of a layer cost that layer's bytes, and a second look costs none."""
    subject = Subject(llama)
    tools = Introspection(subject)
    tools.get_single_layer_stats(3)
    assert subject.bytes_read == sum(info.size_bytes for info in subject.in_layer(3))
    before = subject.bytes_read
    tools.get_weight_statistics(3)
    assert subject.bytes_read == before


def test_the_scan_reads_each_tensor_once(llama: Path) -> None:
    """A scan of the whole network costs the folder's bytes, not more."""
    subject = Subject(llama)
    Introspection(subject).get_weight_statistics()
    assert subject.bytes_read == subject.size_bytes


def test_statistics_are_those_of_the_tensor(llama: Path) -> None:
    """A record's numbers are the tensor's, to four digits, in plain JSON."""
    subject = Subject(llama)
    found = json.loads(json.dumps(layer_statistics(Weights(subject), 5)))["mlp.down_proj"]
    tensor = subject.tensor("model.layers.5.mlp.down_proj.weight").double()
    rows = tensor.norm(dim=1)
    assert found["shape"] == [64, 160]
    assert found["std"] == pytest.approx(tensor.std(correction=0).item(), rel=1e-3)
    assert found["norm"] == pytest.approx(tensor.norm().item(), rel=1e-3)
    assert found["largest_row"] == int(rows.argmax())
    assert found["largest_row_ratio"] == pytest.approx((rows.max() / rows.median()).item(), rel=1e-3)


def test_heads_follow_grouped_queries(llama: Path) -> None:
    """Four query heads share two key-value heads of 16 rows each, and the output has its heads along columns."""
    subject = Subject(llama)
    blocks = {
        name: head_blocks(subject, subject.tensors[f"model.layers.0.self_attn.{name}.weight"])
        for name in ("q_proj", "k_proj", "v_proj", "o_proj")
    }
    assert [(b.role, b.count, b.size, b.on_rows) for name in blocks for b in blocks[name]] == [
        ("query", 4, 16, True),
        ("key", 2, 16, True),
        ("value", 2, 16, True),
        ("output", 4, 16, False),
    ]


def test_heads_of_a_fused_transposed_matrix_are_found(gpt2: Path, edited: Callable[..., Path]) -> None:
    """A zeroed key head of GPT-2's c_attn, whose outputs lie along the columns, is named."""

    def zero(tensor: torch.Tensor) -> torch.Tensor:
        tensor[:, 64 + 32 : 64 + 48] = 0
        return tensor

    folder = edited(gpt2, {"transformer.h.2.attn.c_attn.weight": zero})
    first = Weights(Subject(folder)).anomalies()[0]
    assert (first.layer, first.module, first.what, first.where) == (2, "attn.c_attn", "zero head", "key head 2")


def test_overflow_in_half_precision_is_counted(qwen: Path) -> None:
    """A scan of fp16 weights has finite norms only."""
    scan = Introspection(Subject(qwen)).get_weight_statistics()
    assert "NaN" not in json.dumps(scan)


def test_what_every_layer_has_is_no_anomaly() -> None:
    """A network pruned alike in all layers, or drifting with depth, has no layer that stands out."""
    assert all(one.ratio == pytest.approx(1, abs=0.11) for one in deviations([1.1**depth for depth in range(12)]))
    assert deviations([1.0, 2.0]) == []


def test_edges_are_marked() -> None:
    """The first and the last layer, which differ by nature, are told from the rest."""
    assert [one.edge for one in deviations([5.0, 1.0, 1.0, 1.0])] == [True, False, False, True]


@pytest.mark.parametrize("kind", SEEN)
def test_the_card_of_the_scan_names_the_plant(kind: str, llama: Path, tmp_path: Path) -> None:
    """The first thing a model sees of a scan, at most 260 tokens, says where the fault is."""
    from pager import Pager
    from summarizers import card

    planted = plant(llama, tmp_path / "planted", 4, kind=kind)
    scan = Introspection(Subject(tmp_path / "planted")).get_weight_statistics()
    with Pager() as pager:
        seen = card(pager.node(pager.put(scan).id), counter=pager.counter, limit_tokens=260)
    assert seen.tokens <= 260
    assert planted.named_by(seen.text), seen.text


@pytest.mark.model
def test_the_bundled_model_raises_no_alarm() -> None:
    """Its natural oddities, rows ten times their peers among them, are no faults."""
    from agent.models.bundled import bundled_model

    weights = Weights(Subject(bundled_model()))
    assert weights.anomalies() == []
    assert max(float(one.moments.abs_max) for one in weights.all()) > 5
