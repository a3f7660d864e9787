"""Losses that compare two tensors element by element."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import FLOATS, check_number, check_type, dtypes
from paddle_compat.fluid.layers.loss.pairs import alike, check_pair
from paddle_compat.fluid.layers.nn.reduce import reduce_mean

__all__ = [
    "huber_loss",
    "kldiv_loss",
    "mse_loss",
    "sigmoid_cross_entropy_with_logits",
    "square_error_cost",
]

_IGNORED = -100
_FLOATS = dtypes("float32", "float64")


def _sigmoid_rule(arguments: dict[str, Any]) -> Signature:
    x, label = arguments["x"], arguments["label"]
    _check_sigmoid(x, label, arguments["ignore_index"])
    return alike("sigmoid_cross_entropy_with_logits", x, label)


def _check_sigmoid(x: Any, label: Any, ignored: Any) -> None:
    check_pair("sigmoid_cross_entropy_with_logits", FLOATS, x=x, label=label)
    check_type("sigmoid_cross_entropy_with_logits", "ignore_index", ignored, int, "an int")


@layer(infer=_sigmoid_rule, no_gradient=("label",))
def sigmoid_cross_entropy_with_logits(
    x: Tensor,
    label: Tensor,
    ignore_index: int = _IGNORED,
    name: str | None = None,
    normalize: bool = False,
) -> Tensor:
    """Return the cross entropy of every label with the sigmoid of its logit.

    Args:
        x: logits, float16, float32 or float64.
        label: of x's shape and dtype: how likely each one is; no gradient reaches it.
        ignore_index: labels of this value count for nothing.
        name: names the result.
        normalize: whether the losses are divided by the number of labels that count.

    Returns:
        The losses, in x's shape and dtype.

    Raises:
        TypeError: a tensor is none of floats, or ignore_index no int.
        ValueError: shapes or dtypes differ.

    Convention:
        - denominator: none, or the number of labels that are not ignored.
        - ignored: contribute exactly 0, whatever their logits.

    Source:
        ``paddle.fluid.layers.sigmoid_cross_entropy_with_logits``, PaddlePaddle 1.8.
    """
    _check_sigmoid(x, label, ignore_index)
    alike("sigmoid_cross_entropy_with_logits", x, label)
    label = label.detach()
    ignored = torch.trunc(label) == ignore_index  # the real operator looks at the integer part
    logits = torch.where(ignored, x.new_zeros(()), x)
    target = torch.where(ignored, label.new_zeros(()), label)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    loss = torch.where(ignored, loss.new_zeros(()), loss)
    if normalize:
        loss = loss / (~ignored).sum().clamp(min=1).to(x.dtype)
    return loss


def _square_rule(arguments: dict[str, Any]) -> Signature:
    x, y = arguments["input"], arguments["label"]
    check_pair("square_error_cost", _FLOATS, input=x, label=y)
    return alike("square_error_cost", x, y)


@layer(before=1, infer=_square_rule)
def square_error_cost(input: Tensor, label: Tensor) -> Tensor:
    """Return the square of the difference, element by element.

    Args:
        input: float32 or float64.
        label: of the input's shape and dtype.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: shapes or dtypes differ.

    Source:
        ``paddle.fluid.layers.square_error_cost``, PaddlePaddle 1.8.
    """
    check_pair("square_error_cost", _FLOATS, input=input, label=label)
    alike("square_error_cost", input, label)
    return torch.square(input - label)


def mse_loss(input: Any, label: Any) -> Any:
    """Return the mean of the squares of the differences, [1].

    Args:
        input: float32 or float64.
        label: of the input's shape and dtype.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: shapes or dtypes differ.

    Source:
        ``paddle.fluid.layers.mse_loss``, PaddlePaddle 1.8.
    """
    return reduce_mean(square_error_cost(input, label))


def _huber_rule(arguments: dict[str, Any]) -> Signature:
    x, y = arguments["input"], arguments["label"]
    check_pair("huber_loss", _FLOATS, input=x, label=y)
    return alike("huber_loss", x, y)


@layer(before=1, infer=_huber_rule)
def huber_loss(input: Tensor, label: Tensor, delta: float) -> Tensor:
    r"""Return the Huber loss, element by element.

    With r = label - input it is r^2 / 2 where |r| <= delta, and delta (|r| - delta / 2) elsewhere.

    Args:
        input: float32 or float64.
        label: of the input's shape and dtype.
        delta: where the parabola ends, rounded to float32.

    Raises:
        TypeError: an argument is no such tensor, or delta no number.
        ValueError: shapes or dtypes differ.

    Source:
        ``paddle.fluid.layers.huber_loss``, PaddlePaddle 1.8.
    """
    check_pair("huber_loss", _FLOATS, input=input, label=label)
    alike("huber_loss", input, label)
    check_number("huber_loss", "delta", delta)
    limit = single(delta)
    residual = label - input
    size = residual.abs()
    return torch.where(size <= limit, 0.5 * residual * residual, limit * (size - 0.5 * limit))


def _kldiv_rule(arguments: dict[str, Any]) -> Signature:
    x, target = arguments["x"], arguments["target"]
    _check_kldiv(x, target, arguments["reduction"])
    shape, dtype = alike("kldiv_loss", x, target)
    return (shape if arguments["reduction"] == "none" else (1,)), dtype


def _check_kldiv(x: Any, target: Any, reduction: Any) -> None:
    check_pair("kldiv_loss", _FLOATS, x=x, target=target)
    check_type("kldiv_loss", "reduction", reduction, str, "a string")
    if reduction not in ("none", "batchmean", "mean", "sum"):
        raise ValueError(
            f"kldiv_loss: reduction must be none, batchmean, mean or sum, but it is {reduction!r}"
        )


@layer(infer=_kldiv_rule, no_gradient=("target",), shares=None)
def kldiv_loss(
    x: Tensor, target: Tensor, reduction: str = "mean", name: str | None = None
) -> Tensor:
    """Return target (log(target) - x): how far probabilities are from others, given as logs.

    Args:
        x: logarithms of probabilities, float32 or float64.
        target: probabilities, of x's shape and dtype; what is not positive contributes 0. No
            gradient reaches it.
        reduction: none; mean; sum; or batchmean, the sum over x's first size.
        name: names the result.

    Returns:
        In x's shape for none, and [1] otherwise.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: shapes or dtypes differ, or there is no such reduction.

    Source:
        ``paddle.fluid.layers.kldiv_loss``, PaddlePaddle 1.8.
    """
    _check_kldiv(x, target, reduction)
    alike("kldiv_loss", x, target)
    target = target.detach()
    positive = target > 0
    logs = torch.log(torch.where(positive, target, target.new_ones(())))
    loss = torch.where(positive, target * (logs - x), x.new_zeros(()))
    if reduction == "none":
        return loss
    if reduction == "mean":
        return loss.mean().reshape(1)
    total = loss.sum().reshape(1)
    return total / x.shape[0] if reduction == "batchmean" else total
