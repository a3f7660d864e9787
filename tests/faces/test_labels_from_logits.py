"""Soft labels that are computed from the logits themselves, as in self-training."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from paddle_compat import nn


def _plain(x: Tensor, y: Tensor) -> Tensor:
    """The definition, for autograd to differentiate; moderate logits only."""
    p = torch.sigmoid(x)
    entropy = -(y * torch.log(p) + (1 - y) * torch.log(1 - p))
    miss = p * (1 - y) + (1 - p) * y
    return ((0.25 * y + 0.75 * (1 - y)) * miss**2 * entropy).sum()


@pytest.mark.parametrize("create_graph", [False, True])
def test_both_ways_to_the_logits_are_counted_once(create_graph: bool) -> None:
    x = torch.linspace(-3, 3, 11, dtype=torch.float64, requires_grad=True)
    ours = nn.functional.sigmoid_focal_loss(x, torch.sigmoid(2 * x))
    plain = _plain(x, torch.sigmoid(2 * x))
    [got] = torch.autograd.grad(ours, x, create_graph=create_graph)
    [wanted] = torch.autograd.grad(plain, x, create_graph=create_graph)
    torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-13)
    if create_graph:
        [got] = torch.autograd.grad(got.square().sum(), x)
        [wanted] = torch.autograd.grad(wanted.square().sum(), x)
        torch.testing.assert_close(got, wanted, rtol=1e-11, atol=1e-12)
