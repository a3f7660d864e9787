"""Normalisation by statistics of the batch, which are remembered for testing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._reduction import TOGETHER, Reduction, added_up
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.initializer import Constant
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn._windows import check_choice
from paddle_compat.fluid.param_attr import ParamAttr

__all__ = ["batch_norm"]

_LARGEST_EPSILON = 0.001


def normalize_batch(
    input: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    momentum: float | Tensor,
    epsilon: float,
    is_test: bool,
    data_layout: str,
    use_global_stats: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the normalised input, and the mean and variance to remember.

    Args:
        input: [N, C, ...], or [N, ..., C] with ``data_layout='NHWC'``.
        scale: [C]; likewise bias, mean and variance.
        bias: is added after scaling.
        mean: what is remembered.
        variance: likewise.
        momentum: how much of what is remembered stays.
        epsilon: is added to the variance.
        is_test: whether what is remembered is used, and kept.
        data_layout: ``'NCHW'`` or ``'NHWC'``.
        use_global_stats: like is_test.
    """
    x = input.movedim(-1, 1) if data_layout == "NHWC" else input
    if is_test or use_global_stats:
        result = torch.batch_norm(x, scale, bias, mean, variance, False, 0.0, epsilon, False)
    elif x.numel() == x.shape[1]:
        result = x.clone()  # one element a channel has no variance; 1.8 leaves it as it is
    else:
        result, now, spread = torch.native_batch_norm(
            x, scale, bias, None, None, True, 0.0, epsilon
        )
        with torch.no_grad():
            spread = spread.pow(-2) - epsilon
            mean = mean * momentum + now * (1 - momentum)
            variance = variance * momentum + spread * (1 - momentum)
    if data_layout == "NHWC":
        result = result.movedim(1, -1)
    return result, mean.detach(), variance.detach()


def normalize_batches(
    reduction: Reduction,
    input: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    momentum: float | Tensor,
    epsilon: float,
    is_test: bool,
    data_layout: str,
    use_global_stats: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `normalize_batch` does, by the statistics of all devices' batches together."""
    if is_test or use_global_stats:
        return normalize_batch(
            input,
            scale,
            bias,
            mean,
            variance,
            momentum,
            epsilon,
            is_test,
            data_layout,
            use_global_stats,
        )
    x = input.to(scale.dtype)
    x = x.movedim(-1, 1) if data_layout == "NHWC" else x
    others = [axis for axis in range(x.dim()) if axis != 1]
    shape = [1, -1, *(1 for _ in others[1:])]
    count = added_up(x.new_full([1], x.numel() / x.shape[1]), reduction)
    now = added_up(x.sum(others), reduction) / count
    centred = x - now.view(shape)
    spread = added_up(centred.square().sum(others), reduction) / count
    result = centred * (scale * (spread + epsilon).rsqrt()).view(shape) + bias.view(shape)
    if data_layout == "NHWC":
        result = result.movedim(1, -1)
    with torch.no_grad():
        mean = mean * momentum + now * (1 - momentum)
        variance = variance * momentum + spread * (1 - momentum)
    return result.to(input.dtype), mean.detach(), variance.detach()


TOGETHER[normalize_batch] = normalize_batches


def batch_norm(
    input: Any,
    act: str | None = None,
    is_test: bool = False,
    momentum: Any = 0.9,
    epsilon: float = 1e-05,
    param_attr: Any = None,
    bias_attr: Any = None,
    data_layout: str = "NCHW",
    in_place: bool = False,
    name: str | None = None,
    moving_mean_name: str | None = None,
    moving_variance_name: str | None = None,
    do_model_average_for_mean_and_var: bool = True,
    use_global_stats: bool = False,
) -> Any:
    """Return channels with mean 0 and variance 1 in the batch, then scaled.

    Args:
        input: float16, float32 or float64, [N, C, ...].
        act: an activation of the result.
        is_test: whether the remembered mean and variance are used; a program's clone for testing
            sets it.
        momentum: m in remembered = m remembered + (1 - m) of the batch; a number, or a variable
            [1] of float32.
        epsilon: is added to the variance; 0 to 0.001.
        param_attr: of the scale, [C], which starts as 1.
        bias_attr: of the bias, [C], which starts as 0; it cannot be False.
        data_layout: ``'NHWC'`` has the channels last.
        in_place: whether the input's variable takes the result.
        name: names the parameters and the result.
        moving_mean_name: names the remembered mean, a parameter [C] that starts as 0.
        moving_variance_name: names the remembered variance, which starts as 1.
        do_model_average_for_mean_and_var: kept for code that sets it.
        use_global_stats: whether training too uses what is remembered.

    Raises:
        TypeError: the input is no such tensor.
        AssertionError: bias_attr is False.
        ValueError: the channels are unknown, or an argument is not as above.

    Convention:
        The remembered variance is that of the batch's elements (divided by n, where torch has
        n - 1), and the momentum is 1 - torch's.

    Source:
        ``paddle.fluid.layers.batch_norm``, PaddlePaddle 1.8.
    """
    if bias_attr is False:
        raise AssertionError("batch_norm: bias_attr must not be False; there is always a bias")
    helper = LayerHelper(
        "batch_norm", input=input, param_attr=param_attr, bias_attr=bias_attr, act=act, name=name
    )
    check_tensor("batch_norm", "input", stand_in(input), FLOATS)
    check_choice("batch_norm", "data_layout", data_layout, ("NCHW", "NHWC"))
    if not 2 <= len(input.shape) <= 5:
        raise ValueError(
            f"batch_norm: input must have 2 to 5 dimensions, but its shape is {list(input.shape)}"
        )
    if not 0 <= epsilon <= _LARGEST_EPSILON:
        raise ValueError(f"batch_norm: epsilon must be in 0..0.001, but it is {epsilon}")
    shape = [input.shape[1 if data_layout == "NCHW" else -1]]
    dtype = torch.float32 if stand_in(input).dtype == torch.float16 else input.dtype
    scale = helper.create_parameter(
        helper.param_attr, shape, dtype, default_initializer=Constant(1.0)
    )
    bias = helper.create_parameter(helper.bias_attr, shape, dtype, is_bias=True)
    mean, variance = (
        helper.create_parameter(
            ParamAttr(
                name=given,
                initializer=Constant(start),
                trainable=False,
                do_model_average=do_model_average_for_mean_and_var,
            ),
            shape,
            dtype,
        )
        for given, start in ((moving_mean_name, 0.0), (moving_variance_name, 1.0))
    )
    arguments = {
        "input": input,
        "scale": scale,
        "bias": bias,
        "mean": mean,
        "variance": variance,
        "momentum": momentum if isinstance(momentum, (Tensor, Variable)) else single(momentum),
        "epsilon": single(epsilon),
        "is_test": bool(is_test),
        "data_layout": data_layout,
        "use_global_stats": bool(use_global_stats),
    }
    if not isinstance(input, Variable):
        return helper.append_activation(normalize_batch(**arguments)[0])
    mean.stop_gradient = variance.stop_gradient = True
    for _ in range(2):  # the batch's own mean and variance
        helper.temporary()
    result = input
    if not in_place:
        result = helper.create_variable_for_type_inference(
            input.dtype, shape=input.shape, lod_level=input.lod_level
        )
    block = helper.main_program.current_block()
    outputs = [result, mean, variance]
    block.append("batch_norm", normalize_batch, arguments, outputs, shared=[input])
    return helper.append_activation(result)
