"""Singular values are torch's, cost one layer, and show edits that moments miss."""

import json
from pathlib import Path

import pytest
import torch

from agent.introspection import Introspection, Subject, plant
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
