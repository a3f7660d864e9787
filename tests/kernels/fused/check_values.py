"""Dtypes, layouts, sizes, special elements: the fused kernels against torch in float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import paddle_compat as paddle
from kernels.fused.device import DEVICE, labels, logits
from paddle_compat.kernels import launch
from paddle_compat.kernels.focal import Focal, focal_loss, focal_loss_by_class, focal_loss_sum
from paddle_compat.kernels.paths import focal_path

functional = paddle.nn.functional.sigmoid_focal_loss
by_class = paddle.fluid.layers.sigmoid_focal_loss
GAMMAS = (0.0, 0.3, 0.5, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 7.0, 40.0, math.inf, -0.5, -1.0)


def with_gradient(
    function: Callable[[Tensor], Tensor], logit: Tensor, weight: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    logit = logit.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    loss = function(logit)
    weight = torch.ones_like(loss) if weight is None else weight
    (gradient,) = torch.autograd.grad(loss, logit, weight)
    return loss.detach(), gradient


def on_the_straight_line(
    function: Callable[[Tensor], Tensor], logit: Tensor, weight: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    with focal_path("straight"):
        return with_gradient(function, logit, weight)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Make blocks so small that a few elements fill many programs."""
    monkeypatch.setattr(launch, "_BLOCK", 128)
    monkeypatch.setattr(launch, "_INTERPRETED_BLOCK", 16)
    monkeypatch.setattr(launch, "_FINISH_BLOCK", 2)
    return 128 if DEVICE == "cuda" else 16


@pytest.mark.parametrize("gamma", GAMMAS)
def test_every_gamma_with_both_kinds_of_labels(gamma: float) -> None:
    for dtype in (torch.float64, torch.float32):
        # A power multiplies the relative error of its base.
        rtol = 8 * (1 + min(abs(gamma), 50)) * torch.finfo(dtype).eps
        x, y = logits(40, 7, dtype=dtype), labels(40, 7, dtype=dtype)
        column = torch.arange(-2, 38, device=DEVICE)[:, None] % 9
        weight = torch.linspace(-1, 1, 280, device=DEVICE).view(40, 7).to(dtype)
        for call in (
            lambda x: focal_loss(x, y.to(x.dtype), Focal(gamma, 0.3, 0.8, None, -100)),
            lambda x: focal_loss_by_class(x, column, Focal(gamma, 0.3, 0.8, 87.0, 2)),
        ):
            found = with_gradient(call, x, weight)
            expected = on_the_straight_line(call, x.double(), weight.double())
            wanted = tuple(each.to(dtype) for each in expected)
            torch.testing.assert_close(found, wanted, rtol=rtol, atol=rtol / 10)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("programs", [1, 8, 19])
@pytest.mark.parametrize("more", [0, 1])
def test_programs_meet_without_a_seam(
    small_blocks: int, reduction: str, programs: int, more: int
) -> None:
    size = programs * small_blocks + more
    x, y = logits(size), labels(size)
    call = lambda x: functional(x, y, reduction=reduction)
    torch.testing.assert_close(
        with_gradient(call, x), on_the_straight_line(call, x), rtol=1e-13, atol=1e-15
    )


@pytest.mark.parametrize("classes", [1, 3, 16, 37])
def test_rows_of_class_indices_meet_without_a_seam(small_blocks: int, classes: int) -> None:
    x = logits(29, classes)
    column = torch.randint(-1, classes + 2, (29, 1), dtype=torch.int32).to(DEVICE)
    fg_num = torch.tensor([3], dtype=torch.int32, device=DEVICE)
    weight = logits(29, classes, seed=4)
    call = lambda x: by_class(x, column, fg_num)
    found = with_gradient(call, x, weight)
    torch.testing.assert_close(found, on_the_straight_line(call, x, weight), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("dtype", "unit"), [(torch.float16, 2**-11), (torch.bfloat16, 2**-8)])
def test_half_precision_is_rounded_once(dtype: torch.dtype, unit: float) -> None:
    x, y = logits(900, 3, dtype=dtype), labels(900, 3, dtype=dtype)
    column = torch.arange(-1, 899, device=DEVICE, dtype=torch.int32)[:, None] % 5
    fg_num = torch.tensor([2], dtype=torch.int32, device=DEVICE)
    weight = labels(900, 3, dtype=dtype, seed=5)
    calls: dict[str, Callable[[Tensor], Tensor]] = {
        "none": lambda x: functional(x, y.to(x.dtype), reduction="none"),
        "mean": lambda x: functional(x, y.to(x.dtype), reduction="mean"),
        "by class": lambda x: by_class(x, column, fg_num),
    }
    for name, call in calls.items():
        scale = weight[0, 0] if name == "mean" else weight
        found = with_gradient(call, x, scale)
        exact = on_the_straight_line(call, x.double(), scale.double())
        for ours, true in zip(found, exact, strict=True):
            assert ours.dtype == dtype
            smallest = torch.finfo(dtype).smallest_normal
            inside = 3e-7 / (2700 if name == "mean" else 1)
            bound = true.abs() * unit * 1.001 + smallest * unit + inside
            assert ((ours.double() - true).abs() <= bound).all(), name


LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "transposed": lambda t: t.transpose(0, 1).contiguous().transpose(0, 1),
    "channels-last": lambda t: t.contiguous(memory_format=torch.channels_last),
    "every other": lambda t: torch.stack([t, t], -1)[..., 0],
    "sliced": lambda t: torch.cat([t, t], 1)[:, : t.shape[1]],
    "reversed dimensions": lambda t: t.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0),
    "offset": lambda t: torch.cat([t.reshape(-1)[:1], t.reshape(-1)])[1:].view(t.shape),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("which", ["logits", "labels", "upstream", "all"])
def test_memory_layout_changes_nothing(name: str, which: str) -> None:
    x, y, weight = logits(3, 4, 5, 6), labels(3, 4, 5, 6), logits(3, 4, 5, 6, seed=3)
    chosen = LAYOUTS[name]
    plain = lambda t: t
    of_x, of_y, of_weight = (
        chosen if which in (each, "all") else plain for each in ("logits", "labels", "upstream")
    )
    for reduction in ("none", "sum"):
        scale = weight if reduction == "none" else weight[0, 0, 0, 0]
        expected = on_the_straight_line(lambda x: functional(x, y, reduction=reduction), x, scale)
        found = with_gradient(
            lambda x: functional(x, of_y(y), reduction=reduction),
            of_x(x),
            of_weight(scale) if reduction == "none" else scale,
        )
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ["transposed", "every other", "sliced"])
def test_memory_layout_of_class_index_calls_changes_nothing(name: str) -> None:
    x, weight = logits(7, 5), logits(7, 5, seed=3)
    label = torch.tensor([[0], [1], [5], [-1], [6], [2], [3]], dtype=torch.int32, device=DEVICE)
    apart = torch.cat([label, label], 1)[:, :1]
    fg_num = torch.tensor([2], dtype=torch.int32, device=DEVICE)
    chosen = LAYOUTS[name]
    expected = on_the_straight_line(lambda x: by_class(x, label, fg_num), x, weight)
    for column in (label, apart):
        for scale in (weight, chosen(weight)):
            call = lambda x: by_class(x, column, fg_num)
            found = with_gradient(call, chosen(x), scale)
            torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-15)


def test_orders_that_no_three_strides_hold() -> None:
    shape = (2, 3, 4, 5, 3)
    x, y = logits(*shape), labels(*shape)
    strange = x.permute(4, 1, 3, 0, 2).contiguous().permute(3, 1, 4, 2, 0)
    sliced = (
        torch.stack([y, y], -1).permute(5, 1, 0, 3, 2, 4).contiguous()[0].permute(1, 0, 3, 2, 4)
    )
    assert torch.equal(strange, x)
    assert torch.equal(sliced, y)
    for reduction in ("none", "sum"):
        call = lambda x: functional(x, sliced, reduction=reduction)
        plain = lambda x: functional(x, y, reduction=reduction)
        found = with_gradient(call, strange)
        torch.testing.assert_close(found, on_the_straight_line(plain, x), rtol=1e-13, atol=1e-15)


def test_the_gradient_lies_in_memory_as_the_logits_do() -> None:
    x = logits(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    _, gradient = with_gradient(lambda x: functional(x, labels(2, 3, 4, 5)), x)
    assert gradient.is_contiguous(memory_format=torch.channels_last)


def test_expanded_inputs_are_read_where_they_are() -> None:
    x, y = logits(1, 6), labels(1, 6)
    row = x.clone().requires_grad_()
    loss = functional(row.expand(50, 6), y.expand(50, 6), reduction="sum")
    (gradient,) = torch.autograd.grad(loss, row)
    with focal_path("straight"):
        torch.testing.assert_close(loss.detach(), functional(x, y) * 50)
    torch.testing.assert_close(
        gradient, on_the_straight_line(lambda x: functional(x, y), x)[1] * 50
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_ignored_elements_are_exactly_nothing(dtype: torch.dtype) -> None:
    special = torch.tensor([math.nan, math.inf, -math.inf, 6e4, 0.1], device=DEVICE).to(dtype)
    x = special.repeat(3, 1)
    nan = torch.full_like(x, math.nan)
    for ignored in (-100.0, -100.5):
        y = torch.full_like(x, ignored)
        for value in with_gradient(lambda x: functional(x, y, reduction="none"), x, nan):
            assert (value == 0).all()
        assert functional(x, y).item() == 0
    column = torch.full((3, 1), -1, dtype=torch.int32, device=DEVICE)
    fg_num = torch.tensor([1], dtype=torch.int32, device=DEVICE)
    for value in with_gradient(lambda x: by_class(x, column, fg_num), x, nan):
        assert (value == 0).all()


@pytest.mark.parametrize("ignored", [-2, 0, 3])
def test_labels_are_ignored_as_they_truncate(ignored: int) -> None:
    y = torch.arange(-4.0, 4.25, 0.25, device=DEVICE)
    loss = focal_loss(torch.ones_like(y), y, Focal(0.0, 1.0, 1.0, None, ignored))
    assert torch.equal(loss == 0, y.trunc() == ignored)


def test_special_logits_have_their_limits() -> None:
    x = torch.tensor([math.inf, -math.inf, math.nan], device=DEVICE)
    for label, loss, slope in (
        (0.0, [math.inf, 0.0], [0.75, 0.0]),
        (1.0, [0.0, math.inf], [0.0, -0.25]),
    ):
        y = torch.full_like(x, label)
        found = with_gradient(lambda x: functional(x, y, reduction="none"), x)
        assert [value[:2].tolist() for value in found] == [loss, slope]
        assert all(value[2].isnan() for value in found)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_value_of_a_positive_saturates_and_its_gradient_does_not(dtype: torch.dtype) -> None:
    x = torch.tensor([[-87.3], [-87.4], [-500.0], [-math.inf], [500.0]], dtype=dtype, device=DEVICE)
    label = torch.ones(5, 1, dtype=torch.int32, device=DEVICE)
    fg_num = torch.tensor([2], dtype=torch.int32, device=DEVICE)
    loss, gradient = with_gradient(lambda x: by_class(x, label, fg_num), x)
    ceiling = 0.125 * 87.33654475055310898
    expected = torch.tensor([0.125 * 87.3, *[ceiling] * 3, 0.0], dtype=dtype, device=DEVICE)
    torch.testing.assert_close(loss[:, 0], expected, rtol=1e-6, atol=0)
    assert gradient[:, 0].tolist() == [-0.125] * 4 + [0.0]


def test_the_value_of_a_negative_does_not_saturate() -> None:
    x = torch.tensor([[90.0, 500.0]], device=DEVICE)
    label = torch.zeros(1, 1, dtype=torch.int32, device=DEVICE)
    fg_num = torch.ones(1, dtype=torch.int32, device=DEVICE)
    assert by_class(x, label, fg_num).tolist() == [[67.5, 375.0]]


@pytest.mark.parametrize(
    "kind", [torch.bool, torch.uint8, torch.int64, torch.float32, torch.float16]
)
def test_labels_may_be_of_any_real_dtype(kind: torch.dtype) -> None:
    x = logits(30, 4, dtype=torch.float32)
    y = (labels(30, 4) > 0.5).to(kind)
    loss = paddle.nn.SigmoidFocalLoss(reduction="sum")
    expected = on_the_straight_line(lambda x: loss(x, y), x)
    torch.testing.assert_close(with_gradient(lambda x: loss(x, y), x), expected)


@pytest.mark.parametrize("kind", [torch.int16, torch.int32, torch.int64])
def test_class_indices_may_be_of_any_integer_dtype(kind: torch.dtype) -> None:
    x = logits(9, 4)
    column = torch.arange(-3, 6, device=DEVICE)[:, None].to(kind)
    call = lambda x: focal_loss_by_class(x, column, Focal(2.0, 0.25, 0.75, 80.0, -2))
    torch.testing.assert_close(with_gradient(call, x), on_the_straight_line(call, x))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
def test_nothing_to_sum(shape: tuple[int, ...]) -> None:
    x, y = torch.zeros(shape, device=DEVICE), torch.zeros(shape, device=DEVICE)
    for reduction, value in (("sum", 0.0), ("mean", math.nan)):
        loss, gradient = with_gradient(lambda x: functional(x, y, reduction=reduction), x)
        torch.testing.assert_close(loss.cpu(), torch.tensor(value), equal_nan=True)
        assert gradient.shape == shape
    assert functional(x, y, reduction="none").shape == shape


def test_weights_in_memory_and_as_numbers_are_the_same() -> None:
    x, column = logits(20, 3), torch.arange(20, device=DEVICE)[:, None] % 4
    numbers = Focal(1.5, 0.2, 0.7, 87.0, None)
    positive, negative = torch.tensor([0.2, 0.7], dtype=torch.float64, device=DEVICE)
    in_memory = Focal(1.5, positive, negative, 87.0, None)
    found = with_gradient(lambda x: focal_loss_by_class(x, column, in_memory), x)
    expected = with_gradient(lambda x: focal_loss_by_class(x, column, numbers), x)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_numbers_keep_their_double_precision() -> None:
    x, y = logits(20, 3), labels(20, 3)
    focal = Focal(1.1, 0.1, 1 / 3, None, None)
    for call in (
        lambda x: focal_loss(x, y, focal),
        lambda x: focal_loss_sum(x, y, focal, dtype=torch.float64, divisor=0.7),
    ):
        expected = on_the_straight_line(call, x)
        torch.testing.assert_close(with_gradient(call, x), expected, rtol=1e-14, atol=1e-15)


def test_sums_are_the_same_bits_every_time_and_hold_double_precision() -> None:
    x, y = logits(100_001, dtype=torch.float32), labels(100_001, dtype=torch.float32)
    found = {functional(x, y).item() for _ in range(2)}
    assert len(found) == 1
    with focal_path("straight"):
        exact = functional(x.double(), y.double()).item()
    assert abs(found.pop() - exact) / exact < 1.2e-7


def test_sums_do_not_depend_on_where_the_memory_lies() -> None:
    x, y = logits(40, 50, dtype=torch.float32), labels(40, 50, dtype=torch.float32)
    apart = torch.stack([y, y], -1)[..., 0]
    assert functional(x, y).item() == functional(x, apart).item()
