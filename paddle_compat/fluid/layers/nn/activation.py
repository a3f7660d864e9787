"""Activations that Paddle keeps among the network layers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import same_as
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.initializer import Constant
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor, dtypes
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["brelu", "elu", "hard_sigmoid", "hard_swish", "leaky_relu", "maxout", "prelu", "relu"]
__all__ += ["relu6", "selu", "soft_relu", "softmax", "stanh", "swish"]

_SINGLE_DOUBLE = dtypes("float32", "float64")
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717


@layer(in_place=torch.relu_)
def relu(x: Tensor, name: str | None = None) -> Tensor:
    """Return max(x, 0), element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.relu``, PaddlePaddle 1.8.
    """
    check_tensor("relu", "x", x, FLOATS)
    return torch.relu(x)


@layer
def relu6(x: Tensor, threshold: float = 6.0, name: str | None = None) -> Tensor:
    """Return min(max(x, 0), threshold), element by element.

    Args:
        x: float16, float32 or float64.
        threshold: the largest result, rounded to float32.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.relu6``, PaddlePaddle 1.8.
    """
    check_tensor("relu6", "x", x, FLOATS)
    return torch.nn.functional.hardtanh(x, 0.0, single(threshold))


@layer
def leaky_relu(x: Tensor, alpha: float = 0.02, name: str | None = None) -> Tensor:
    """Return the larger of x and alpha x, element by element.

    Args:
        x: float16, float32 or float64.
        alpha: the slope below 0, rounded to float32.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.leaky_relu``, PaddlePaddle 1.8.
    """
    check_tensor("leaky_relu", "x", x, FLOATS)
    slope = single(alpha)
    if slope <= 1:
        return torch.nn.functional.leaky_relu(x, slope)
    return torch.where(x > 0, slope * x, x)


@layer
def elu(x: Tensor, alpha: float = 1.0, name: str | None = None) -> Tensor:
    """Return x where it is positive, and alpha (e^x - 1) where it is not.

    Args:
        x: float16, float32 or float64.
        alpha: rounded to float32.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.elu``, PaddlePaddle 1.8.
    """
    check_tensor("elu", "x", x, FLOATS)
    return torch.nn.functional.elu(x, single(alpha))


@layer
def selu(
    x: Tensor,
    scale: float | None = None,
    alpha: float | None = None,
    name: str | None = None,
) -> Tensor:
    """Return scale x where x is positive, and scale alpha (e^x - 1) where it is not.

    Args:
        x: float32 or float64.
        scale: rounded to float32; None is 1.0507...
        alpha: likewise; None is 1.6733...
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.selu``, PaddlePaddle 1.8.
    """
    check_tensor("selu", "x", x, _SINGLE_DOUBLE)
    factor = single(_SELU_SCALE if scale is None else scale)
    slope = single(_SELU_ALPHA if alpha is None else alpha)
    return factor * torch.nn.functional.elu(x, slope)


@layer
def swish(x: Tensor, beta: float = 1.0, name: str | None = None) -> Tensor:
    """Return x / (1 + e^-x), element by element.

    Args:
        x: float16, float32 or float64.
        beta: has no effect, as in 1.8, whose layer hands it on under a wrong name.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.swish``, PaddlePaddle 1.8.
    """
    check_tensor("swish", "x", x, FLOATS)
    return torch.nn.functional.silu(x)


@layer
def hard_sigmoid(
    x: Tensor,
    slope: float = 0.2,
    offset: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """Return min(max(slope x + offset, 0), 1), element by element.

    Args:
        x: float16, float32 or float64.
        slope: rounded to float32.
        offset: likewise.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.hard_sigmoid``, PaddlePaddle 1.8.
    """
    check_tensor("hard_sigmoid", "x", x, FLOATS)
    return torch.nn.functional.hardtanh(x * single(slope) + single(offset), 0.0, 1.0)


@layer
def hard_swish(
    x: Tensor,
    threshold: float = 6.0,
    scale: float = 6.0,
    offset: float = 3.0,
    name: str | None = None,
) -> Tensor:
    """Return x min(max(x + offset, 0), threshold) / scale, element by element.

    Args:
        x: float16, float32 or float64.
        threshold: rounded to float32.
        scale: likewise.
        offset: likewise.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.hard_swish``, PaddlePaddle 1.8.
    """
    check_tensor("hard_swish", "x", x, FLOATS)
    limited = torch.nn.functional.hardtanh(x + single(offset), 0.0, single(threshold))
    return x * limited / single(scale)


@layer
def brelu(x: Tensor, t_min: float = 0.0, t_max: float = 24.0, name: str | None = None) -> Tensor:
    """Return min(max(x, t_min), t_max), element by element; its gradient is 0 at both.

    Args:
        x: float16, float32 or float64.
        t_min: the smallest result, rounded to float32.
        t_max: the largest, likewise.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.brelu``, PaddlePaddle 1.8.
    """
    check_tensor("brelu", "x", x, FLOATS)
    return torch.nn.functional.hardtanh(x, single(t_min), single(t_max))


class _SoftRelu(torch.autograd.Function):
    """log(1 + e^x) with limits; as in 1.8, its gradient is 0 only where the result is too large."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, limit: float) -> Tensor:
        result = torch.log1p(torch.exp(x.clamp(-limit, limit)))
        ctx.limit = limit
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (result,) = ctx.saved_tensors
        return grad * -torch.expm1(-result) * (result < ctx.limit), None


@layer
def soft_relu(x: Tensor, threshold: float = 40.0, name: str | None = None) -> Tensor:
    """Return log(1 + e^x), with x limited to threshold on both sides.

    Args:
        x: float16, float32 or float64.
        threshold: rounded to float32.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.soft_relu``, PaddlePaddle 1.8.
    """
    check_tensor("soft_relu", "x", x, FLOATS)
    result: Tensor = _SoftRelu.apply(x, single(threshold))  # type: ignore[no-untyped-call]
    return result


@layer
def stanh(
    x: Tensor,
    scale_a: float = 0.67,
    scale_b: float = 1.7159,
    name: str | None = None,
) -> Tensor:
    """Return scale_b tanh(scale_a x), element by element.

    Args:
        x: float16, float32 or float64.
        scale_a: rounded to float32.
        scale_b: likewise.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.stanh``, PaddlePaddle 1.8.
    """
    check_tensor("stanh", "x", x, FLOATS)
    return single(scale_b) * torch.tanh(single(scale_a) * x)


class _Softmax(torch.autograd.Function):
    """exp(x - max) over its sum, x - max being no less than -64, as in 1.8.

    The gradient is that without the limit.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, axis: int) -> Tensor:
        least = x.amax(axis, keepdim=True) - 64
        result = torch.softmax(torch.maximum(x, least), axis)
        ctx.axis = axis
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (result,) = ctx.saved_tensors
        return (grad - (grad * result).sum(ctx.axis, keepdim=True)) * result, None


def _softmax_rule(arguments: dict[str, Any]) -> Any:
    x, axis = arguments["input"], arguments["axis"]
    _check_softmax(stand_in(x), len(x.shape), axis)
    return x.shape, x.torch_dtype


def _check_softmax(x: Any, rank: int, axis: Any) -> None:
    check_tensor("softmax", "input", x, FLOATS)
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise ValueError(f"softmax: axis must be in {-rank}..{rank - 1}, but it is {axis!r}")


@layer(infer=_softmax_rule)
def softmax(
    input: Tensor, use_cudnn: bool = False, name: str | None = None, axis: int = -1
) -> Tensor:
    """Return e^x over its sum along an axis.

    Args:
        input: float16, float32 or float64.
        use_cudnn: not used.
        name: names the result.
        axis: along which the results add up to 1.

    Raises:
        TypeError: the input is no such tensor.
        ValueError: axis is out of range.

    Convention:
        As in 1.8, an element counts as no less than the largest one - 64, so that no result is
        less than e^-64 over the sum.

    Source:
        ``paddle.fluid.layers.softmax``, PaddlePaddle 1.8.
    """
    _check_softmax(input, input.ndim, axis)
    result: Tensor = _Softmax.apply(input, axis)  # type: ignore[no-untyped-call]
    return result


def _maxout_rule(arguments: dict[str, Any]) -> Any:
    x, groups, axis = (arguments[name] for name in ("x", "groups", "axis"))
    axis = _check_maxout(stand_in(x), x.shape, groups, axis)
    return (
        tuple(n // groups if i == axis and n > 0 else n for i, n in enumerate(x.shape)),
        x.torch_dtype,
    )


def _check_maxout(x: Any, shape: Any, groups: Any, axis: Any) -> int:
    """Return the axis of the channels."""
    check_tensor("maxout", "x", x, _SINGLE_DOUBLE)
    if axis not in (1, -1, 3):
        raise ValueError(f"maxout: axis must be 1, 3 or -1, but it is {axis!r}")
    if len(shape) != 4:
        raise ValueError(f"maxout: x must have 4 dimensions, but its shape is {list(shape)}")
    axis = 3 if axis == -1 else axis
    if not isinstance(groups, int) or groups < 2 or (shape[axis] > 0 and shape[axis] % groups):
        raise ValueError(
            f"maxout: groups must be at least 2 and divide the channels, {shape[axis]}, but it is "
            f"{groups!r}"
        )
    return int(axis)


@layer(infer=_maxout_rule, shares=None)
def maxout(x: Tensor, groups: int, name: str | None = None, axis: int = 1) -> Tensor:
    """Return the largest of each `groups` neighbouring channels.

    Args:
        x: float32 or float64, [N, C, H, W].
        groups: how many channels one comes from; it divides C.
        name: names the result.
        axis: 1; or 3 or -1 where the channels are last.

    Raises:
        TypeError: x is no such tensor.
        ValueError: groups does not divide C, or axis is another.

    Source:
        ``paddle.fluid.layers.maxout``, PaddlePaddle 1.8.
    """
    axis = _check_maxout(x, x.shape, groups, axis)
    parts = x.reshape(*x.shape[:axis], -1, groups, *x.shape[axis + 1 :])
    return parts.max(axis + 1).values


@layer("prelu", infer=same_as("x"))
def rectify(x: Tensor, alpha: Tensor, mode: str) -> Tensor:
    """Return the operator inside `prelu`.

    Args:
        x: floats.
        alpha: the slopes below 0, in a shape that broadcasts.
        mode: what `prelu` was told.
    """
    if mode == "channel":
        alpha = alpha.reshape(1, -1, *[1] * (x.ndim - 2))
    return torch.where(x > 0, x, alpha.to(x.dtype) * x)


def prelu(x: Any, mode: str, param_attr: Any = None, name: str | None = None) -> Any:
    """Return x where it is positive, and a learnt multiple of it where it is not.

    Args:
        x: float32 or float64, [N, C, ...].
        mode: ``'all'`` learns one slope, ``'channel'`` one for each channel, ``'element'`` one for
            each element of a sample.
        param_attr: of the slopes, [1], [1, C, 1, 1] or [1, ...]; float32, starting as
            0.25.
        name: names the parameter and the result.

    Raises:
        TypeError: x is no such tensor.
        ValueError: mode is none of the three.
        AssertionError: x has no channels.

    Source:
        ``paddle.fluid.layers.prelu``, PaddlePaddle 1.8.
    """
    check_tensor("prelu", "x", stand_in(x), _SINGLE_DOUBLE)
    helper = LayerHelper("prelu", input=x, param_attr=param_attr, name=name)
    shape = [1]
    if mode not in ("all", "channel", "element"):
        raise ValueError(f"prelu: mode must be 'all', 'channel' or 'element', but it is {mode!r}")
    if mode == "channel":
        if len(x.shape) < 2:
            raise AssertionError(
                f"prelu: x must have channels with mode='channel', but its shape is {list(x.shape)}"
            )
        shape = [1, x.shape[1], 1, 1]
    elif mode == "element":
        shape = [1, *x.shape[1:]]
    alpha = helper.create_parameter(
        helper.param_attr, shape, "float32", default_initializer=Constant(0.25)
    )
    return helper.append(rectify, x, alpha, mode)
