"""Normalisation, and the affine map that is left of a frozen one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid import unique_name
from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature, same_as
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.initializer import Constant
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn._windows import check_choice

__all__ = ["affine_channel", "group_norm", "instance_norm", "layer_norm", "lrn"]

_SINGLE_DOUBLE = dtypes("float32", "float64")


def _affine_rule(arguments: dict[str, Any]) -> Signature:
    x, scale, bias = (arguments[name] for name in ("x", "scale", "bias"))
    _check_affine(stand_in(x), stand_in(scale), stand_in(bias), arguments["data_layout"])
    channels = x.shape[1 if arguments["data_layout"] == "NCHW" else -1]
    for name, value in (("scale", scale), ("bias", bias)):
        if len(value.shape) != 1 or (channels > 0 and value.shape[0] not in (channels, -1)):
            raise ValueError(_misfit(name, value.shape, x.shape))
    return x.shape, x.torch_dtype


def _check_affine(x: Any, scale: Any, bias: Any, data_layout: Any) -> None:
    for name, value in (("x", x), ("scale", scale), ("bias", bias)):
        check_tensor("affine_channel", name, value, _SINGLE_DOUBLE)
        if value.dtype != x.dtype:
            raise TypeError(
                f"affine_channel: {name} must have x's dtype, {x.dtype}, but it is {value.dtype}; "
                "use fluid.layers.cast"
            )
    check_choice("affine_channel", "data_layout", data_layout, ("NCHW", "NHWC"))


def _misfit(name: str, shape: Any, of: Any) -> str:
    return (
        f"affine_channel: {name} must have one number for each channel of x, {list(of)}, but its "
        f"shape is {list(shape)}"
    )


@layer(infer=_affine_rule, overwritable=True)
def affine_channel(
    x: Tensor,
    scale: Tensor | None = None,
    bias: Tensor | None = None,
    data_layout: str = "NCHW",
    name: str | None = None,
    act: str | None = None,
) -> Tensor:
    """Return scale * x + bias, with a scale and a bias for each channel.

    Args:
        x: float32 or float64, [N, C, H, W] or [N, C].
        scale: [C].
        bias: [C].
        data_layout: ``'NHWC'`` has the channels last.
        name: names the result.
        act: an activation of the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the sizes differ.

    Source:
        ``paddle.fluid.layers.affine_channel``, PaddlePaddle 1.8.
    """
    _check_affine(x, scale, bias, data_layout)
    assert scale is not None
    assert bias is not None
    last = data_layout == "NHWC" and x.ndim > 2
    if last:
        x = x.movedim(-1, 1)
    channels = x.shape[1]
    for what, value in (("scale", scale), ("bias", bias)):
        if value.shape != (channels,):
            raise ValueError(_misfit(what, value.shape, x.shape))
    # As a frozen normalisation with mean 0 and variance 1, whose kernel is one pass each way.
    zeros, ones = x.new_zeros(channels), x.new_ones(channels)
    result = torch.batch_norm(x, scale, bias, zeros, ones, False, 0.0, 0.0, False)
    return result.movedim(1, -1) if last else result


def _spend_statistics(arguments: dict[str, Any], temporary: Callable[[], str]) -> None:
    """Give away the names of the means and the variances."""
    for _ in range(2):
        unique_name.generate("_generated_var")


def _normalize(
    x: Tensor, groups: int, scale: Tensor | None, bias: Tensor | None, epsilon: float
) -> Tensor:
    """Normalise groups of channels of one size."""
    if scale is not None:
        return torch.group_norm(x, groups, scale, bias, epsilon, False)
    # Without a scale, the gradient of every real version leaves out that of the mean.
    flat = x.reshape(x.shape[0], groups, -1)
    flat = flat - flat.detach().mean(2, keepdim=True)
    flat = flat * torch.rsqrt(flat.square().mean(2, keepdim=True) + epsilon)
    result = flat.reshape(x.shape)
    return result if bias is None else result + bias.reshape(-1, *[1] * (x.ndim - 2))


@layer(
    "group_norm",
    generated=True,
    before=_spend_statistics,
    infer=same_as("input"),
    overwritable=True,
)
def normalize_groups(
    input: Tensor,
    scale: Tensor | None,
    bias: Tensor | None,
    groups: int,
    epsilon: float,
    data_layout: str = "NCHW",
) -> Tensor:
    """Return the operator inside `group_norm`.

    Args:
        input: [N, C, ...], or [N, ..., C] with ``data_layout='NHWC'``.
        scale: [C], or None.
        bias: [C], or None.
        groups: how many parts the channels are in; the last is smaller where they do not divide.
        epsilon: is added to the variance.
        data_layout: ``'NCHW'`` or ``'NHWC'``.
    """
    x = input.movedim(-1, 1) if data_layout == "NHWC" else input
    size = -(-x.shape[1] // groups)
    if x.shape[1] % size == 0:
        result = _normalize(x, x.shape[1] // size, scale, bias, epsilon)
    else:
        whole = x.shape[1] // size
        parts = []
        for start, count in ((0, whole), (whole * size, 1)):
            own = slice(start, start + count * size)
            weight, shift = (None if value is None else value[own] for value in (scale, bias))
            parts.append(_normalize(x[:, own], count, weight, shift, epsilon))
        result = torch.cat(parts, 1)
    return result.movedim(1, -1) if data_layout == "NHWC" else result


def group_norm(
    input: Any,
    groups: int,
    epsilon: float = 1e-05,
    param_attr: Any = None,
    bias_attr: Any = None,
    act: str | None = None,
    data_layout: str = "NCHW",
    name: str | None = None,
) -> Any:
    """Return groups of channels with mean 0 and variance 1 in each picture, then scaled.

    Args:
        input: float32 or float64, [N, C, ...].
        groups: how many parts the channels are in.
        epsilon: is added to the variance.
        param_attr: of the scale, [C], which starts as 1.
        bias_attr: of the bias, [C], which starts as 0.
        act: an activation of the result.
        data_layout: ``'NHWC'`` has the channels last.
        name: names the parameters.

    Raises:
        TypeError: the input is no such tensor.
        ValueError: groups is not in 1..C, or epsilon not in 0..1, or the channels are unknown.

    Convention:
        There is no scale, and no bias, unless its attribute is given. Without a scale the gradient
        is that of every real version, which takes the mean for a constant. Where the channels do
        not divide into the groups, each has ceil(C / groups) of them, and the last what is left.

    Source:
        ``paddle.fluid.layers.group_norm``, PaddlePaddle 1.8.
    """
    helper = LayerHelper(
        "group_norm",
        input=input,
        param_attr=param_attr,
        bias_attr=bias_attr,
        act=act,
        name=name,
    )
    check_tensor("group_norm", "input", stand_in(input), _SINGLE_DOUBLE)
    check_choice("group_norm", "data_layout", data_layout, ("NCHW", "NHWC"))
    check_type("group_norm", "groups", groups, int, "an int")
    if len(input.shape) < 2:
        raise ValueError(
            f"group_norm: input must have 2 dimensions or more, but its shape is "
            f"{list(input.shape)}"
        )
    channels = input.shape[1 if data_layout == "NCHW" else -1]
    if not 0 <= epsilon <= 1:
        raise ValueError(f"group_norm: epsilon must be in 0..1, but it is {epsilon}")
    if groups < 1 or 0 < channels < groups:
        raise ValueError(
            f"group_norm: groups must be in 1..{channels}, the channels of input, but it is "
            f"{groups}"
        )
    scale = bias = None
    if param_attr:
        scale = helper.create_parameter(
            helper.param_attr, [channels], input.dtype, default_initializer=Constant(1.0)
        )
    if bias_attr:
        bias = helper.create_parameter(helper.bias_attr, [channels], input.dtype, is_bias=True)
    result = helper.append(
        normalize_groups, input, scale, bias, groups, single(epsilon), data_layout
    )
    return helper.append_activation(result)


@layer("layer_norm", before=2, infer=same_as("input"))
def normalize_samples(
    input: Tensor, scale: Tensor | None, bias: Tensor | None, epsilon: float, begin_norm_axis: int
) -> Tensor:
    """Return the operator inside `layer_norm`.

    Args:
        input: floats.
        scale: one number for each normalised element, flat; or None.
        bias: likewise.
        epsilon: is added to the variance.
        begin_norm_axis: the first normalised dimension.
    """
    shape = input.shape[begin_norm_axis:]
    weight, shift = (None if value is None else value.reshape(shape) for value in (scale, bias))
    return torch.nn.functional.layer_norm(input, shape, weight, shift, epsilon)


def layer_norm(
    input: Any,
    scale: bool = True,
    shift: bool = True,
    begin_norm_axis: int = 1,
    epsilon: float = 1e-05,
    param_attr: Any = None,
    bias_attr: Any = None,
    act: str | None = None,
    name: str | None = None,
) -> Any:
    """Return samples with mean 0 and variance 1, then scaled.

    Args:
        input: float32 or float64.
        scale: whether there is a scale for each element.
        shift: whether there is a bias for each.
        begin_norm_axis: the first dimension that is normalised over, with all after it.
        epsilon: is added to the variance; 0 to 0.001.
        param_attr: of the scale, flat, which starts as 1.
        bias_attr: of the bias, flat, which starts as 0.
        act: an activation of the result.
        name: names the parameters and the result.

    Raises:
        TypeError: the input is no such tensor.
        AssertionError: an attribute is False while there is such a parameter.
        ValueError: a normalised size is unknown, or an argument is not as above.

    Source:
        ``paddle.fluid.layers.layer_norm``, PaddlePaddle 1.8.
    """
    helper = LayerHelper(
        "layer_norm", input=input, param_attr=param_attr, bias_attr=bias_attr, act=act, name=name
    )
    check_tensor("layer_norm", "input", stand_in(input), _SINGLE_DOUBLE)
    rank = len(input.shape)
    if not 0 < begin_norm_axis < rank:
        raise ValueError(
            f"layer_norm: begin_norm_axis must be in 1..{rank - 1}, but it is {begin_norm_axis}"
        )
    if not 0 <= epsilon <= 0.001:
        raise ValueError(f"layer_norm: epsilon must be in 0..0.001, but it is {epsilon}")
    size = [math.prod(input.shape[begin_norm_axis:])]
    weight = offset = None
    if scale:
        if param_attr is False:
            raise AssertionError("layer_norm: param_attr must not be False with scale=True")
        weight = helper.create_parameter(
            helper.param_attr, size, input.dtype, default_initializer=Constant(1.0)
        )
    if shift:
        if bias_attr is False:
            raise AssertionError("layer_norm: bias_attr must not be False with shift=True")
        offset = helper.create_parameter(helper.bias_attr, size, input.dtype, is_bias=True)
    result = helper.append(
        normalize_samples, input, weight, offset, single(epsilon), begin_norm_axis
    )
    return helper.append_activation(result)


@layer("instance_norm", before=2, infer=same_as("input"))
def normalize_instances(input: Tensor, scale: Tensor, bias: Tensor, epsilon: float) -> Tensor:
    """Return the operator inside `instance_norm`.

    Args:
        input: [N, C, ...].
        scale: [C].
        bias: [C].
        epsilon: is added to the variance.
    """
    return torch.group_norm(input, input.shape[1], scale, bias, epsilon, False)


def instance_norm(
    input: Any,
    epsilon: float = 1e-05,
    param_attr: Any = None,
    bias_attr: Any = None,
    name: str | None = None,
) -> Any:
    """Return each channel of each sample with mean 0 and variance 1, then scaled.

    Args:
        input: float32 or float64, [N, C, ...].
        epsilon: is added to the variance; 0 to 0.001.
        param_attr: of the scale, [C], which starts as 1.
        bias_attr: of the bias, [C], which starts as 0; it cannot be False.
        name: names the parameters and the result.

    Raises:
        TypeError: the input is no such tensor.
        AssertionError: bias_attr is False.
        ValueError: the channels are unknown, there are not 2 to 5 dimensions, or epsilon is not in
            0..0.001.

    Source:
        ``paddle.fluid.layers.instance_norm``, PaddlePaddle 1.8.
    """
    check_tensor("instance_norm", "input", stand_in(input), _SINGLE_DOUBLE)
    if bias_attr is False:
        raise AssertionError("instance_norm: bias_attr must not be False; there is always a bias")
    if not 2 <= len(input.shape) <= 5:
        raise ValueError(
            f"instance_norm: input must have 2 to 5 dimensions, but its shape is "
            f"{list(input.shape)}"
        )
    if not 0 <= epsilon <= 0.001:
        raise ValueError(f"instance_norm: epsilon must be in 0..0.001, but it is {epsilon}")
    helper = LayerHelper(
        "instance_norm", input=input, param_attr=param_attr, bias_attr=bias_attr, name=name
    )
    shape = [input.shape[1]]
    scale = helper.create_parameter(
        helper.param_attr, shape, input.dtype, default_initializer=Constant(1.0)
    )
    bias = helper.create_parameter(
        helper.bias_attr, shape, input.dtype, is_bias=True, default_initializer=Constant(0.0)
    )
    return helper.append(normalize_instances, input, scale, bias, single(epsilon))


def _lrn_rule(arguments: dict[str, Any]) -> Signature:
    x = arguments["input"]
    _check_lrn(stand_in(x), len(x.shape), arguments["n"], arguments["data_format"])
    return x.shape, x.torch_dtype


def _check_lrn(x: Any, rank: int, n: int, data_format: str) -> None:
    check_tensor("lrn", "input", x, dtypes("float32"))
    if rank != 4:
        raise ValueError(f"lrn: input must have 4 dimensions, but it has {rank}")
    check_choice("lrn", "data_format", data_format, ("NCHW", "NHWC"))
    if n < 1 or n % 2 == 0:
        raise ValueError(f"lrn: n must be a positive odd number, but it is {n}")


@layer("lrn", before=1, infer=_lrn_rule)
def lrn(
    input: Tensor,
    n: int = 5,
    k: float = 1.0,
    alpha: float = 0.0001,
    beta: float = 0.75,
    name: str | None = None,
    data_format: str = "NCHW",
) -> Tensor:
    """Return x / (k + alpha s)^beta, s being the sum of squares over n neighbouring channels.

    Args:
        input: float32, [N, C, H, W].
        n: how many channels, an odd number.
        k: rounded to float32; likewise alpha and beta.
        alpha: multiplies the sum, which torch divides by n.
        beta: the exponent.
        name: names the result.
        data_format: ``'NHWC'`` has the channels last.

    Raises:
        TypeError: the input is no such tensor.
        ValueError: the input has not 4 dimensions, n is even, or data_format is another.

    Source:
        ``paddle.fluid.layers.lrn``, PaddlePaddle 1.8.
    """
    _check_lrn(input, input.ndim, n, data_format)
    x = input.movedim(-1, 1) if data_format == "NHWC" else input
    scale = single(alpha) * n
    result = torch.nn.functional.local_response_norm(x, n, scale, single(beta), single(k))
    return result.movedim(1, -1) if data_format == "NHWC" else result
