"""Logarithm and square root that draws rest on: their bits, which no machine may change."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor

from paddle_compat.kernels.portable import log, sqrt


def numbers(dtype: torch.dtype) -> Tensor:
    """Numbers of (0, 1), close to 1, tiny and large; powers of 2 and their neighbours."""
    generator = torch.Generator().manual_seed(7)
    random = torch.rand(3000, dtype=torch.float64, generator=generator)
    powers = 2.0 ** torch.arange(-100, 100, dtype=torch.float64)
    step = 1 + torch.finfo(dtype).eps
    everything = [random, 1 - random**9 / 8, 1 + random**9, torch.exp(-80 * random), 80 * random]
    everything += [powers, powers * step, powers / step, powers * math.sqrt(0.5)]
    return torch.cat(everything).to(dtype)


@pytest.mark.parametrize(("dtype", "allowed"), [(torch.float32, 0.82), (torch.float64, 0.52)])
def test_log_is_as_close_as_it_says(dtype: torch.dtype, allowed: float) -> None:
    x = numbers(dtype)
    worst = 0.0
    with mpmath.workprec(200):
        for value, result in zip(x.tolist(), log(x).tolist(), strict=True):
            exact = mpmath.log(mpmath.mpf(value))
            unit = float(np.spacing(np.abs(torch.tensor(float(exact), dtype=dtype).numpy())))
            worst = max(worst, abs(float((result - exact) / unit)))
    assert 0.5 < worst < allowed


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sqrt_is_correctly_rounded(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(8)
    random = torch.rand(200_000, dtype=dtype, generator=generator)
    x = torch.cat([random, random * 1e30, random / 1e30, torch.arange(5000, dtype=dtype)])
    before = x.clone()
    np.testing.assert_array_equal(sqrt(x).numpy(), np.sqrt(x.numpy()))
    assert torch.equal(x, before)


def test_sqrt_of_a_double_beside_a_power_of_4_is_one_of_the_two_nearest() -> None:
    x = numbers(torch.float64)
    np.testing.assert_array_max_ulp(sqrt(x).numpy(), np.sqrt(x.numpy()), 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log_leaves_its_argument_alone_and_is_exact_where_it_can_be(dtype: torch.dtype) -> None:
    x = numbers(dtype)
    before = x.clone()
    log(x)
    assert torch.equal(x, before)
    assert log(torch.ones(3, dtype=dtype)).tolist() == [0.0, 0.0, 0.0]
