"""Losses of probabilities of classes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor, dtypes, is_anywhere
from paddle_compat.fluid.layers._shapes import axis_of, merge, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.loss.pairs import check_pair

__all__ = ["cross_entropy", "softmax_with_cross_entropy"]

_IGNORED = -100
_INDEX = dtypes("int64")
# What the real operators put in place of log 0, and the farthest a logit lies below the largest.
_INFINITE = 1e20
_FARTHEST = -64.0


def _check_classes(layer: str, x: Any, label: Any, soft: bool, axis: int) -> int:
    """Check probabilities or logits against labels; return the dimension of the classes."""
    check_tensor(layer, "input", stand_in(x), FLOATS)
    dim = axis_of(layer, "axis", axis, len(x.shape))
    if soft:
        check_pair(layer, FLOATS, input=x, label=label)
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
    if is_anywhere(((label < 0) | (label >= classes)) & ~ignored):
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
