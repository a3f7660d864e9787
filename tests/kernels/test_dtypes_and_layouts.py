"""Every dtype, memory layout and size gives the same loss and gradient."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import paddle_compat as paddle
from paddle_compat.kernels import blocks
from paddle_compat.nn import SigmoidFocalLoss

functional = paddle.nn.functional.sigmoid_focal_loss
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
GAMMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 0.7)


def inputs(*shape: int, seed: int = 0, device: str = "cpu") -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logit = torch.randn(*shape, dtype=torch.float64, generator=generator) * 4
    label = torch.rand(*shape, dtype=torch.float64, generator=generator)
    label = torch.where(label < 0.3, 0.0, torch.where(label > 0.8, 1.0, label))
    return logit.to(device), label.to(device)


def plain(logit: Tensor, label: Tensor, gamma: float, alpha: float = 0.25) -> Tensor:
    """Return the textbook formula; in float64 at moderate logits it is right to 1e-14."""
    p = torch.sigmoid(logit)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
    miss = p * (1 - label) + (1 - p) * label
    return (alpha * label + (1 - alpha) * (1 - label)) * miss**gamma * entropy


def with_gradient(
    function: Callable[[Tensor], Tensor], logit: Tensor, weight: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    logit = logit.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    loss = function(logit)
    (gradient,) = torch.autograd.grad(
        loss, logit, torch.ones_like(loss) if weight is None else weight
    )
    return loss.detach(), gradient


# One block and less, exact multiples of a block and one element more.
SIZES = (1, 7, blocks.SMALL, blocks.SMALL + 1, 1 << 17, (1 << 17) + 1, 400_003)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_blocks_meet_without_a_seam(device: str, size: int, reduction: str) -> None:
    logit, label = inputs(size, device=device)
    expected = with_gradient(
        lambda x: (
            getattr(torch, reduction)(plain(x, label, 2.0))
            if reduction != "none"
            else plain(x, label, 2.0)
        ),
        logit,
    )
    found = with_gradient(
        lambda x: (
            functional(x.view(-1, 1), label.view(-1, 1), reduction=reduction).squeeze(-1)
            if reduction == "none"
            else functional(x.view(-1, 1), label.view(-1, 1), reduction=reduction)
        ),
        logit,
    )
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("rows", [3, 900, 9000])
@pytest.mark.parametrize("gamma", GAMMAS)
def test_class_index_and_dense_labels_agree(device: str, rows: int, gamma: float) -> None:
    classes = 37
    logit, _ = inputs(rows, classes, device=device)
    label = torch.randint(-1, classes + 3, (rows, 1), dtype=torch.int32, device=device)
    columns = torch.arange(1, classes + 1, device=device)
    one_hot = (label == columns).double().masked_fill(label == -1, -100)
    fg_num = torch.tensor([3], dtype=torch.int32, device=device)
    weight = torch.rand_like(logit)
    gamma = float(torch.tensor(gamma, dtype=torch.float32))
    found = with_gradient(
        lambda x: paddle.fluid.layers.sigmoid_focal_loss(x, label, fg_num, gamma), logit, weight
    )
    expected = with_gradient(
        lambda x: functional(x, one_hot, 3.0, gamma=gamma, reduction="none"), logit, weight
    )
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-15)


HALVES = [(torch.float16, 2**-11), (torch.bfloat16, 2**-8)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("size", [11, 200_000])
@pytest.mark.parametrize(("dtype", "unit"), HALVES)
def test_half_precision_rounds_once(
    device: str, size: int, dtype: torch.dtype, unit: float
) -> None:
    logit, label = (t.to(dtype) for t in inputs(size, 1, device=device))
    weight = torch.rand(size, 1, device=device).to(dtype)
    for reduction in ("none", "mean"):
        scale = weight if reduction == "none" else weight[0, 0]
        found = with_gradient(lambda x: functional(x, label, reduction=reduction), logit, scale)
        exact = with_gradient(
            lambda x: functional(x, label.double(), reduction=reduction),
            logit.double(),
            scale.double(),
        )
        for ours, true in zip(found, exact, strict=True):
            assert ours.dtype == dtype
            smallest = torch.finfo(dtype).smallest_normal
            # Half a unit in the last place; and float32 inside, where terms cancel.
            inside = 3e-7 / (size if reduction == "mean" else 1)
            bound = true.abs() * unit * 1.001 + smallest * unit + inside
            assert ((ours.double() - true).abs() <= bound).all()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_class_index_face_takes_half_precision(device: str, dtype: torch.dtype) -> None:
    for rows in (4, 9000):
        logit = inputs(rows, 40, device=device)[0].to(dtype)
        label = torch.randint(-1, 42, (rows, 1), dtype=torch.int32, device=device)
        fg_num = torch.tensor([5], dtype=torch.int32, device=device)
        loss = paddle.fluid.layers.sigmoid_focal_loss
        weight = torch.rand(rows, 40, device=device).to(dtype)
        found = with_gradient(lambda x: loss(x, label, fg_num), logit, weight)
        exact = with_gradient(lambda x: loss(x, label, fg_num), logit.double(), weight.double())
        for ours, true in zip(found, exact, strict=True):
            assert ours.dtype == dtype
            torch.testing.assert_close(ours, true.to(dtype), rtol=torch.finfo(dtype).eps, atol=1e-7)


LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "transposed": lambda t: t.transpose(0, 1).contiguous().transpose(0, 1),
    "channels-last": lambda t: t.contiguous(memory_format=torch.channels_last),
    "every other": lambda t: torch.stack([t, t], -1)[..., 0],
    "offset": lambda t: torch.cat([t.reshape(-1), t.reshape(-1)[:1]])[: t.numel()].view(t.shape),
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (4, 30, 40, 50)], ids=["small", "large"])
@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("both", [True, False])
def test_memory_layout_changes_nothing(
    device: str, shape: tuple[int, ...], name: str, both: bool
) -> None:
    logit, label = inputs(*shape, device=device)
    layout = LAYOUTS[name]
    weight = torch.rand_like(logit)
    for reduction in ("none", "sum"):
        upstream = weight if reduction == "none" else weight[0, 0, 0, 0]
        expected = with_gradient(
            lambda x: functional(x, label, reduction=reduction),
            logit,
            upstream,
        )
        found = with_gradient(
            lambda x: functional(x, layout(label) if both else label, reduction=reduction),
            layout(logit),
            upstream,
        )
        torch.testing.assert_close(found, expected, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("shape", [(3, 4), (300, 400)], ids=["small", "large"])
def test_expanded_inputs(shape: tuple[int, int]) -> None:
    logit, label = inputs(1, shape[1])
    full = with_gradient(
        lambda x: functional(x, label.expand(shape), reduction="sum"),
        logit.expand(shape).contiguous(),
    )
    row = logit.clone().requires_grad_()
    loss = functional(row.expand(shape), label.expand(shape))
    (gradient,) = torch.autograd.grad(loss, row)
    torch.testing.assert_close(loss.detach(), full[0])
    torch.testing.assert_close(gradient[0], full[1].sum(0))


def test_gradient_keeps_the_memory_layout_of_the_logits() -> None:
    logit, label = inputs(4, 30, 40, 50)
    logit = logit.contiguous(memory_format=torch.channels_last).requires_grad_()
    label = label.contiguous(memory_format=torch.channels_last)
    functional(logit, label).backward()
    assert logit.grad is not None
    assert logit.grad.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
def test_nothing_to_sum(shape: tuple[int, ...]) -> None:
    logit, label = inputs(*shape)
    for reduction, value in (("sum", 0.0), ("mean", float("nan"))):
        loss, gradient = with_gradient(
            lambda x: functional(x, label, reduction=reduction),
            logit,
        )
        torch.testing.assert_close(loss, torch.tensor(value, dtype=loss.dtype), equal_nan=True)
        assert gradient.shape == logit.shape
        module = SigmoidFocalLoss(reduction=reduction)
        torch.testing.assert_close(module(logit, label), loss, equal_nan=True)
    assert functional(logit, label, reduction="none").shape == shape


@pytest.mark.parametrize("rows", [0, 3])
def test_class_index_face_with_nothing_to_do(rows: int) -> None:
    logit = torch.zeros(rows, 0 if rows else 4, requires_grad=True)
    label = torch.zeros(rows, 1, dtype=torch.int32)
    loss = paddle.fluid.layers.sigmoid_focal_loss(logit, label, torch.ones(1, dtype=torch.int32))
    loss.sum().backward()
    assert loss.shape == logit.shape
    assert logit.grad is not None
    assert logit.grad.shape == logit.shape


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_returns_what_torchs_own_loss_returns(dtype: torch.dtype) -> None:
    native = torch.nn.functional.binary_cross_entropy_with_logits
    fg_num, index = torch.ones(1, dtype=torch.int32), torch.ones(3, 1, dtype=torch.int32)
    with torch.autocast("cpu", dtype=dtype):
        for kind in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
            # Mixed with float64, torch's result depends on which of the two it is.
            for other in (kind,) if kind == torch.float64 else (torch.float32, dtype):
                logit, label = torch.randn(3, 2).to(kind), torch.rand(3, 2).to(other)
                for reduction in ("none", "sum", "mean"):
                    expected = native(logit, label, reduction=reduction).dtype
                    assert functional(logit, label, reduction=reduction).dtype == expected
                    assert SigmoidFocalLoss(reduction=reduction)(logit, label).dtype == expected
            logit = torch.randn(3, 2).to(kind)
            expected = native(logit, torch.rand(3, 2).to(kind), reduction="none").dtype
            loss = paddle.fluid.layers.sigmoid_focal_loss(logit, index, fg_num)
            assert loss.dtype == expected


def test_a_large_sum_is_accurate() -> None:
    """Real Paddle's float32 mean is off by 7e-5 at this size."""
    generator = torch.Generator().manual_seed(1)
    logit = torch.randn(1_000_000, 1, generator=generator)
    label = (torch.rand(1_000_000, 1, generator=generator) < 0.1).float()
    exact = plain(logit.double(), label.double(), 2.0)
    for reduction, true in (("sum", exact.sum()), ("mean", exact.mean())):
        found = functional(logit, label, reduction=reduction).double()
        assert abs(found - true) / true < 1e-7
