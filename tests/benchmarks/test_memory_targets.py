"""How much memory a loss needs: exact counts of the allocator, no timing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from memory import measure
from torch import Tensor

from paddle_compat import fluid, nn

ROWS, CLASSES = 60_000, 80


def inputs(kind: str) -> tuple[Tensor, ...]:
    logit = torch.randn(ROWS, CLASSES)
    if kind == "by class":
        label = torch.randint(-1, CLASSES + 1, (ROWS, 1), dtype=torch.int32)
        return logit, label, torch.tensor([7], dtype=torch.int32)
    return logit, (torch.rand(ROWS, CLASSES) < 0.1).float()


CASES: dict[str, tuple[Callable[..., Tensor], float]] = {
    "by class": (fluid.layers.sigmoid_focal_loss, 8.1),
    "functional": (nn.functional.sigmoid_focal_loss, 12.0),
    "module": (nn.SigmoidFocalLoss(), 12.0),
}


@pytest.mark.parametrize("kind", CASES)
def test_little_is_kept_for_backward_and_little_more_is_needed_on_the_way(kind: str) -> None:
    loss, bytes_an_element = CASES[kind]
    found = measure(lambda: inputs(kind), loss)
    assert found.saved <= bytes_an_element + 0.01
    # Two megabytes of scratch for each thread are a larger share of this small [N, C].
    scratch = 0.2 * 200_000 / ROWS
    assert found.peak < scratch
