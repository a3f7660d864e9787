"""The losses of `paddle.nn.functional`, on torch tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from paddle_compat.framework.arguments import FLOATS, number
from paddle_compat.kernels.blocks import wide_dtype
from paddle_compat.kernels.focal import Focal, focal_loss, focal_loss_sum

__all__ = ["sigmoid_focal_loss"]

_REDUCTIONS = ("sum", "mean", "none")
_IGNORED_LABEL = -100
# A tuple: torch.compile does not trace unions of numpy's types.
_NUMPY = (np.ndarray, np.generic)


def sigmoid_focal_loss(
    logit: Tensor,
    label: Tensor,
    normalizer: Tensor | float | None = None,
    alpha: float | Tensor = 0.25,
    gamma: float = 2.0,
    reduction: str = "sum",
    name: str | None = None,
) -> Tensor:
    r"""Return the sigmoid focal loss for labels of the logits' shape, hard or soft.

    With p = sigmoid(logit), y = label and p_t = p y + (1 - p)(1 - y):

    .. math::
        loss = \frac{(\alpha y + (1 - \alpha)(1 - y)) (1 - p_t)^\gamma
               \, \mathrm{BCE}(p, y)}{normalizer}

    Args:
        logit: any shape, float32 or float64; float16 and bfloat16 as an extension, computed in
            float32.
        label: the logits' shape and dtype; 0, 1 or between. Elements that truncate to -100 are
            ignored.
        normalizer: what every element is divided by: None, a 0-D tensor, a 1-D tensor that
            broadcasts against the last dimension, or (an extension) a number. A 0-D tensor
            leaves the dtype of logits that have a dimension; all else promotes it.
            Differentiable.
        alpha: the weight of label 1; 1 - alpha weighs label 0. A number, or a tensor that
            broadcasts to the logits, such as one weight for each class; no gradient reaches it.
        gamma: the focusing exponent, rounded to float32 as Paddle's attribute is.
        reduction: 'sum', 'mean' or 'none'.
        name: has no effect.

    Returns:
        A 0-D tensor for 'sum' and 'mean', else every element's loss.

    Raises:
        ValueError: an unknown reduction, a normalizer of two or more dimensions or of a shape
            that does not broadcast, a label of another shape or dtype than the logits.
        RuntimeError: a logit or label that is not floating.
        TypeError: a 1-D normalizer of integers, or a gamma or alpha that is no number.
        AttributeError: a normalizer that is a list or another object without a dtype.

    Convention:
        - denominator: the normalizer; with 'mean' the number of all elements as well, the
          ignored ones included.
        - ignored: label -100 contributes exactly 0, whatever its logit.
        - the order of the arguments is (alpha, gamma) here and (gamma, alpha) in
          `paddle.fluid`.
        - alpha = -1 is a weight like any other, not a switch.

    Example:
        >>> import paddle_compat as paddle
        >>> logit = paddle.to_tensor([[0.97, 0.91, 0.03], [0.55, 0.43, 0.71]])
        >>> label = paddle.to_tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        >>> paddle.nn.functional.sigmoid_focal_loss(logit, label, paddle.to_tensor([2.0]))
        tensor(0.6578)

    Source:
        ``paddle.nn.functional.sigmoid_focal_loss``, PaddlePaddle 3.3; Lin et al., "Focal Loss
        for Dense Object Detection", 2017.
    """
    if not isinstance(reduction, str) or reduction not in _REDUCTIONS:
        raise ValueError(f"reduction must be 'sum', 'mean' or 'none', but it is {reduction!r}")
    _check_tensor("logit", logit)
    _check_tensor("label", label)
    divisor = None if normalizer is None else _as_normalizer(normalizer, logit)
    if logit.shape != label.shape:
        raise ValueError(
            f"label must have the shape of logit, {list(logit.shape)}, but its shape is "
            f"{list(label.shape)}; nothing broadcasts here, use label.expand_as(logit)"
        )
    logit, label = _common_dtype(logit, label)
    focal = _hyper_parameters(alpha, gamma, logit)
    # A divisor that broadcasts, and one of no elements at all, acts on each element.
    spread = divisor is not None and (divisor.numel() != 1 or logit.numel() == 0)
    if reduction == "none" or spread or isinstance(focal.positive, Tensor):
        loss = focal_loss(logit, label, focal)
        loss = loss if divisor is None else _divide(loss, divisor)
        if reduction == "none":
            return loss
        # In double, as where the kernel itself sums.
        wide = loss.sum(dtype=wide_dtype(loss.device))
        return (wide / loss.numel() if reduction == "mean" else wide).to(loss.dtype)
    count = float(logit.numel()) if reduction == "mean" else 1.0
    if divisor is None:
        return focal_loss_sum(logit, label, focal, dtype=logit.dtype, divisor=count)
    total = focal_loss_sum(logit, label, focal, dtype=wide_dtype(logit.device), divisor=count)
    dtype = torch.promote_types(logit.dtype, divisor.dtype)
    return (total / divisor.reshape(())).to(dtype)


def _check_tensor(name: str, value: object) -> None:
    if not isinstance(value, Tensor):
        raise ValueError(
            f"{name} must be a tensor, but it is {type(value).__name__}; "
            f"use paddle_compat.to_tensor({name})"
        )


def _as_normalizer(normalizer: object, logit: Tensor) -> Tensor:
    """Return the normalizer as a tensor whose dtype the result's follows from."""
    if isinstance(normalizer, int | float):
        return torch.full((), normalizer, dtype=logit.dtype, device=logit.device)
    if isinstance(normalizer, _NUMPY):
        raise ValueError(
            "normalizer must be a tensor or a number, but it is a numpy array; "
            "use paddle_compat.to_tensor(normalizer)"
        )
    if not isinstance(normalizer, Tensor):
        raise AttributeError(
            f"normalizer must be a tensor or a number, but it is {type(normalizer).__name__}; "
            "use paddle_compat.to_tensor(normalizer)"
        )
    if normalizer.ndim > 1:
        raise ValueError(
            "normalizer must have no dimension or one, but its shape is "
            f"{list(normalizer.shape)}; use normalizer.reshape(-1)"
        )
    if normalizer.ndim == 0 and (logit.ndim or not normalizer.is_floating_point()):
        return normalizer.to(logit.dtype)
    if not normalizer.is_floating_point():
        raise TypeError(
            f"normalizer must be floating where it has a dimension, but it is {normalizer.dtype}; "
            "use normalizer.to(logit.dtype)"
        )
    return normalizer


def _divide(loss: Tensor, divisor: Tensor) -> Tensor:
    try:
        torch.broadcast_shapes(loss.shape, divisor.shape)  # type: ignore[no-untyped-call]
    except RuntimeError:
        last = loss.shape[-1] if loss.ndim else 1
        raise ValueError(
            f"normalizer must broadcast against logit's last dimension, {last}, but its shape "
            f"is {list(divisor.shape)}"
        ) from None
    return loss / divisor


def _common_dtype(logit: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Check the dtypes; under autocast raise them as torch's own logits loss does."""
    for name, value in (("logit", logit), ("label", label)):
        if value.dtype not in FLOATS:
            raise RuntimeError(
                f"{name} must be float32 or float64, but it is {value.dtype}; use {name}.float()"
            )
    if torch.is_autocast_enabled(logit.device.type):
        dtype = torch.promote_types(torch.float32, torch.promote_types(logit.dtype, label.dtype))
        return logit.to(dtype), label.to(dtype)
    if logit.dtype != label.dtype:
        raise ValueError(
            f"label must have the dtype of logit, {logit.dtype}, but it is {label.dtype}; "
            "use label.to(logit.dtype)"
        )
    return logit, label


def _hyper_parameters(alpha: float | Tensor, gamma: float, logit: Tensor) -> Focal:
    # Paddle's gamma is a float32 attribute; its alpha is of the logits' dtype.
    focusing = float(np.float32(_number("gamma", gamma)))
    if type(alpha) is float or _size(alpha) == 1:
        weight = _number("alpha", alpha)
        return Focal(focusing, weight, 1 - weight, None, _IGNORED_LABEL)
    weights = torch.as_tensor(alpha, device=logit.device).detach().to(logit.dtype)
    return Focal(focusing, weights, 1 - weights, None, _IGNORED_LABEL)


def _size(value: object) -> int:
    if isinstance(value, Tensor):
        return value.numel()
    return np.asarray(value).size if isinstance(value, (list, tuple, np.ndarray)) else 1


def _number(name: str, value: object) -> float:
    if not isinstance(value, (Tensor, list, tuple, np.ndarray)):
        return number(name, value)
    if _size(value) != 1:
        raise ValueError(f"{name} must be one number, but it has {_size(value)} elements")
    return float(value.item() if isinstance(value, Tensor) else np.asarray(value).item())
