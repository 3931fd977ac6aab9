"""The scans find what is there in each family of statistics, and say nothing where nothing is."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import SIZES, save
from transformers import AutoModelForCausalLM, GPT2Config, GPTNeoXConfig, LlamaConfig, PreTrainedConfig, Qwen3Config

from agent.introspection import Introspection, Subject, plant
from agent.introspection.behaviour_scan import harmful_parts, paired_t
from agent.introspection.embedding import embedding_anomalies, scan_embeddings
from agent.introspection.network import Network
from agent.introspection.order import disorder
from agent.introspection.spectrum import scan_spectra
from agent.introspection.stretch import standing_out
from agent.introspection.weights import Weights

LAYERS = 10
UNTRAINED: dict[str, PreTrainedConfig] = {
    "llama": LlamaConfig(num_hidden_layers=LAYERS, **SIZES),
    "gpt2": GPT2Config(n_layer=LAYERS, n_embd=64, n_head=4, vocab_size=96, n_positions=64),
    "neox": GPTNeoXConfig(
        hidden_size=64, intermediate_size=160, num_hidden_layers=LAYERS, num_attention_heads=4, vocab_size=96
    ),
    "qwen3": Qwen3Config(num_hidden_layers=LAYERS, head_dim=16, **SIZES),
}


@pytest.mark.parametrize("family", UNTRAINED)
def test_an_untrained_network_raises_no_alarm_in_any_family(family: str, tmp_path: Path) -> None:
    """Layers that differ by chance alone are siblings, whatever the architecture and statistic."""
    torch.manual_seed(3)
    folder = save(AutoModelForCausalLM.from_config(UNTRAINED[family]), tmp_path / family, torch.float32)
    scan = Introspection(Subject(folder)).scan_network()
    assert json.loads(json.dumps(scan, allow_nan=False))["anomalies"] == []
    assert scan["irregular"] == []
    families = scan["families"]
    assert isinstance(families, list)
    assert [row["stands_out"] for row in families] == [0] * 5


def test_a_family_that_cannot_be_computed_is_left_out_with_its_reason(llama: Path, tmp_path: Path) -> None:
    """Without a tokenizer the weights are scanned all the same."""
    plant(llama, tmp_path / "planted", 1, kind="one_nan")
    (tmp_path / "planted" / "tokenizer.json").unlink()
    scan = Introspection(Subject(tmp_path / "planted")).scan_network()
    assert "NaN" in str(scan["outcome"])
    families = scan["families"]
    assert isinstance(families, list)
    notes = {row["family"]: row["note"] for row in families}
    assert "has no tokenizer" in notes["behaviour"]
    assert notes["weights"] == ""


@pytest.mark.parametrize("kind", ["rounded_layer", "near_copy"])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_moments_do_not_show_is_found_in_the_numbers(kind: str, seed: int, llama: Path, tmp_path: Path) -> None:
    """A shorter type and a copy with noise leave traces that no untouched matrix has."""
    planted = plant(llama, tmp_path / "planted", seed, kind=kind)
    rows = Introspection(Subject(tmp_path / "planted")).get_weight_statistics()["anomalies"]
    assert isinstance(rows, list)
    assert planted.named_by("\n".join(map(json.dumps, rows[:2]))), (planted.description, rows[:3])


def test_rows_in_another_order_are_found_by_their_siblings(llama: Path, edited: Callable[..., Path]) -> None:
    """Shuffled columns of a reader of the stream fit no neighbour; scaled ones do."""
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    name = "model.layers.6.mlp.up_proj.weight"
    shuffled = Subject(edited(llama, {name: lambda tensor: tensor[:, order]}))
    (found,) = disorder(shuffled, Weights(shuffled).all())
    assert (found.layer, found.module, found.what) == (6, "mlp.up_proj", "columns out of order")
    assert disorder(Subject(llama), Weights(Subject(llama)).all()) == []


@pytest.mark.parametrize("strength", [1.0, 0.25])
def test_a_truncated_matrix_falls_off_a_cliff(strength: float, llama: Path, tmp_path: Path) -> None:
    """Cut to an eighth or to half of its rank, the spectrum falls where it was cut, and the scan says at which rank."""
    planted = plant(llama, tmp_path / "planted", 2, kind="truncated_rank", strength=strength)
    rank = int(64 / 8 / strength)
    rows = scan_spectra(Subject(tmp_path / "planted"))["anomalies"]
    assert isinstance(rows, list)
    assert (rows[0]["layer"], rows[0]["module"]) == (planted.layer, f"model.layers.{planted.layer}.mlp.up_proj")
    assert f"rank {rank} of 64" in rows[0]["where"]


def test_a_range_stands_out_from_all_layers_outside_it() -> None:
    """An adapter's three layers hide each other from their neighbours, not from the rest; two such are nature."""
    counts = [0, 1, 0, 1, 7, 4, 9, 0, 1, 0, 0, 3, 1, 0, 1, 0, 2, 0]
    found = standing_out(counts, least=4)
    assert found is not None
    assert (found.first, found.last) == (4, 6)
    assert standing_out([*counts, 7, 6, 8, 0], least=4) is None
    assert standing_out([16] * 12, least=4) is None


def _with_noise_row(row: int) -> Callable[[torch.Tensor], torch.Tensor]:
    def change(table: torch.Tensor) -> torch.Tensor:
        noise = torch.randn(table.shape[1], generator=torch.Generator().manual_seed(2))
        table[row] = (noise / noise.norm() * table.float().norm(dim=1).median()).to(table.dtype)
        return table

    return change


def test_a_row_of_the_usual_norm_is_found_where_no_other_row_lies(tmp_path: Path, edited: Callable[..., Path]) -> None:
    """Trained rows lie in few directions; noise of the same norm lies in all of them."""
    torch.manual_seed(5)
    sizes = SIZES | {"vocab_size": 2000}
    model = AutoModelForCausalLM.from_config(LlamaConfig(num_hidden_layers=3, tie_word_embeddings=True, **sizes))
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(torch.logspace(0, -2, 64))
    folder = save(model, tmp_path / "model", torch.float32)
    assert list(embedding_anomalies(Subject(folder))) == []
    changed = Subject(edited(folder, {"model.embed_tokens.weight": _with_noise_row(1234)}))
    (found,) = embedding_anomalies(changed)
    assert (found.module, found.where) == ("model.embed_tokens", "row 1234")
    assert "row 1234" in str(scan_embeddings(changed)["outcome"])


def test_rows_that_are_no_longer_tied_are_found(tmp_path: Path, edited: Callable[..., Path]) -> None:
    """An output embedding that is the input's but for one row names the row."""
    model = AutoModelForCausalLM.from_config(LlamaConfig(num_hidden_layers=3, tie_word_embeddings=False, **SIZES))
    with torch.no_grad():
        model.lm_head.weight.copy_(model.model.embed_tokens.weight)
    folder = save(model, tmp_path / "model", torch.float32)
    changed = edited(folder, {"lm_head.weight": _with_noise_row(17)})
    found = [one for one in embedding_anomalies(Subject(changed)) if one.what == "untied rows"]
    assert [one.where for one in found] == ["row 17 differ from model.embed_tokens"]


def test_a_break_in_a_smooth_table_of_positions_is_found(tmp_path: Path, edited: Callable[..., Path]) -> None:
    """Two positions exchanged do not lie between their neighbours; the table as it was does."""
    config = GPT2Config(n_layer=3, n_embd=64, n_head=4, vocab_size=96, n_positions=64)
    model = AutoModelForCausalLM.from_config(config)
    angles = torch.arange(64).float()[:, None] * torch.logspace(-1, -3, 64)
    with torch.no_grad():
        model.transformer.wpe.weight.copy_(angles.cos())
    folder = save(model, tmp_path / "model", torch.float32)
    assert list(embedding_anomalies(Subject(folder))) == []

    def swap(table: torch.Tensor) -> torch.Tensor:
        table[[20, 45]] = table[[45, 20]]
        return table

    (found,) = embedding_anomalies(Subject(edited(folder, {"transformer.wpe.weight": swap})))
    assert (found.module, found.what) == ("transformer.wpe", "break in positions")
    assert "20" in found.where
    assert "45" in found.where


def test_a_part_is_harmful_only_where_the_text_is_predicted_without_it(llama: Path) -> None:
    """The test is paired over tokens, and a network that knows nothing has no harmful part."""
    from agent.introspection.ablation import Ablated, Sweep

    torch.manual_seed(0)
    whole = 4 + torch.rand(60, dtype=torch.float64)
    better = whole - 1 + 0.1 * torch.rand(60, dtype=torch.float64)
    sweep = Sweep(whole, (Ablated(3, "mlp", better, 1.0), Ablated(4, "mlp", whole + 0.1, 1.0)))
    assert paired_t(whole - better) > 50
    assert [(one.layer, one.module) for one in harmful_parts(sweep, most_loss=5.0)] == [(3, "mlp")]
    assert list(harmful_parts(sweep, most_loss=3.0)) == []


def test_irregular_types_and_short_waves_are_told(llama: Path, edited: Callable[..., Path]) -> None:
    """A layer stored in another type, and a rotary base too small for the context, are irregular."""
    name = "model.layers.4.mlp.up_proj.weight"
    folder = edited(llama, {name: lambda tensor: tensor.float()})
    config = json.loads((folder / "config.json").read_text())
    config["rope_parameters"] = {"rope_type": "default", "rope_theta": 100.0}
    (folder / "config.json").write_text(json.dumps(config))
    told = "\n".join(Introspection(Subject(folder)).get_architecture_summary()["irregular"])  # type: ignore[arg-type]
    assert "layer 4: mlp.up_proj stored as F32, elsewhere BF16" in told
    assert "rope_theta 100 is small for a context of 2048" in told


@pytest.mark.model
def test_the_bundled_model_raises_no_alarm_among_spectra_and_embeddings() -> None:
    """Its natural extremes, a stable rank four times below its neighbours' among them, are no faults."""
    from agent.models.bundled import bundled_model

    subject = Subject(bundled_model())
    assert scan_spectra(subject)["anomalies"] == []
    assert list(embedding_anomalies(subject)) == []


@pytest.mark.model
@pytest.mark.parametrize("kind", ["flipped_sign", "scaled_final_norm"])
def test_what_weights_do_not_show_is_found_by_predictions(kind: str, tmp_path: Path) -> None:
    """A matrix of the wrong sign harms, and logits four times too large would suit another temperature."""
    from agent.introspection.behaviour_scan import scan_behaviour
    from agent.models.bundled import bundled_model

    planted = plant(bundled_model(), tmp_path / "planted", 1, kind=kind)
    told = scan_behaviour(Network(Subject(tmp_path / "planted")))
    assert planted.layer is None or f"layers.{planted.layer}.mlp" in str(told["outcome"])
    assert ("harmful part" if kind == "flipped_sign" else "logit scale at model.norm") in str(told["outcome"])
