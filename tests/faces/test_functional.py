# ruff: noqa: E501 - tables of cases, one a line
"""`nn.functional.sigmoid_focal_loss`: its rules, and what it says about bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from paddle_compat.nn.functional import sigmoid_focal_loss

X = torch.tensor([[0.5, -1.0, 2.0], [0.1, 0.2, 0.3]])
Y = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

CASES: list[tuple[type[Exception], str, tuple[Any, ...], dict[str, Any]]] = [
    (ValueError, "reduction must be 'sum', 'mean' or 'none', but it is 'SUM'", (X, Y), {"reduction": "SUM"}),
    (ValueError, "reduction must be 'sum', 'mean' or 'none', but it is None", (X, Y), {"reduction": None}),
    (ValueError, "reduction must be 'sum', 'mean' or 'none', but it is ['sum']", (X, Y), {"reduction": ["sum"]}),
    (ValueError, "logit must be a tensor, but it is ndarray; use paddle_compat.to_tensor(logit)", (X.numpy(), Y), {}),
    (ValueError, "label must be a tensor, but it is list; use paddle_compat.to_tensor(label)", (X, [1.0]), {}),
    (ValueError, "label must have the shape of logit, [2, 3], but its shape is [3]", (X, Y[0]), {}),
    (ValueError, "use label.expand_as(logit)", (X, Y[:, :1]), {}),
    (ValueError, "label must have the dtype of logit, torch.float32, but it is torch.float64; use label.to(logit.dtype)", (X, Y.double()), {}),
    (RuntimeError, "logit must be float32 or float64, but it is torch.int32; use logit.float()", (X.int(), Y.int()), {}),
    (RuntimeError, "label must be float32 or float64, but it is torch.bool; use label.float()", (X, Y.bool()), {}),
    (ValueError, "normalizer must have no dimension or one, but its shape is [1, 1]; use normalizer.reshape(-1)", (X, Y, torch.ones(1, 1)), {}),
    (ValueError, "normalizer must broadcast against logit's last dimension, 3, but its shape is [2]", (X, Y, torch.ones(2)), {}),
    (ValueError, "normalizer must broadcast against logit's last dimension, 3, but its shape is [0]", (X, Y, torch.ones(0)), {}),
    (ValueError, "normalizer must be a tensor or a number, but it is a numpy array", (X, Y, np.ones(1)), {}),
    (AttributeError, "normalizer must be a tensor or a number, but it is list; use paddle_compat.to_tensor(normalizer)", (X, Y, [2.0]), {}),
    (TypeError, "normalizer must be floating where it has a dimension, but it is torch.int64; use normalizer.to(logit.dtype)", (X, Y, torch.tensor([2])), {}),
    (TypeError, "gamma must be a number, but it is NoneType; pass float(gamma)", (X, Y), {"gamma": None}),
    (TypeError, "gamma must be a number, but it is str; pass float(gamma)", (X, Y), {"gamma": "2"}),
    (ValueError, "gamma must be one number, but it has 3 elements", (X, Y), {"gamma": torch.ones(3)}),
    (TypeError, "alpha must be a number, but it is str; pass float(alpha)", (X, Y), {"alpha": "a"}),
    (TypeError, "alpha must be a number, but it is NoneType", (X, Y), {"alpha": None}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "arguments", "keywords"), CASES)
def test_error_names_the_argument_what_it_is_and_the_fix(
    kind: type[Exception], text: str, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    with pytest.raises(kind) as caught:
        sigmoid_focal_loss(*arguments, **keywords)
    assert type(caught.value) is kind
    assert text in str(caught.value)


def test_checks_come_in_paddles_order() -> None:
    matrix = torch.ones(1, 1)
    with pytest.raises(ValueError, match="reduction"):
        sigmoid_focal_loss(X, Y[0], matrix, reduction="x")
    with pytest.raises(ValueError, match="normalizer"):
        sigmoid_focal_loss(X, Y[0], matrix)
    with pytest.raises(ValueError, match="label"):
        sigmoid_focal_loss(X, Y[0])


def test_order_of_the_arguments_is_paddles() -> None:
    by_position = sigmoid_focal_loss(X, Y, None, 0.4, 1.5, "mean", "a name")
    by_name = sigmoid_focal_loss(
        name=None, reduction="mean", gamma=1.5, alpha=0.4, normalizer=None, label=Y, logit=X
    )
    assert by_position == by_name


@pytest.mark.parametrize("size", [2, 60_000])
def test_infinite_logits_have_their_limits(size: int) -> None:
    inf = float("inf")
    x = torch.tensor([inf, -inf, inf, -inf, inf, 0.5]).repeat(size, 1).requires_grad_()
    y = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.5, 0.0]).repeat(size, 1)
    loss = sigmoid_focal_loss(x, y, reduction="none")
    loss.sum().backward()
    assert loss[-1, :5].tolist() == [inf, inf, 0, 0, inf]
    assert x.grad is not None
    assert x.grad[-1, :5].tolist() == [0.75, -0.25, 0, 0, 0.5 * 0.5**3]
    (last,) = torch.autograd.grad(sigmoid_focal_loss(x[:, 5], y[:, 5]), x)
    torch.testing.assert_close(x.grad[:, 5], last[:, 5])


@pytest.mark.parametrize("size", [2, 60_000])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.5, 2.0])
def test_ignored_element_contributes_nothing(size: int, gamma: float) -> None:
    logits = [float("nan"), float("inf"), -float("inf"), 1e30, -3.0, 0.5]
    x = torch.tensor(logits).repeat(size, 1).requires_grad_()
    y = torch.tensor([-100.0, -100, -100.9, -100.5, -100, 1.0]).repeat(size, 1)
    for reduction in ("sum", "mean"):
        loss = sigmoid_focal_loss(x, y, gamma=gamma, reduction=reduction)
        (gradient,) = torch.autograd.grad(loss, x)
        only = sigmoid_focal_loss(x[:, 5], y[:, 5], gamma=gamma)
        torch.testing.assert_close(loss, only / (x.numel() if reduction == "mean" else 1))
        assert (gradient[:, :5] == 0).all()
    elements = sigmoid_focal_loss(x, y, gamma=gamma, reduction="none")
    assert (elements[:, :5] == 0).all()


@pytest.mark.parametrize("size", [1, 100_000])
def test_nearly_ignored_labels_count(size: int) -> None:
    y = torch.tensor([-99.9, -101.0, float("nan")]).repeat(size, 1)
    loss = sigmoid_focal_loss(torch.ones(size, 3), y, reduction="none")
    assert (loss[:, :2] != 0).all()
    assert loss[:, 2].isnan().all()


def test_gamma_is_rounded_to_float32_and_alpha_is_not() -> None:
    x, y = X.double(), Y.double()
    rounded = float(np.float32(1.1))
    assert sigmoid_focal_loss(x, y, gamma=1.1) == sigmoid_focal_loss(x, y, gamma=rounded)
    assert sigmoid_focal_loss(x, y, alpha=0.1) != sigmoid_focal_loss(
        x, y, alpha=float(np.float32(0.1))
    )


@pytest.mark.parametrize("kind", [int, bool, np.float32, np.float64, np.array, torch.tensor])
def test_hyper_parameters_may_be_any_one_number(kind: Any) -> None:
    expected = sigmoid_focal_loss(X, Y, gamma=1.0, alpha=1.0)
    assert sigmoid_focal_loss(X, Y, gamma=kind(1), alpha=kind(1)) == expected
    assert sigmoid_focal_loss(X, Y, gamma=[1.0], alpha=[1.0]) == expected  # type: ignore[arg-type]


def test_alpha_by_class_gets_no_gradient() -> None:
    alpha = torch.tensor([0.1, 0.25, 0.9], requires_grad=True)
    x = X.clone().requires_grad_()
    loss = sigmoid_focal_loss(x, Y, alpha=alpha)
    columns = [sigmoid_focal_loss(X[:, i], Y[:, i], alpha=alpha[i].item()) for i in range(3)]
    torch.testing.assert_close(loss.detach(), torch.stack(columns).sum())
    assert torch.autograd.grad(loss, [x, alpha], allow_unused=True)[1] is None


@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
def test_a_number_as_normalizer_is_an_extension(reduction: str) -> None:
    tensor = sigmoid_focal_loss(X, Y, torch.tensor(4.0), reduction=reduction)
    for number in (4, 4.0):
        assert torch.equal(sigmoid_focal_loss(X, Y, number, reduction=reduction), tensor)


def test_infinite_gamma_leaves_no_gradient() -> None:
    x = X.clone().requires_grad_()
    loss = sigmoid_focal_loss(x, Y, gamma=float("inf"))
    loss.backward()
    assert loss == 0
    assert x.grad is not None
    assert (x.grad == 0).all()
    assert sigmoid_focal_loss(X, Y, gamma=float("nan")).isnan()
