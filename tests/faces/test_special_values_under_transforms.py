"""Infinite logits and ignored labels where torch transforms the loss: the same as in eager mode."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from paddle_compat import fluid, nn

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dense_labels(gamma: float, dtype: torch.dtype) -> None:
    x = torch.tensor([INF, -INF, INF, -INF, INF, NAN, INF, 1.0], dtype=dtype)
    y = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.3, -100.0, -100.0, -100.0], dtype=dtype)

    def loss(x: Tensor) -> Tensor:
        return nn.functional.sigmoid_focal_loss(x, y, gamma=gamma, reduction="none")

    [mapped] = torch.func.vmap(loss)(x[None])
    assert mapped.tolist() == loss(x).tolist() == [INF, 0.0, 0.0, INF, INF, 0.0, 0.0, 0.0]
    slope = torch.func.grad(lambda x: loss(x).sum())(x)
    eager = x.clone().requires_grad_()
    loss(eager).backward(torch.ones_like(x))
    assert eager.grad is not None
    wanted = [0.75, 0.0, 0.0, -0.25, 0.6 * 0.7 ** (gamma + 1), 0.0, 0.0, 0.0]
    torch.testing.assert_close(eager.grad, torch.tensor(wanted, dtype=dtype))
    torch.testing.assert_close(slope, eager.grad)


@pytest.mark.parametrize("count", [1, 0, -3])
def test_class_indices(count: int) -> None:
    """A foreground count below 1 counts as 1 there too, without its value being read."""
    x = torch.tensor([[INF, -INF], [NAN, INF], [-100.0, 3.0]])
    label = torch.tensor([[1], [-1], [1]], dtype=torch.int32)
    fg_num = torch.tensor([count], dtype=torch.int32)

    def loss(x: Tensor) -> Tensor:
        return fluid.layers.sigmoid_focal_loss(x, label, fg_num)

    [mapped] = torch.func.vmap(loss)(x[None])
    torch.testing.assert_close(mapped, loss(x))
    assert mapped[:2].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert mapped[2, 0].item() == pytest.approx(0.25 * 87.3365448)
    slope = torch.func.grad(lambda x: loss(x).sum())(x)
    assert slope[:2].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert slope[2, 0].item() == -0.25
