"""Elements so easy that 1 - p_t underflows to 0, where torch itself differentiates the loss."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from paddle_compat import nn

GAMMAS = [0.0, 0.5, 1.0, 1.5, 2.0]


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize(("dtype", "far"), [(torch.float32, 200.0), (torch.float64, 800.0)])
def test_transformed_gradient_is_zero_and_not_nan(
    gamma: float, dtype: torch.dtype, far: float
) -> None:
    label = torch.tensor([0.0, 1.0, 0.0], dtype=dtype)

    def loss(x: Tensor) -> Tensor:
        return nn.functional.sigmoid_focal_loss(x, label, gamma=gamma)

    x = torch.tensor([-far, far, 0.0], dtype=dtype)
    slope = torch.func.grad(loss)(x)
    assert slope[:2].tolist() == [0.0, 0.0]
    assert slope[2] > 0


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("far", [300.0, 720.0, 800.0, 1e30])
def test_second_derivative_is_tiny_and_not_nan(
    gamma: float, dtype: torch.dtype, far: float
) -> None:
    x = torch.tensor([-far, far, 0.0], dtype=dtype, requires_grad=True)
    label = torch.tensor([0.0, 1.0, 0.0], dtype=dtype)
    loss = nn.functional.sigmoid_focal_loss(x, label, gamma=gamma)
    [slope] = torch.autograd.grad(loss, x, create_graph=True)
    [curvature] = torch.autograd.grad(slope.sum(), x)
    assert (slope[:2].double().abs() < 1e-100).all()
    assert (curvature[:2].double().abs() < 1e-100).all()
    assert curvature[2] > 0


@pytest.mark.parametrize("gamma", GAMMAS)
def test_gradient_that_is_differentiable_again_is_zero_and_not_nan(gamma: float) -> None:
    x = torch.tensor([-800.0, 800.0], requires_grad=True)
    loss = nn.functional.sigmoid_focal_loss(x, torch.tensor([0.0, 1.0]), gamma=gamma)
    [slope] = torch.autograd.grad(loss, x, create_graph=True)
    assert slope.tolist() == [0.0, 0.0]
