"""Sums accumulate in double, whatever the logits' dtype."""

from __future__ import annotations

import pytest
import torch

from paddle_compat.kernels.focal import Focal, focal_loss_sum


@pytest.mark.parametrize("size", [4096, 16384, 1 << 18])
@pytest.mark.parametrize("requires_grad", [False, True])
def test_small_terms_are_not_lost_beside_large_ones(size: int, requires_grad: bool) -> None:
    """A confident wrong logit's loss is the logit; 33 vanishes beside 2**30 in single precision."""
    logit = torch.full((size,), 33.0)
    logit[: size // 2] = 2.0**30
    logit.requires_grad_(requires_grad)
    focal = Focal(2.0, 1.0, 1.0)
    total = focal_loss_sum(logit, torch.zeros(size), focal, dtype=torch.float64)
    assert total.item() == size // 2 * (2.0**30 + 33)


def test_small_terms_are_not_lost_where_the_sum_is_composed_of_torchs_operations() -> None:
    logit = torch.full((4096,), 33.0)
    logit[:2048] = 2.0**30
    focal = Focal(2.0, 1.0, 1.0)

    def total(x: torch.Tensor) -> torch.Tensor:
        return focal_loss_sum(x, torch.zeros(4096), focal, dtype=torch.float64)

    [mapped] = torch.func.vmap(total)(logit[None])
    assert mapped.item() == 2048 * (2.0**30 + 33)
