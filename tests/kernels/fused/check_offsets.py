"""Elements further away than 32 bits count, in files with holes: next to no memory is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from kernels.fused.device import DEVICE, labels, logits
from paddle_compat.kernels import layout
from paddle_compat.kernels.focal import Focal, focal_loss, focal_loss_by_class, focal_loss_sum
from paddle_compat.kernels.paths import focal_path

HUGE = 2**31
FOCAL = Focal(2.0, 0.25, 0.75, None, -100)
BY_CLASS = Focal(2.0, 0.25, 0.75, 87.0, -2)

Allocate = Callable[[int, torch.dtype], Tensor]


@pytest.fixture
def allocate(tmp_path: Path) -> Iterator[Allocate]:
    """Return memory of zeros that takes space only where it is written."""
    files: list[Path] = []

    def holes(count: int, dtype: torch.dtype) -> Tensor:
        if DEVICE == "cuda":
            return torch.zeros(count, dtype=dtype, device=DEVICE)
        files.append(tmp_path / f"{len(files)}")
        size = count * dtype.itemsize
        return torch.from_numpy(np.memmap(files[-1], np.uint8, "w+", shape=(size,))).view(dtype)

    yield holes
    for file in files:
        file.unlink()


@pytest.mark.parametrize("stride", [(2**30 + 5, 1), (1, 2**29 + 3)])
def test_strides_that_lead_beyond_32_bits(allocate: Allocate, stride: tuple[int, int]) -> None:
    last = 3 * stride[0] + 4 * stride[1]
    assert last > HUGE
    x = allocate(last + 1, torch.float16).as_strided((4, 5), stride)
    x.copy_(logits(4, 5))
    y, near = labels(4, 5, dtype=torch.float16), x.clone()
    column = torch.tensor([[0], [4], [-2], [2]], device=DEVICE)
    assert layout.common([x, y], 0) is not None
    for call in (
        lambda x: focal_loss(x, y, FOCAL),
        lambda x: focal_loss_sum(x, y, FOCAL, dtype=torch.float64),
        lambda x: focal_loss_by_class(x, column, BY_CLASS),
    ):
        far, close = x.detach().requires_grad_(), near.detach().requires_grad_()
        assert torch.equal(call(far), call(close))
        # Not the gradient of `far` itself: it would be a tensor like it, without the holes' gaps.
        (expected,) = torch.autograd.grad(call(close).sum(), close)
        (found,) = torch.autograd.grad(call(far).sum(), far)
        assert torch.equal(found, expected)


def test_more_elements_than_32_bits_count(
    allocate: Allocate, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = HUGE + 77
    x, y = allocate(count, torch.float16), allocate(count, torch.uint8)
    x[-200:], y[-50:] = logits(200).half(), 1
    if DEVICE == "cpu":
        # The programs before the last one would take minutes.
        from triton.runtime import interpreter

        def end_of(*bounds: int) -> range:
            return range(bounds[0] - 1, bounds[0]) if bounds[0] > 10_000 else range(*bounds)

        monkeypatch.setattr(interpreter, "range", end_of, raising=False)
    loss = focal_loss(x, y, FOCAL)[-77:]
    with focal_path("straight"):
        torch.testing.assert_close(loss, focal_loss(x[-77:], y[-77:], FOCAL))


def test_wide_counts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, column = logits(6, 10)[:, ::2], labels(6, 5), torch.arange(6, device=DEVICE)[:, None] - 1
    calls = (
        lambda: focal_loss(x, y, FOCAL),
        lambda: focal_loss_sum(x, y, FOCAL, dtype=torch.float64),
        lambda: focal_loss_by_class(x, column, BY_CLASS),
    )
    narrow = [call() for call in calls]
    monkeypatch.setattr(layout, "_LARGEST", 3)
    for call, expected in zip(calls, narrow, strict=True):
        assert torch.equal(call(), expected)
