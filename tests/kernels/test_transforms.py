"""What torch does to a loss: differentiate it, twice, forwards, map it, compile it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import paddle_compat as paddle
from paddle_compat.nn import SigmoidFocalLoss

functional = paddle.nn.functional.sigmoid_focal_loss
by_class = paddle.fluid.layers.sigmoid_focal_loss
GAMMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, -0.5, -1.0)
FG = torch.tensor([3], dtype=torch.int32)
INDEX = torch.tensor([[1], [0], [-1], [4], [9]], dtype=torch.int32)


def logits(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(*shape, dtype=torch.float64, generator=generator) * 3
    return x.to(dtype).requires_grad_()


def soft(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.rand(*shape, dtype=torch.float64, generator=generator).requires_grad_()


SOFT = soft(5, 4).detach()


@pytest.mark.parametrize("gamma", GAMMAS)
def test_gradients_of_logit_label_and_normalizer(gamma: float) -> None:
    n = torch.tensor(1.7, dtype=torch.float64, requires_grad=True)
    for reduction in ("none", "sum", "mean"):
        arguments = (logits(2, 2), soft(2, 2), n)
        call = lambda x, y, n: functional(x, y, n, 0.3, gamma, reduction)
        assert torch.autograd.gradcheck(
            call, arguments, fast_mode=True, check_forward_ad=reduction == "none"
        )
        assert torch.autograd.gradgradcheck(call, arguments, fast_mode=True)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_gradients_by_class(gamma: float) -> None:
    call = lambda x: by_class(x, INDEX, FG, gamma)
    assert torch.autograd.gradcheck(call, (logits(5, 4),), fast_mode=True, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(call, (logits(5, 4),), fast_mode=True)


@pytest.mark.parametrize("size", [6, 200_000])
def test_a_broadcast_normalizer_gets_its_gradient(size: int) -> None:
    n = torch.tensor([1.5, 2.0], dtype=torch.float64, requires_grad=True)
    x, y = logits(size, 2), soft(size, 2).detach()
    loss = functional(x, y, n)
    gradient_x, gradient_n = torch.autograd.grad(loss, (x, n))
    elements = functional(x, y, reduction="none")
    (expected_x,) = torch.autograd.grad(elements, x, (1 / n.detach()).expand_as(x))
    torch.testing.assert_close(gradient_x, expected_x)
    torch.testing.assert_close(gradient_n, -(elements / n**2).sum(0).detach())


def test_second_derivatives_stay_finite_at_the_extremes() -> None:
    x = torch.tensor([-200.0, -90, -60, -20, 0, 20, 60, 90, 200], requires_grad=True)
    for gamma in (0.0, 0.3, 0.5, 1.0, 1.5, 2.0, 5.0):
        for label in (torch.zeros_like(x), torch.ones_like(x)):
            loss = functional(x, label, gamma=gamma)
            (first,) = torch.autograd.grad(loss, x, create_graph=True)
            (second,) = torch.autograd.grad(first.sum(), x)
            assert torch.isfinite(first).all()
            assert torch.isfinite(second).all()


def test_a_label_made_from_the_logits_counts_once() -> None:
    """A gradient that also flows through the label must not be added twice."""
    x = logits(4, 3)

    def quality(x: Tensor) -> Tensor:
        return functional(x, torch.sigmoid(x * 0.5), gamma=1.5)

    assert torch.autograd.gradcheck(quality, (x,))
    assert torch.autograd.gradgradcheck(quality, (x,))


@pytest.mark.parametrize("size", [5, 150_000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_retained_graph_gives_the_same_gradient_again(size: int, dtype: torch.dtype) -> None:
    x, y = logits(size, 2, dtype=dtype), soft(size, 2).detach().to(dtype)
    index = torch.ones(size, 1, dtype=torch.int32)
    for loss in (functional(x, y, reduction="mean"), by_class(x, index, FG).sum()):
        first, second, third = (
            torch.autograd.grad(loss, x, torch.tensor(scale, dtype=dtype), retain_graph=True)[0]
            for scale in (1.0, 4.0, 1.0)
        )
        torch.testing.assert_close(third, first, rtol=2e-6, atol=0)
        torch.testing.assert_close(
            second, first * 4, rtol=1e-2 if dtype.itemsize == 2 else 2e-6, atol=0
        )


def test_the_graph_can_be_freed_only_once() -> None:
    loss = functional(logits(3, 2), soft(3, 2).detach())
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_two_uses_of_one_loss_add_up() -> None:
    x, y = logits(3, 2), soft(3, 2).detach()
    loss = functional(x, y, reduction="none")
    (gradient,) = torch.autograd.grad((loss * 2).sum() + loss.sum(), x)
    (single,) = torch.autograd.grad(functional(x, y), x)
    torch.testing.assert_close(gradient, single * 3)


def test_gradients_accumulate_over_calls() -> None:
    x, y = logits(40_000, 2), soft(40_000, 2).detach()
    functional(x, y).backward()
    assert x.grad is not None
    once = x.grad.clone()
    functional(x, y).backward()
    torch.testing.assert_close(x.grad, once * 2)


def test_no_grad_records_nothing() -> None:
    x, y = logits(3, 2), soft(3, 2)
    with torch.no_grad():
        assert not functional(x, y).requires_grad
        assert not by_class(logits(5, 4), INDEX, FG).requires_grad
    assert functional(x.detach(), y.detach()).grad_fn is None


def test_changing_the_logits_in_place_before_backward_is_no_silent_error() -> None:
    x = logits(3, 2)
    y = soft(3, 2).detach()
    hidden = x * 1.0
    loss = functional(hidden, y)
    (expected,) = torch.autograd.grad(functional(x * 1.0, y), x)
    hidden.detach().mul_(2)
    # The slope was taken at the old values, so the gradient is still theirs.
    (gradient,) = torch.autograd.grad(loss, x)
    torch.testing.assert_close(gradient, expected)


FACES: dict[str, Callable[[Tensor], Tensor]] = {
    "functional sum": lambda x: functional(x, SOFT.to(x.dtype)),
    "functional mean": lambda x: functional(
        x, SOFT.to(x.dtype), torch.tensor([2.0]), gamma=1.5, reduction="mean"
    ),
    "functional none": lambda x: functional(x, SOFT.to(x.dtype), gamma=0.5, reduction="none"),
    "functional alpha by class": lambda x: functional(
        x, SOFT.to(x.dtype), alpha=torch.tensor([0.1, 0.2, 0.3, 0.4])
    ),
    "by class": lambda x: by_class(x, INDEX, FG, 2.0, 0.3),
    "module": lambda x: SigmoidFocalLoss()(x, SOFT.to(x.dtype)),
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_compiles_without_a_graph_break(face: str, dtype: torch.dtype) -> None:
    torch.compiler.reset()
    function = FACES[face]
    expected_x, found_x = logits(5, 4, dtype=dtype), logits(5, 4, dtype=dtype)
    expected = function(expected_x)
    found = torch.compile(function, fullgraph=True, backend="aot_eager")(found_x)
    assert found.dtype == expected.dtype
    rtol, atol = (2e-6, 2e-6) if dtype.itemsize > 2 else (2e-3, 1e-3)
    torch.testing.assert_close(found, expected, rtol=rtol, atol=atol)
    expected.sum().backward()
    found.sum().backward()
    torch.testing.assert_close(found_x.grad, expected_x.grad, rtol=rtol, atol=atol)


@pytest.mark.parametrize("face", FACES)
def test_maps_over_a_batch(face: str) -> None:
    function = FACES[face]
    x = torch.stack([logits(5, 4).detach(), logits(5, 4).detach() - 1])
    mapped = torch.func.vmap(function)(x)
    torch.testing.assert_close(mapped, torch.stack([function(row) for row in x]))
    gradient = torch.func.vmap(torch.func.grad(lambda row: function(row).sum()))(x)
    rows = [row.clone().requires_grad_() for row in x]
    for row in rows:
        function(row).sum().backward()
    torch.testing.assert_close(gradient, torch.stack([row.grad for row in rows]))


@pytest.mark.parametrize("face", FACES)
def test_forward_mode_and_hessian(face: str) -> None:
    function = FACES[face]
    x = logits(5, 4).detach()
    tangent = torch.ones_like(x)
    forward = torch.func.jvp(lambda x: function(x).sum(), (x,), (tangent,))[1]
    gradient = torch.func.grad(lambda x: function(x).sum())(x)
    torch.testing.assert_close(forward, gradient.sum())
    hessian = torch.func.hessian(lambda x: function(x).sum())(x)
    assert torch.isfinite(hessian).all()


@pytest.mark.parametrize("face", FACES)
def test_fake_tensors_infer_shape_and_dtype(face: str) -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    function = FACES[face]
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake = mode.from_tensor(torch.zeros(5, 4))
        found = function(fake)
    expected = function(torch.zeros(5, 4))
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)


def test_gradient_checkpointing_gives_the_same_gradient() -> None:
    from torch.utils.checkpoint import checkpoint

    y = soft(300, 2).detach()
    first, second = logits(300, 2), logits(300, 2)
    functional(first * 2, y).backward()
    result = checkpoint(lambda x: functional(x * 2, y), second, use_reentrant=False)
    result.backward()
    torch.testing.assert_close(second.grad, first.grad)
