"""`paddle.fluid.layers.loss`: losses."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers import _publish
from paddle_compat.fluid.layers._attributes import single
from paddle_compat.fluid.layers._checks import (
    FLOATS,
    check_number,
    check_tensor,
    check_type,
    dtypes,
)
from paddle_compat.fluid.layers._shapes import axis_of, merge, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn.reduce import reduce_mean

__all__ = [
    "cross_entropy",
    "huber_loss",
    "kldiv_loss",
    "mse_loss",
    "sigmoid_cross_entropy_with_logits",
    "softmax_with_cross_entropy",
    "square_error_cost",
]

_IGNORED = -100
_INDEX = dtypes("int64")
_FLOATS = dtypes("float32", "float64")
# What the real operators put in place of log 0, and the farthest a logit lies below the largest.
_INFINITE = 1e20
_FARTHEST = -64.0


def _check_pair(layer: str, allowed: tuple[torch.dtype, ...], **pair: Any) -> None:
    for name, value in pair.items():
        check_tensor(layer, name, stand_in(value), allowed)
    (one, x), (other, y) = pair.items()
    if torch_dtype_of(x) != torch_dtype_of(y):
        raise ValueError(
            f"{layer}: {one} and {other} must have one dtype, but they have {torch_dtype_of(x)} "
            f"and {torch_dtype_of(y)}; use fluid.layers.cast"
        )


def _alike(layer: str, x: Any, y: Any) -> Signature:
    merge(layer, "its two tensors", (x.shape, y.shape))
    return tuple(x.shape), torch_dtype_of(x)


def _sigmoid_rule(arguments: dict[str, Any]) -> Signature:
    x, label = arguments["x"], arguments["label"]
    _check_sigmoid(x, label, arguments["ignore_index"])
    return _alike("sigmoid_cross_entropy_with_logits", x, label)


def _check_sigmoid(x: Any, label: Any, ignored: Any) -> None:
    _check_pair("sigmoid_cross_entropy_with_logits", FLOATS, x=x, label=label)
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
    _alike("sigmoid_cross_entropy_with_logits", x, label)
    label = label.detach()
    ignored = torch.trunc(label) == ignore_index  # the real operator looks at the integer part
    logits = torch.where(ignored, x.new_zeros(()), x)
    target = torch.where(ignored, label.new_zeros(()), label)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    loss = torch.where(ignored, loss.new_zeros(()), loss)
    if normalize:
        loss = loss / (~ignored).sum().clamp(min=1).to(x.dtype)
    return loss


def _check_classes(layer: str, x: Any, label: Any, soft: bool, axis: int) -> int:
    """Check probabilities or logits against labels; return the dimension of the classes."""
    check_tensor(layer, "input", stand_in(x), FLOATS)
    dim = axis_of(layer, "axis", axis, len(x.shape))
    if soft:
        _check_pair(layer, FLOATS, input=x, label=label)
        merge(layer, "input and label", (x.shape, label.shape))
        return dim
    check_tensor(layer, "label", stand_in(label), _INDEX)
    wanted = [1 if i == dim else size for i, size in enumerate(x.shape)]
    if len(label.shape) != len(x.shape) or label.shape[dim] not in (1, -1):
        raise ValueError(
            f"{layer}: label must be {wanted}, the input's shape with one class index in "
            f"dimension {dim}, but it is {list(label.shape)}; use fluid.layers.unsqueeze"
        )
    merge(layer, "input and label", (wanted, label.shape))
    return dim


def _class_rule(layer: str, x: str = "input") -> Any:
    def rule(arguments: dict[str, Any]) -> Any:
        value, label = arguments[x], arguments["label"]
        soft = arguments.get("soft_label", False)
        dim = _check_classes(layer, value, label, soft, arguments.get("axis", -1))
        shape = [1 if i == dim else size for i, size in enumerate(value.shape)]
        loss = (tuple(shape), torch_dtype_of(value))
        return loss if x == "input" else [(tuple(value.shape), torch_dtype_of(value)), loss]

    return rule


def _check_indices(layer: str, label: Tensor, ignored: Tensor, classes: int) -> None:
    if bool((((label < 0) | (label >= classes)) & ~ignored).any()):
        raise ValueError(
            f"{layer}: labels must be class indices in [0, {classes}), or ignore_index, but they "
            f"reach from {int(label.min())} to {int(label.max())}"
        )


@layer("cross_entropy2", after=2, infer=_class_rule("cross_entropy"), no_gradient=("label",))
def _hard_cross_entropy(input: Tensor, label: Tensor, ignore_index: int) -> Tensor:
    dim = _check_classes("cross_entropy", input, label, False, -1)
    ignored = label == ignore_index
    _check_indices("cross_entropy", label, ignored, input.shape[dim])
    places = torch.where(ignored, torch.zeros_like(label), label)
    loss = -_log(input.gather(dim, places))
    return torch.where(ignored, loss.new_zeros(()), loss)


class _Bounded(torch.autograd.Function):
    """Logarithms without infinities; their gradients are as if they had them."""

    @staticmethod
    def forward(ctx: Any, logs: Tensor) -> Tensor:
        return logs.clamp(-_INFINITE, _INFINITE)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Tensor:
        result: Tensor = gradients[0]
        return result


def _log(x: Tensor) -> Tensor:
    result: Tensor = _Bounded.apply(torch.log(x))  # type: ignore[no-untyped-call]
    return result


@layer("cross_entropy", infer=_class_rule("cross_entropy"), no_gradient=("label",))
def _soft_cross_entropy(
    input: Tensor, label: Tensor, soft_label: bool, ignore_index: int
) -> Tensor:
    dim = _check_classes("cross_entropy", input, label, True, -1)
    return -(label.detach() * _log(input)).sum(dim, keepdim=True)


def cross_entropy(
    input: Any, label: Any, soft_label: bool = False, ignore_index: int = _IGNORED
) -> Any:
    """Return the cross entropy of labels with probabilities.

    Args:
        input: [..., C]: probabilities of the classes, float16, float32 or float64.
        label: [..., 1] of int64: class indices; with `soft_label` of the input's shape
            and dtype: the probabilities that they should have. No gradient reaches it.
        soft_label: which of the two the labels are.
        ignore_index: class indices of this value count for nothing.

    Returns:
        The losses, [..., 1], in the input's dtype.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: shapes or dtypes do not fit, or a class index is out of range.

    Source:
        ``paddle.fluid.layers.cross_entropy``, PaddlePaddle 1.8.
    """
    if soft_label:
        return _soft_cross_entropy(input, label, True, ignore_index)
    return _hard_cross_entropy(input, label, ignore_index)


@layer(
    "softmax_with_cross_entropy",
    infer=_class_rule("softmax_with_cross_entropy", "logits"),
    no_gradient=("label",),
)
def _softmax_with_cross_entropy(
    logits: Tensor,
    label: Tensor,
    soft_label: bool,
    ignore_index: int,
    numeric_stable_mode: bool,
    axis: int,
) -> tuple[Tensor, Tensor]:
    name = "softmax_with_cross_entropy"
    dim = _check_classes(name, logits, label, soft_label, axis)
    if not soft_label and not logits.is_meta:
        _check_indices(name, label, label == ignore_index, logits.shape[dim])
    softmax, loss = _SoftmaxLoss.apply(  # type: ignore[no-untyped-call]
        logits, label, soft_label, ignore_index, dim
    )
    return softmax, loss


class _SoftmaxLoss(torch.autograd.Function):
    """The softmax, and the cross entropy with it; the gradient is softmax - label."""

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, label: Tensor, soft: bool, ignored: int, dim: int
    ) -> tuple[Tensor, Tensor]:
        below = (logits - logits.amax(dim, keepdim=True)).clamp(min=_FARTHEST)
        logs = below - torch.log(torch.exp(below).sum(dim, keepdim=True))
        softmax = torch.exp(logs)
        if soft:
            loss = -(label * logs).sum(dim, keepdim=True)
        else:
            loss = -logs.gather(dim, torch.where(label == ignored, 0, label))
            loss = torch.where(label == ignored, 0.0, loss)
        ctx.save_for_backward(softmax, label)
        ctx.mark_non_differentiable(softmax)
        ctx.soft, ctx.ignored, ctx.dim = soft, ignored, dim
        return softmax, loss

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        softmax, label = ctx.saved_tensors
        if ctx.soft:
            return gradients[1] * (softmax - label), None, None, None, None
        ignored = label == ctx.ignored
        places = torch.where(ignored, 0, label)
        weight = gradients[1]
        result = (softmax * weight).scatter_add(ctx.dim, places, -weight)
        return torch.where(ignored, 0.0, result), None, None, None, None


def softmax_with_cross_entropy(
    logits: Any,
    label: Any,
    soft_label: bool = False,
    ignore_index: int = _IGNORED,
    numeric_stable_mode: bool = True,
    return_softmax: bool = False,
    axis: int = -1,
) -> Any:
    """Return the cross entropy of labels with the softmax of logits.

    Args:
        logits: float16, float32 or float64.
        label: int64, of the logits' shape with 1 in place of the number of classes:
            class indices; with `soft_label` of the logits' shape and dtype. No gradient reaches
            it.
        soft_label: which of the two the labels are.
        ignore_index: class indices of this value count for nothing.
        numeric_stable_mode: not used; the result is stable anyway.
        return_softmax: whether to return the softmax too; no gradient passes it.
        axis: the dimension of the classes.

    Returns:
        The losses, with size 1 along the axis; with `return_softmax` a tuple of them and the
        softmax.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: shapes or dtypes do not fit, or a class index is out of range.

    Convention:
        A logit counts as at most 64 below the largest, so that a loss is 64 at most or so; its
        gradient does not know of that. With soft labels the gradient is softmax - label, whatever
        they add up to.

    Source:
        ``paddle.fluid.layers.softmax_with_cross_entropy``, PaddlePaddle 1.8.
    """
    softmax, loss = _softmax_with_cross_entropy(
        logits, label, soft_label, ignore_index, numeric_stable_mode, axis
    )
    return (loss, softmax) if return_softmax else loss


def _square_rule(arguments: dict[str, Any]) -> Signature:
    x, y = arguments["input"], arguments["label"]
    _check_pair("square_error_cost", _FLOATS, input=x, label=y)
    return _alike("square_error_cost", x, y)


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
    _check_pair("square_error_cost", _FLOATS, input=input, label=label)
    _alike("square_error_cost", input, label)
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
    _check_pair("huber_loss", _FLOATS, input=x, label=y)
    return _alike("huber_loss", x, y)


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
    _check_pair("huber_loss", _FLOATS, input=input, label=label)
    _alike("huber_loss", input, label)
    check_number("huber_loss", "delta", delta)
    limit = single(delta)
    residual = label - input
    size = residual.abs()
    return torch.where(size <= limit, 0.5 * residual * residual, limit * (size - 0.5 * limit))


def _kldiv_rule(arguments: dict[str, Any]) -> Signature:
    x, target = arguments["x"], arguments["target"]
    _check_kldiv(x, target, arguments["reduction"])
    shape, dtype = _alike("kldiv_loss", x, target)
    return (shape if arguments["reduction"] == "none" else (1,)), dtype


def _check_kldiv(x: Any, target: Any, reduction: Any) -> None:
    _check_pair("kldiv_loss", _FLOATS, x=x, target=target)
    check_type("kldiv_loss", "reduction", reduction, str, "a string")
    if reduction not in ("none", "batchmean", "mean", "sum"):
        raise ValueError(
            f"kldiv_loss: reduction must be none, batchmean, mean or sum, but it is {reduction!r}"
        )


@layer(infer=_kldiv_rule, no_gradient=("target",))
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
    _alike("kldiv_loss", x, target)
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


__getattr__ = _publish.publish(__name__, globals(), __all__)
