# ruff: noqa: E501 - tables of cases, one a line
"""`fluid.layers.sigmoid_focal_loss`: its rules, its errors, and the seam for static programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from paddle_compat import fluid
from paddle_compat.fluid._layer import LayerSpec, Recorder
from paddle_compat.fluid.layers import detection, sigmoid_focal_loss

X = torch.tensor([[0.5, -1.0, 2.0], [0.1, 0.2, 0.3]])
LABEL = torch.tensor([[1], [0]], dtype=torch.int32)
FG = torch.tensor([2], dtype=torch.int32)

CASES: list[tuple[type[Exception], str, tuple[Any, ...]]] = [
    (TypeError, "x must be float32 or float64, but it is torch.int32; use x.float()", (X.int(), LABEL, FG)),
    (TypeError, "label must be int32, but it is torch.int64; use label.int()", (X, LABEL.long(), FG)),
    (TypeError, "fg_num must be int32, but it is torch.float32; use fg_num.int()", (X, LABEL, FG.float())),
    (TypeError, "x must be a tensor of float32 or float64, but it is ndarray; use torch.as_tensor(x)", (X.numpy(), LABEL, FG)),
    (TypeError, "x must be a tensor of float32 or float64, but it is float", (1.0, LABEL, FG)),
    (TypeError, "x must be", (X.int(), LABEL.long(), FG.float())),
    (TypeError, "label must be", (X, LABEL.long(), FG.float())),
    (ValueError, "x must be [N, C], but its shape is [3]", (X[0], LABEL, FG)),
    (ValueError, "bring logits of more dimensions to one row per anchor, as in x.reshape(-1, C)", (X[None], LABEL, FG)),
    (ValueError, "label must be [N, 1] with the N of x (2), but its shape is [2]; use label.reshape(-1, 1)", (X, LABEL[:, 0], FG)),
    (ValueError, "but its shape is [1, 1]", (X, LABEL[:1], FG)),
    (ValueError, "but its shape is [2, 2]", (X, LABEL.expand(2, 2), FG)),
    (ValueError, "fg_num must be [1], but its shape is []; use fg_num.reshape(1)", (X, LABEL, FG[0])),
    (ValueError, "fg_num must be [1], but its shape is [1, 1]", (X, LABEL, FG[None])),
    (ValueError, "fg_num must be [1], but its shape is [0]", (X, LABEL, FG[:0])),
    (TypeError, "gamma must be a number, but it is NoneType; pass float(gamma)", (X, LABEL, FG, None)),
    (TypeError, "gamma must be a number, but it is str", (X, LABEL, FG, "2")),
    (TypeError, "alpha must be a number, but it is list; pass float(alpha)", (X, LABEL, FG, 2.0, [0.25])),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "arguments"), CASES)
def test_error_names_the_argument_what_it_is_and_the_fix(
    kind: type[Exception], text: str, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(kind) as caught:
        sigmoid_focal_loss(*arguments)
    assert type(caught.value) is kind
    assert text in str(caught.value)


def test_is_found_where_paddle_keeps_it() -> None:
    assert fluid.layers.sigmoid_focal_loss is detection.sigmoid_focal_loss
    assert sigmoid_focal_loss.__name__ == "sigmoid_focal_loss"


def test_order_of_the_arguments_is_paddles() -> None:
    by_position = sigmoid_focal_loss(X, LABEL, FG, 1.5, 0.4)
    by_name = sigmoid_focal_loss(alpha=0.4, gamma=1.5, fg_num=FG, label=LABEL, x=X)
    assert torch.equal(by_position, by_name)


def loss_and_gradient(
    x: Tensor, label: Tensor, fg_num: Tensor = FG, **keywords: float
) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    loss = sigmoid_focal_loss(x, label, fg_num, **keywords)
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    return loss.detach(), gradient


@pytest.mark.parametrize("rows", [1, 60_000])
def test_ignored_row_contributes_nothing(rows: int) -> None:
    inf = float("inf")
    x = torch.tensor([[float("nan"), inf, -inf, 1e30, 0.1]]).repeat(rows, 1)
    loss, gradient = loss_and_gradient(x, torch.full((rows, 1), -1, dtype=torch.int32))
    assert (loss == 0).all()
    assert (gradient == 0).all()


@pytest.mark.parametrize("rows", [1, 60_000])
@pytest.mark.parametrize("label", [0, 6, 7, 1000, -2, -100, -(2**31), 2**31 - 1])
def test_labels_outside_of_1_to_c_are_background(rows: int, label: int) -> None:
    x = torch.randn(rows, 5)
    found = loss_and_gradient(x, torch.full((rows, 1), label, dtype=torch.int32))
    background = loss_and_gradient(x, torch.zeros(rows, 1, dtype=torch.int32))
    # Not bit for bit: torch rounds a tensor's last few elements by other instructions.
    torch.testing.assert_close(found, background, rtol=1e-6, atol=0)
    assert (found[0] > 0).all()


@pytest.mark.parametrize("fg_num", [[1], [0], [-5], [-(2**31)], [1, 9]])
def test_fg_num_below_one_counts_as_one_and_its_first_element_counts(fg_num: list[int]) -> None:
    found = sigmoid_focal_loss(X, LABEL, torch.tensor(fg_num, dtype=torch.int32))
    expected = sigmoid_focal_loss(X, LABEL, torch.ones(1, dtype=torch.int32))
    assert torch.equal(found, expected)


@pytest.mark.parametrize("rows", [1, 60_000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_value_of_a_positive_saturates_and_its_gradient_does_not(
    rows: int, dtype: torch.dtype
) -> None:
    x = torch.tensor([[-87.3, -87.4, -500.0, -float("inf"), 500.0]], dtype=dtype).repeat(rows, 1)
    ceiling = 0.25 * 87.33654475055310898 / 2
    for column, value in enumerate([0.25 * 87.3 / 2, ceiling, ceiling, ceiling, 0.0]):
        label = torch.full((rows, 1), column + 1, dtype=torch.int32)
        loss, gradient = loss_and_gradient(x, label)
        expected = torch.full((rows,), value, dtype=dtype)
        torch.testing.assert_close(loss[:, column], expected, rtol=1e-6, atol=0)
        slope = -0.125 if value else 0.0
        assert (gradient[:, column] == slope).all()
        others = [i for i in range(4) if i != column]
        assert torch.isfinite(loss[:, others]).all()


@pytest.mark.parametrize("rows", [1, 60_000])
def test_a_weight_of_zero_makes_nothing_of_an_infinite_loss(rows: int) -> None:
    x = torch.tensor([[float("inf"), -float("inf"), 1.0]]).repeat(rows, 1)
    for label, alpha in ((0, 1.0), (2, 0.0)):
        loss, gradient = loss_and_gradient(
            x, torch.full((rows, 1), label, dtype=torch.int32), alpha=alpha
        )
        column = 0 if label == 0 else 1
        assert (loss[:, column] == 0).all()
        assert (gradient[:, column] == 0).all()


def test_infinite_negatives_have_their_limits() -> None:
    x = torch.tensor([[float("inf"), -float("inf")]])
    loss, gradient = loss_and_gradient(x, torch.zeros(1, 1, dtype=torch.int32))
    assert loss.tolist() == [[float("inf"), 0]]
    assert gradient.tolist() == [[0.375, 0]]


def test_hyper_parameters_are_rounded_to_float32() -> None:
    x = X.double()
    exact = sigmoid_focal_loss(x, LABEL, FG, float(np.float32(1.1)), float(np.float32(0.1)))
    assert torch.equal(sigmoid_focal_loss(x, LABEL, FG, 1.1, 0.1), exact)


@pytest.mark.parametrize("kind", [int, bool, np.float32, np.float64, np.int64, np.bool_])
def test_hyper_parameters_may_be_any_number(kind: Callable[[int], float]) -> None:
    expected = sigmoid_focal_loss(X, LABEL, FG, 1.0, 1.0)
    assert torch.equal(sigmoid_focal_loss(X, LABEL, FG, kind(1), kind(1)), expected)


def test_no_gradient_reaches_label_or_fg_num_and_the_result_is_never_negative_zero() -> None:
    loss = sigmoid_focal_loss(X.clone().requires_grad_(), LABEL, FG)
    assert loss.requires_grad
    extreme = torch.tensor([[-1000.0, 1000.0]])
    for label in (0, 2, -1):
        value = sigmoid_focal_loss(extreme, torch.tensor([[label]], dtype=torch.int32), FG)
        assert not torch.signbit(value).any()


class Variable:
    """Stands for a static program's variable."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __fluid_layer__(self, spec: LayerSpec, arguments: dict[str, Any]) -> str:
        self.calls.append((spec.type, arguments))
        self.function = spec.function
        return "recorded"


@pytest.mark.parametrize("position", ["x", "label", "fg_num"])
def test_a_layer_called_with_a_variable_records_itself(position: str) -> None:
    variable = Variable()
    assert isinstance(variable, Recorder)
    arguments: dict[str, Any] = {"x": X, "label": LABEL, "fg_num": FG, position: variable}
    result: Any = sigmoid_focal_loss(**arguments, gamma=1.5)
    assert result == "recorded"
    [(name, recorded)] = variable.calls
    assert name == "sigmoid_focal_loss"
    assert recorded == arguments | {"gamma": 1.5, "alpha": 0.25}
    replayed = variable.function(X, LABEL, FG, 1.5)
    assert torch.equal(replayed, sigmoid_focal_loss(X, LABEL, FG, 1.5))
