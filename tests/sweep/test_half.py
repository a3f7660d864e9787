"""All 65536 float16 and all 65536 bfloat16 values as logits, in every face."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from paddle_compat import fluid, nn
from paddle_compat.conformance.sweep_screen import CEILING, reference

DTYPES = [torch.float16, torch.bfloat16]
GAMMAS = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]
ALPHA = 0.25
Loss = Callable[[Tensor, int, float], Tensor]


def _functional(x: Tensor, label: int, gamma: float) -> Tensor:
    target = torch.full_like(x, label)
    return nn.functional.sigmoid_focal_loss(x, target, alpha=ALPHA, gamma=gamma, reduction="none")


def _fluid(x: Tensor, label: int, gamma: float) -> Tensor:
    # As background, labels beside the one class are as good as 0.
    classes = torch.full((len(x), 1), label, dtype=torch.int32)
    fg_num = torch.ones(1, dtype=torch.int32)
    loss = fluid.layers.sigmoid_focal_loss(x[:, None], classes, fg_num, gamma, ALPHA)
    return loss.squeeze(1)


def _module(x: Tensor, label: int, gamma: float) -> Tensor:
    loss = nn.SigmoidFocalLoss(alpha=ALPHA, gamma=gamma, reduction="none")
    result: Tensor = loss(x, torch.full_like(x, label))
    return result


FACES: list[Loss] = [_functional, _fluid, _module]


def _every_value(dtype: torch.dtype) -> Tensor:
    return torch.arange(-(1 << 15), 1 << 15, dtype=torch.int16).view(dtype)


def _exact(x: Tensor, label: int, gamma: float, *, clamp: bool) -> tuple[Tensor, Tensor]:
    """Return value and gradient in double; nan for nan."""
    wide = x.double()
    wrong, right = reference(wide.abs(), gamma)
    is_wrong = (wide < 0) == bool(label)
    loss = torch.where(is_wrong, wrong.loss, right.loss)
    slope = torch.where(is_wrong, wrong.slope, right.slope)
    if clamp and label:
        loss = loss.clamp_max(CEILING)
    weight = ALPHA if label else 1 - ALPHA
    return loss * weight, slope * (-weight if label else weight)


def _ulp(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the spacing of a dtype's numbers at these magnitudes."""
    info = torch.finfo(dtype)
    _, exponent = torch.frexp(values.abs().clamp(min=info.tiny, max=info.max))
    return info.eps * torch.ldexp(torch.ones_like(values), exponent - 1)


def _assert_rounded(got: Tensor, true: Tensor) -> None:
    """Assert that `got` is the exact value, rounded once, up to the error of float32 inside.

    That error moves the result only where the exact value lies within it of the middle between
    two neighbours. Below the smallest normal float32 it is absolute.
    """
    single = torch.finfo(torch.float32)
    finite = true.isfinite()
    torch.testing.assert_close(got[~finite].double(), true[~finite], rtol=0, atol=0, equal_nan=True)
    got, true = got[finite], true[finite]
    inside = 8 * single.eps * true.abs() + single.tiny
    error = (got.double() - true).abs()
    assert (error <= 0.5 * _ulp(true, got.dtype) + inside).all()
    nearest = true.to(got.dtype)
    assert (got != nearest).sum() <= 0.01 * got.numel()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("pieces", [1, 8], ids=["in blocks", "at once"])
@pytest.mark.parametrize("face", FACES)
def test_every_value_gives_the_exact_result_rounded_once(
    face: Loss, pieces: int, label: int, gamma: float, dtype: torch.dtype
) -> None:
    x = _every_value(dtype).requires_grad_()
    loss = torch.cat([face(piece, label, gamma) for piece in x.chunk(pieces)])
    # Three times the slope is rounded once too: what is stored for backward is not rounded.
    loss.backward(torch.full_like(loss, 3.0))  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert loss.dtype == x.grad.dtype == dtype
    value, slope = _exact(x.detach(), label, gamma, clamp=face is _fluid)
    _assert_rounded(loss.detach(), value)
    _assert_rounded(x.grad, 3 * slope)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_value_is_ignored_where_its_label_says_so(dtype: torch.dtype) -> None:
    for face, label in ((_functional, -100), (_fluid, -1), (_module, -100)):
        x = _every_value(dtype).requires_grad_()
        loss = face(x, label, 2.0)
        loss.backward(torch.ones_like(loss))  # type: ignore[no-untyped-call]
        assert x.grad is not None
        assert not loss.any()
        assert not x.grad.any()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_labels_other_than_1_are_background_for_every_value_in_fluid(dtype: torch.dtype) -> None:
    x = _every_value(dtype)
    background = _fluid(x, 0, 2.0)
    for label in (2, -2, -100, np.iinfo(np.int32).min):
        assert torch.equal(_fluid(x, label, 2.0).nan_to_num(7), background.nan_to_num(7))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("face", FACES)
def test_a_positive_mirrors_a_negative_for_every_value(face: Loss, dtype: torch.dtype) -> None:
    """alpha / (1 - alpha) is a power of two times 3, so 3 x one is the other to a rounding."""
    x = _every_value(dtype)
    x = x[x.isfinite() & (x.abs() < 80)]
    positive, negative = face(x, 1, 2.0).double(), face(-x, 0, 2.0).double()
    assert ((3 * positive - negative).abs() <= 2.01 * _ulp(negative, dtype)).all()
