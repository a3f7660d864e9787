"""Transposed convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor, check_type
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn import _windows

__all__ = ["conv2d_transpose"]


def _size(arguments: dict[str, Any], i: int, size: int) -> tuple[int, int, int]:
    """Return a result's size, and the padding before and after; -1 where it is unknown."""
    stride, dilation = arguments["stride"][i], arguments["dilation"][i]
    window = arguments["filter"].shape[2 + i]
    before, after = arguments["padding"][2 * i : 2 * i + 2]
    if arguments["padding_algorithm"] == "SAME":
        dilation = 1
        before, after = _windows.same_padding(size, window, stride)
    wanted = arguments["output_size"][i] if arguments["output_size"] else None
    if size < 0:
        return (-1 if wanted is None else wanted), before, after
    natural = (size - 1) * stride - before - after + dilation * (window - 1) + 1
    if wanted is None:
        if natural <= 0:
            raise ValueError(
                f"conv2d_transpose: padding of {before} and {after} leaves nothing of a size of "
                f"{size}; use less"
            )
        return natural, before, after
    if not natural <= wanted < natural + stride:
        raise ValueError(
            f"conv2d_transpose: output_size must be in {natural}..{natural + stride - 1} for a "
            f"size of {size}, but it is {wanted}"
        )
    return wanted, before, after


def _transpose_rule(arguments: dict[str, Any]) -> Signature:
    x, channels = arguments["input"], arguments["filter"].shape[1] * arguments["groups"]
    first = 2 if arguments["data_format"] == "NCHW" else 1
    sizes = [_size(arguments, i, x.shape[first + i])[0] for i in range(2)]
    full = (channels, *sizes) if first == 2 else (*sizes, channels)
    return (x.shape[0], *full), x.torch_dtype


@layer("conv2d_transpose", infer=_transpose_rule, shares=None)
def convolve_transposed(
    input: Tensor,
    filter: Tensor,
    output_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    padding_algorithm: str = "EXPLICIT",
    data_format: str = "NCHW",
) -> Tensor:
    """Return the operator inside `conv2d_transpose`.

    Args:
        input: [N, C, H, W], or [N, H, W, C] with ``data_format='NHWC'``.
        filter: [C, filters / groups, height, width].
        output_size: [height, width], or empty.
        stride: for each dimension.
        padding: [top, bottom, left, right]: what is cut off.
        dilation: for each dimension; ``'SAME'`` takes it as 1.
        groups: how many parts the channels are in.
        padding_algorithm: ``'EXPLICIT'``, ``'SAME'`` or ``'VALID'``.
        data_format: ``'NCHW'`` or ``'NHWC'``.
    """
    x = input.permute(0, 3, 1, 2) if data_format == "NHWC" else input
    arguments = {
        "filter": filter,
        "output_size": output_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "padding_algorithm": padding_algorithm,
    }
    (height, top, bottom), (width, left, right) = (
        _size(arguments, i, x.shape[2 + i]) for i in range(2)
    )
    if padding_algorithm == "SAME":
        dilation = (1, 1)
    plain = top == bottom >= 0 and left == right >= 0 and not output_size
    around = (top, left) if plain else (0, 0)
    result = torch.nn.functional.conv_transpose2d(
        x, filter, None, stride, around, 0, groups, dilation
    )
    if not plain:
        beyond = (
            -left,
            width + left - result.shape[3],
            -top,
            height + top - result.shape[2],
        )
        result = torch.nn.functional.pad(result, beyond)
    return result.permute(0, 2, 3, 1) if data_format == "NHWC" else result


def conv2d_transpose(
    input: Any,
    num_filters: int,
    output_size: int | Sequence[int] | None = None,
    filter_size: int | Sequence[int] | None = None,
    padding: int | str | Sequence[Any] = 0,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    groups: int | None = None,
    param_attr: Any = None,
    bias_attr: Any = None,
    use_cudnn: bool = True,
    act: str | None = None,
    name: str | None = None,
    data_format: str = "NCHW",
) -> Any:
    """Return the transposed convolution of pictures with new filters.

    Args:
        input: floats, [N, C, H, W]; C must be known.
        num_filters: how many filters.
        output_size: an int, or [height, width]: which of the sizes that a convolution would map
            to the input's; None is the least.
        filter_size: an int, or [height, width]; None is what output_size needs.
        padding: what is cut off: as `conv2d`'s.
        stride: how far the window moves.
        dilation: how far apart the window's elements are.
        groups: how many parts the channels are in, each with filters of its own; None is 1.
        param_attr: of the filters, [C, num_filters / groups, height, width].
        bias_attr: of the bias, [num_filters]; False leaves it out.
        use_cudnn: not used, but for the name of a convolution of single channels.
        act: an activation of the result.
        name: names the parameters and the result.
        data_format: ``'NHWC'`` has the channels last.

    Returns:
        [N, num_filters, H', W'], with H' = (H - 1) stride - padding + dilation (height - 1) + 1.

    Raises:
        TypeError: the input is no tensor of floats.
        AssertionError: param_attr is False.
        ValueError: sizes do not fit, or an argument is not as above.

    Source:
        ``paddle.fluid.layers.conv2d_transpose``, PaddlePaddle 1.8.
    """
    if param_attr is False:
        raise AssertionError("conv2d_transpose: param_attr must not be False")
    _windows.check_choice("conv2d_transpose", "data_format", data_format, ("NCHW", "NHWC"))
    check_tensor("conv2d_transpose", "input", stand_in(input), FLOATS)
    if len(input.shape) != 4:
        raise ValueError(
            f"conv2d_transpose: input must have 4 dimensions, {data_format}, but its shape is "
            f"{list(input.shape)}"
        )
    if not isinstance(use_cudnn, bool):
        raise ValueError(f"conv2d_transpose: use_cudnn must be True or False, not {use_cudnn!r}")
    channels = input.shape[1 if data_format == "NCHW" else 3]
    single = channels == groups == num_filters and not use_cudnn
    helper = LayerHelper(
        "depthwise_conv2d_transpose" if single else "conv2d_transpose",
        input=input,
        param_attr=param_attr,
        bias_attr=bias_attr,
        act=act,
        name=name,
    )
    steps = _windows.pair("conv2d_transpose", "stride", stride)
    spread = _windows.pair("conv2d_transpose", "dilation", dilation)
    algorithm, around = _windows.paddings("conv2d_transpose", "padding", padding, data_format)
    wanted = (
        [] if output_size is None else _windows.pair("conv2d_transpose", "output_size", output_size)
    )
    if filter_size is not None:
        window = _windows.pair("conv2d_transpose", "filter_size", filter_size)
    elif not wanted:
        raise ValueError("conv2d_transpose: give output_size or filter_size")
    else:
        first = 2 if data_format == "NCHW" else 1
        window = [
            (
                wanted[i]
                - (input.shape[first + i] - 1) * steps[i]
                + sum(around[2 * i : 2 * i + 2])
                - 1
            )
            // spread[i]
            + 1
            for i in range(2)
        ]
    parts = _groups(channels, num_filters, groups)
    for what, sizes in (("filter_size", window), ("stride", steps), ("dilation", spread)):
        if min(sizes) < 1:
            raise ValueError(f"conv2d_transpose: {what} must be at least 1, but it is {sizes}")
    filters = helper.create_parameter(
        helper.param_attr, [channels, num_filters // parts, *window], input.dtype
    )
    result = helper.append(
        convolve_transposed,
        input,
        filters,
        wanted,
        steps,
        around,
        spread,
        parts,
        algorithm,
        data_format,
    )
    first = 1 if data_format == "NCHW" else 3
    result = helper.append_bias_op(result, dim_start=first, dim_end=first + 1)
    return helper.append_activation(result)


def _groups(channels: int, num_filters: int, groups: int | None) -> int:
    """Return how many groups there are, checked."""
    check_type("conv2d_transpose", "num_filters", num_filters, int, "an int")
    parts = 1 if groups is None else groups
    if num_filters < 1 or channels < 1 or parts < 1 or channels % parts or num_filters % parts:
        raise ValueError(
            f"conv2d_transpose: groups must divide the channels of input, {channels}, and "
            f"num_filters, {num_filters}, but it is {groups}"
        )
    return parts
