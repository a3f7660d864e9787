"""Losses, and a norm, that Paddle keeps among the network layers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import check_tensor, dtypes
from paddle_compat.fluid.layers._shapes import axis_of, merge, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["dice_loss", "l2_normalize", "label_smooth", "log_loss", "smooth_l1"]

_FLOATS = dtypes("float32", "float64")


def _smooth_rule(arguments: dict[str, Any]) -> Signature:
    x, y = arguments["x"], arguments["y"]
    _check_smooth(x, y, arguments["inside_weight"], arguments["outside_weight"])
    rows = merge("smooth_l1", "x and y", (x.shape, y.shape))[0]
    return (rows, 1), torch_dtype_of(x)


def _check_smooth(x: Any, y: Any, inside: Any, outside: Any) -> None:
    check_tensor("smooth_l1", "x", stand_in(x), _FLOATS)
    check_tensor("smooth_l1", "y", stand_in(y), _FLOATS)
    if len(x.shape) < 2:
        raise ValueError(
            f"smooth_l1: x must have at least 2 dimensions, but its shape is {list(x.shape)}"
        )
    if (inside is None) != (outside is None):
        raise ValueError("smooth_l1: inside_weight and outside_weight must be given together")
    weights = [] if inside is None else [inside, outside]
    for weight in weights:
        check_tensor("smooth_l1", "a weight", stand_in(weight), _FLOATS)
    merge("smooth_l1", "x, y and the weights", (value.shape for value in (x, y, *weights)))


@layer(
    "smooth_l1_loss",
    before=1,
    infer=_smooth_rule,
    no_gradient=("inside_weight", "outside_weight"),
    shares=None,
)
def smooth_l1(
    x: Tensor,
    y: Tensor,
    inside_weight: Tensor | None = None,
    outside_weight: Tensor | None = None,
    sigma: float | None = None,
) -> Tensor:
    r"""Return the smooth L1 loss of every row.

    With d = inside_weight * (x - y), an element's loss is

    .. math::
        outside \cdot \begin{cases}
            \tfrac{1}{2} \sigma^2 d^2 & |d| < 1 / \sigma^2 \\
            |d| - 1 / (2 \sigma^2) & \text{otherwise}
        \end{cases}

    Args:
        x: [N, ...], float32 or float64.
        y: of x's shape and dtype.
        inside_weight: of x's shape; None is 1.
        outside_weight: of x's shape; given exactly where the other is.
        sigma: a number, whose square is rounded to float32; None is 1.

    Returns:
        [N, 1]: the sums of the rows' elements.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the shapes differ, or one weight is given without the other.

    Convention:
        No mean is taken: rows add up. Gradients reach x and y, and no weight.

    Source:
        ``paddle.fluid.layers.smooth_l1``, PaddlePaddle 1.8.
    """
    _check_smooth(x, y, inside_weight, outside_weight)
    width = single(1.0 if sigma is None else sigma)
    square = single(width * width)
    difference = x - y
    if inside_weight is not None:
        difference = difference * inside_weight.detach()
    size = difference.abs()
    loss = torch.where(size < 1.0 / square, 0.5 * size * size * square, size - 0.5 / square)
    if outside_weight is not None:
        loss = loss * outside_weight.detach()
    return loss.reshape(x.shape[0], -1).sum(1, keepdim=True)


def _log_rule(arguments: dict[str, Any]) -> Signature:
    x, label = arguments["input"], arguments["label"]
    _check_log(stand_in(x), stand_in(label))
    return merge("log_loss", "input and label", (x.shape, label.shape)), torch_dtype_of(x)


def _check_log(x: Any, label: Any) -> None:
    check_tensor("log_loss", "input", x, dtypes("float32"))
    check_tensor("log_loss", "label", label, dtypes("float32"))


@layer(infer=_log_rule, no_gradient=("label",))
def log_loss(
    input: Tensor, label: Tensor, epsilon: float = 1e-4, name: str | None = None
) -> Tensor:
    """Return -label log(input + epsilon) - (1 - label) log(1 - input + epsilon).

    Args:
        input: [N, 1] of float32: probabilities.
        label: [N, 1] of float32; no gradient reaches it.
        epsilon: rounded to float32.
        name: names the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the shapes are not as above.

    Source:
        ``paddle.fluid.layers.log_loss``, PaddlePaddle 1.8.
    """
    _check_log(input, label)
    if input.shape != label.shape or input.ndim != 2 or input.shape[1] != 1:
        raise ValueError(
            f"log_loss: input and label must be [N, 1], but they are {list(input.shape)} and "
            f"{list(label.shape)}"
        )
    label, small = label.detach(), single(epsilon)
    return -label * torch.log(input + small) - (1 - label) * torch.log(1 - input + small)


@layer("norm", key="l2_normalize", after=1, shares=None)
def l2_normalize(
    x: Tensor, axis: int | None, epsilon: float = 1e-12, name: str | None = None
) -> Tensor:
    """Return a tensor, divided by sqrt(sum of squares + epsilon) along an axis.

    Args:
        x: float32 or float64.
        axis: along which the squares add up; None is 1. Of a vector, always its only one.
        epsilon: rounded to float32.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.
        ValueError: there is no such axis.

    Source:
        ``paddle.fluid.layers.l2_normalize``, PaddlePaddle 1.8.
    """
    check_tensor("l2_normalize", "x", x, _FLOATS)
    along = 0 if x.ndim == 1 else 1 if axis is None else axis
    dim = axis_of("l2_normalize", "axis", along, x.ndim)
    return x / torch.sqrt((x * x).sum(dim, keepdim=True) + single(epsilon))


def _check_label_smooth(label: Any, prior: Any, epsilon: Any) -> None:
    if not 0 <= epsilon <= 1:
        raise ValueError(f"label_smooth: epsilon must be in [0, 1], but it is {epsilon}")
    check_tensor("label_smooth", "label", stand_in(label), _FLOATS)
    if prior is not None:
        check_tensor("label_smooth", "prior_dist", stand_in(prior), _FLOATS)


def _label_smooth_rule(arguments: dict[str, Any]) -> Signature:
    label = arguments["label"]
    _check_label_smooth(label, arguments["prior_dist"], arguments["epsilon"])
    return tuple(label.shape), torch_dtype_of(label)


@layer(infer=_label_smooth_rule, no_gradient=True)
def label_smooth(
    label: Tensor,
    prior_dist: Tensor | None = None,
    epsilon: float = 0.1,
    dtype: Any = "float32",
    name: str | None = None,
) -> Tensor:
    """Return labels mixed with other probabilities: (1 - epsilon) label + epsilon prior.

    Args:
        label: [..., C] of float32 or float64: one-hot labels.
        prior_dist: [1, C]: what is mixed in; None is 1 / C for each class.
        epsilon: how much of it, in [0, 1], rounded to float32.
        dtype: not used; the result has the label's.
        name: names the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: epsilon is out of range, or prior_dist has another size.

    Convention:
        No gradient passes.

    Source:
        ``paddle.fluid.layers.label_smooth``, PaddlePaddle 1.8.
    """
    _check_label_smooth(label, prior_dist, epsilon)
    mixed, classes = single(epsilon), label.shape[-1]
    kept = (1 - mixed) * label.detach()
    if prior_dist is None:
        return kept + mixed / classes
    if prior_dist.numel() != classes:
        raise ValueError(
            f"label_smooth: prior_dist must be [1, {classes}], one for each class, but its shape "
            f"is {list(prior_dist.shape)}"
        )
    return kept + mixed * prior_dist.detach().reshape(classes)


def dice_loss(input: Any, label: Any, epsilon: float = 1e-5, name: str | None = None) -> Any:
    """Return one minus the mean overlap of probabilities and labels, [1].

    Args:
        input: [N, ..., C] of float32: probabilities.
        label: [N, ..., 1] of int32 or int64: class indices.
        epsilon: added to what is divided by.
        name: not used.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the label's last size is not 1.

    Source:
        ``paddle.fluid.layers.dice_loss``, PaddlePaddle 1.8.
    """
    from paddle_compat.fluid.layers.nn.pick import one_hot
    from paddle_compat.fluid.layers.nn.reduce import reduce_mean, reduce_sum

    label = one_hot(label, depth=input.shape[-1])
    dims = list(range(1, len(input.shape)))
    both = reduce_sum(input * label, dim=dims)
    either = reduce_sum(input, dim=dims) + reduce_sum(label, dim=dims)
    return reduce_mean(1 - both * 2 / (either + epsilon))
