"""The focal loss of `paddle.fluid`: labels are class indices."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._variable import Variable
from paddle_compat.framework.arguments import FLOATS, number
from paddle_compat.kernels.blocks import compute_dtype
from paddle_compat.kernels.differentiate import is_ordinary
from paddle_compat.kernels.focal import Focal, focal_loss_by_class

__all__ = ["sigmoid_focal_loss"]

# The real op takes log(max(p, FLT_MIN)), in float64 too.
_CEILING = -math.log(torch.finfo(torch.float32).tiny)
_IGNORED_LABEL = -1


def _rule(arguments: dict[str, Any]) -> Signature:
    """Check what is known at build time; the loss is like x."""
    x, label, fg_num = (arguments[name] for name in ("x", "label", "fg_num"))
    # An unknown number of rows fits any known one.
    rows = max((v.shape[0] for v in (x, label) if isinstance(v, Variable) and v.shape), default=1)
    tensors = []
    for value in (x, label, fg_num):
        if isinstance(value, Variable):
            sizes = [rows if i == 0 and n < 0 else n for i, n in enumerate(value.shape)]
            value = torch.empty([abs(n) for n in sizes], dtype=value.torch_dtype, device="meta")
        tensors.append(value)
    _check_tensors(*tensors)
    _number("gamma", arguments["gamma"])
    _number("alpha", arguments["alpha"])
    return x.shape, x.torch_dtype


@layer(infer=_rule)
def sigmoid_focal_loss(
    x: Tensor, label: Tensor, fg_num: Tensor, gamma: float = 2.0, alpha: float = 0.25
) -> Tensor:
    r"""Return the sigmoid focal loss of every logit, for labels that are class indices.

    With p = sigmoid(x), column j of row i is positive where ``label[i] == j + 1``:

    .. math::
        loss = \frac{1}{fg} \begin{cases}
            -\alpha (1 - p)^\gamma \log p & \text{positive} \\
            -(1 - \alpha) p^\gamma \log (1 - p) & \text{negative} \\
            0 & \text{in a row with label -1}
        \end{cases}

    Args:
        x: logits, [N, C], float32 or float64; float16 and bfloat16 as an extension, computed in
            float32.
        label: [N, 1] int32. k in 1..C makes column k - 1 the row's positive; -1 ignores the row;
            every other value leaves it without a positive.
        fg_num: [1] int32, what the loss is divided by; below 1 it counts as 1.
        gamma: the focusing exponent, a number, rounded to float32 as the real op's attribute is.
        alpha: the weight of positives, a number, rounded likewise; 1 - alpha weighs negatives.

    Returns:
        The loss, [N, C], in x's dtype. Its gradient reaches x alone.

    Raises:
        TypeError: a tensor is not one or has the wrong dtype, or gamma or alpha is no number.
        ValueError: a shape is not as above.

    Convention:
        - denominator: fg_num, for every element; nothing is averaged.
        - ignored: rows with label -1 contribute exactly 0, whatever their logits.
        - label base: 1; 0 is background.
        - a positive's value saturates at ``alpha * 87.3365 / fg`` (the real op's log p stops at
          the smallest normal float32); its gradient does not.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.tensor([[0.0, 2.0], [-1.0, 0.5]], requires_grad=True)
        >>> label = torch.tensor([[1], [0]], dtype=torch.int32)
        >>> fg_num = torch.tensor([1], dtype=torch.int32)
        >>> loss = fluid.layers.sigmoid_focal_loss(x, label, fg_num)
        >>> loss.shape, round(loss.sum().item(), 5)
        (torch.Size([2, 2]), 1.58093)

    Source:
        ``paddle.fluid.layers.sigmoid_focal_loss``, PaddlePaddle 1.8; Lin et al., "Focal Loss for
        Dense Object Detection", 2017.
    """
    _check_tensors(x, label, fg_num)
    gamma, alpha = _number("gamma", gamma), _number("alpha", alpha)
    foreground: float | Tensor
    if is_ordinary(x, fg_num) and fg_num.is_cpu:
        foreground = max(int(fg_num.item() if fg_num.numel() == 1 else fg_num[0].item()), 1)
    else:
        foreground = fg_num[0].clamp(min=1).to(compute_dtype(x.dtype))
    if torch.is_autocast_enabled(x.device.type) and x.dtype != torch.float64:
        x = x.float()
    focal = Focal(gamma, alpha / foreground, (1 - alpha) / foreground, _CEILING, _IGNORED_LABEL - 1)
    # The smallest int32 wraps to the largest, which is background just as well.
    return focal_loss_by_class(x, label - 1, focal)


def _check_tensors(x: Tensor, label: Tensor, fg_num: Tensor) -> None:
    """Check dtypes, in the real op's order, then shapes. No value is read."""
    _check_dtype("x", x, FLOATS, "float32 or float64", "x.float()")
    _check_dtype("label", label, (torch.int32,), "int32", "label.int()")
    _check_dtype("fg_num", fg_num, (torch.int32,), "int32", "fg_num.int()")
    if x.ndim != 2:
        raise ValueError(
            f"x must be [N, C], but its shape is {list(x.shape)}; bring logits of more "
            "dimensions to one row per anchor, as in x.reshape(-1, C)"
        )
    if label.ndim != 2 or label.shape[0] != x.shape[0] or label.shape[1] != 1:
        raise ValueError(
            f"label must be [N, 1] with the N of x ({x.shape[0]}), but its shape is "
            f"{list(label.shape)}; use label.reshape(-1, 1) where the number of labels is right"
        )
    if fg_num.ndim != 1 or fg_num.shape[0] == 0:
        raise ValueError(
            f"fg_num must be [1], but its shape is {list(fg_num.shape)}; use fg_num.reshape(1)"
        )


def _check_dtype(
    name: str, value: object, allowed: tuple[torch.dtype, ...], wanted: str, fix: str
) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} must be a tensor of {wanted}, but it is {type(value).__name__}; "
            f"use torch.as_tensor({name})"
        )
    if value.dtype not in allowed:
        raise TypeError(
            f"{name} must be {wanted}, but it is {value.dtype}; use {fix}, or in a program "
            "fluid.layers.cast"
        )


def _number(name: str, value: object) -> float:
    """Return a hyper-parameter as the real op holds it: a float32."""
    return single(number(name, value))
