"""The fluid face takes one label a row: neither fewer nor more."""

from __future__ import annotations

import pytest
import torch

from paddle_compat import fluid


@pytest.mark.parametrize("rows", [0, 2, 4, 6])
def test_labels_must_be_as_many_as_rows(rows: int) -> None:
    x, fg_num = torch.zeros(3, 2), torch.ones(1, dtype=torch.int32)
    with pytest.raises(ValueError, match=r"label must be \[N, 1\] with the N of x \(3\)"):
        fluid.layers.sigmoid_focal_loss(x, torch.zeros(rows, 1, dtype=torch.int32), fg_num)
