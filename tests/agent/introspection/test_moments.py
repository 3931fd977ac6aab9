"""Statistics of one tensor agree with plain torch in float64, whatever the tensor holds."""

import math
from contextlib import suppress

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agent.introspection.moments import moments
from agent.introspection.threads import few_threads


def _plain(tensor: torch.Tensor) -> dict[str, float]:
    exact = tensor.double()
    centred = exact - exact.mean()
    variance = centred.square().mean()
    return {
        "mean": exact.mean().item(),
        "std": variance.sqrt().item(),
        "abs_max": exact.abs().max().item(),
        "rms": exact.square().mean().sqrt().item(),
        "kurtosis": (centred.pow(4).mean() / variance**2).item(),
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("shift", [0.0, 0.01, 40.0])
def test_moments_agree_with_plain_torch(dtype: torch.dtype, shift: float) -> None:
    """Block by block gives what the whole tensor at once gives, also where the mean drowns the spread."""
    tensor = (torch.randn(700, 333, generator=torch.Generator().manual_seed(3)) * 0.1 + shift).to(dtype)
    found = moments(tensor)
    for name, value in _plain(tensor).items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-3, abs=1e-6), name
    assert torch.allclose(found.row_norms, tensor.double().norm(dim=1).float(), rtol=1e-4)
    assert torch.allclose(found.column_norms, tensor.double().norm(dim=0).float(), rtol=1e-4)


@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 80),
    seed=st.integers(0, 99),
    bad=st.integers(0, 3),
    zeros=st.integers(0, 5),
)
def test_counts_are_exact(rows: int, columns: int, seed: int, bad: int, zeros: int) -> None:
    """NaN, infinities and zeros are counted exactly, and leave the moments of the rest finite."""
    generator = torch.Generator().manual_seed(seed)
    tensor = torch.randn(rows, columns, generator=generator) + 5
    flat = tensor.view(-1)
    places = torch.randperm(flat.numel(), generator=generator)
    flat[places[:bad]] = math.nan
    flat[places[bad : bad + zeros]] = 0
    found = moments(tensor)
    assert found.nan == int(tensor.isnan().sum())
    assert found.zeros == int((tensor == 0).sum())
    assert math.isfinite(found.mean)
    assert found.first_bad == (int(tensor.view(-1).isnan().nonzero()[0]) if found.nan else None)


def test_a_square_that_overflows_fp16_does_not_overflow_the_statistics() -> None:
    """The massive activation of 22,550 has a finite norm in float16, and 1e30 a finite kurtosis in bfloat16."""
    tensor = torch.full((300, 600), 22550.0, dtype=torch.float16)
    assert moments(tensor).rms == 22544.0
    large = torch.randn(400, 500).mul(1e30).to(torch.bfloat16)
    assert moments(large).kurtosis == pytest.approx(3, abs=0.1)


def test_constant_empty_and_vector_tensors_have_statistics() -> None:
    """A constant has no kurtosis, an empty tensor no rows, a vector one row an element."""
    constant = moments(torch.ones(576))
    assert (constant.std, constant.kurtosis, constant.mean) == (0.0, None, 1.0)
    assert len(moments(torch.zeros(0, 5)).row_norms) == 0
    assert moments(torch.tensor([3.0, -4.0])).row_norms.tolist() == [3.0, 4.0]


def test_a_quantization_grid_shows_in_few_distinct_values() -> None:
    """Rounding to 4 bits leaves at most 16 values among 32 neighbours, along rows or columns."""
    tensor = torch.randn(200, 256)
    free, grid = moments(tensor).distinct, moments((tensor * 2).round().clamp(-8, 7)).distinct
    assert free == pytest.approx(32)
    assert grid is not None
    assert grid <= 16


def test_threads_are_given_back() -> None:
    """A step that asks for one thread leaves torch with as many as before, even when it fails."""
    before = torch.get_num_threads()
    during = []
    with suppress(ZeroDivisionError), few_threads():
        during.append(torch.get_num_threads())
        raise ZeroDivisionError
    assert during == [1]
    assert torch.get_num_threads() == before
