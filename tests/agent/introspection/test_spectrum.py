"""Singular values are torch's, cost one layer, and show edits that moments miss."""

import json
from pathlib import Path

import pytest
import torch

from agent.introspection import Introspection, Subject, plant
from agent.introspection.decomposition import decompose
from agent.introspection.spectrum import scan_spectra, spectrum


def test_singular_values_are_those_of_torch(llama: Path) -> None:
    """The cheap way through the Gram matrix agrees with a full decomposition."""
    subject = Subject(llama)
    name = "model.layers.2.mlp.gate_proj.weight"
    exact = torch.linalg.svdvals(subject.tensor(name).double())
    found = spectrum(subject, subject.tensors[name])
    assert torch.allclose(found.values, exact, rtol=1e-6)
    assert found.stable_rank == pytest.approx((exact.square().sum() / exact[0] ** 2).item())
    assert found.gap == pytest.approx((exact[0] / exact[1]).item())


def test_a_layer_opened_is_a_layer_read(llama: Path) -> None:
    """The root reads nothing, and opening a layer reads its matrices only."""
    subject = Subject(llama)
    lazy = Introspection(subject).get_singular_values()
    assert subject.bytes_read == 0
    lazy.child(lazy.keys[4])  # type: ignore[attr-defined]  # a Lazy
    assert subject.bytes_read == sum(info.size_bytes for info in subject.in_layer(4) if len(info.shape) > 1)


@pytest.mark.parametrize("family", ["llama", "qwen", "gpt2"])
def test_a_clean_network_has_no_odd_spectrum(family: str, request: pytest.FixtureRequest) -> None:
    """No alarm on an unmodified network."""
    assert scan_spectra(Subject(request.getfixturevalue(family)))["anomalies"] == []


@pytest.mark.parametrize("kind", ["rank_one_edit", "truncated_rank"])
def test_an_edit_of_low_rank_is_the_first_anomaly(kind: str, llama: Path, tmp_path: Path) -> None:
    """An added or a missing direction is named with layer and module."""
    planted = plant(llama, tmp_path / "planted", 3, kind=kind)
    rows = scan_spectra(Subject(tmp_path / "planted"))["anomalies"]
    assert isinstance(rows, list)
    assert planted.named_by(json.dumps(rows[:1])), (planted.description, rows[:2])


@pytest.mark.parametrize("tall", [False, True])
def test_a_large_matrix_is_estimated_from_some_of_its_lines(tall: bool) -> None:
    """What stands out is right to 1 %, the size to 3 %, and a missing rank is missed by the estimate as well."""
    torch.manual_seed(0)
    cut = torch.randn(512, 48) @ torch.randn(48, 900) / 7
    cut += 3 * torch.randn(512, 1) @ torch.randn(1, 900)
    matrix = cut.T if tall else cut
    exact, found = torch.linalg.svdvals(matrix.double()), decompose(matrix, largest=128)
    assert found.leading.shape == (len(matrix), 16)
    assert float(found.values[0]) == pytest.approx(float(exact[0]), rel=0.01)
    assert float(found.values.square().sum()) == pytest.approx(float(exact.square().sum()), rel=0.03)
    assert int((found.values > 0.01 * found.values[1]).sum()) == int((exact > 0.01 * exact[1]).sum()) == 49


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A matrix read in many blocks has the singular values of the matrix, NaN as zero."""
    monkeypatch.setattr("agent.introspection.decomposition._BLOCK_ELEMENTS", 1000)
    matrix = torch.randn(70, 300, generator=torch.Generator().manual_seed(1))
    matrix[3, 4] = float("nan")
    exact = torch.linalg.svdvals(matrix.nan_to_num(0.0).double())
    assert torch.allclose(decompose(matrix).values, exact, rtol=1e-6)
