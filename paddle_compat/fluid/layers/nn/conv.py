"""Convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.initializer import Normal
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor, check_type
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn import _windows

__all__ = ["conv2d"]


def _convolve_rule(arguments: dict[str, Any]) -> Signature:
    shape, kernel = arguments["input"].shape, arguments["filter"].shape
    first = 2 if arguments["data_format"] == "NCHW" else 1
    sizes = []
    for i in range(2):
        size, window, stride = shape[first + i], kernel[2 + i], arguments["stride"][i]
        before, after = arguments["padding"][2 * i : 2 * i + 2]
        dilation = arguments["dilation"][i]
        if arguments["padding_algorithm"] == "SAME":
            dilation = 1
            before, after = _windows.same_padding(size, window, stride)
        window = dilation * (window - 1) + 1
        sizes.append(_windows.fit("conv2d", size, window, stride, before, after))
    channels = kernel[0]
    full = (channels, *sizes) if first == 2 else (*sizes, channels)
    return (shape[0], *full), arguments["input"].torch_dtype


@layer("conv2d", infer=_convolve_rule, overwritable=True)
def convolve(
    input: Tensor,
    filter: Tensor,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    padding_algorithm: str = "EXPLICIT",
    data_format: str = "NCHW",
) -> Tensor:
    """Return the convolution of pictures with filters: the operator inside `conv2d`.

    Args:
        input: [N, C, H, W], or [N, H, W, C] with ``data_format='NHWC'``.
        filter: [filters, C / groups, height, width].
        stride: for each dimension.
        padding: [top, bottom, left, right]; negative ones crop.
        dilation: for each dimension; ``'SAME'`` takes it as 1, as in 1.8.
        groups: how many parts the channels are in.
        padding_algorithm: ``'EXPLICIT'``, ``'SAME'`` or ``'VALID'``.
        data_format: ``'NCHW'`` or ``'NHWC'``.
    """
    x = input.permute(0, 3, 1, 2) if data_format == "NHWC" else input
    if padding_algorithm == "SAME":
        dilation = (1, 1)
        padding = [
            size
            for i in range(2)
            for size in _windows.same_padding(x.shape[2 + i], filter.shape[2 + i], stride[i])
        ]
    top, bottom, left, right = padding
    if top != bottom or left != right or top < 0 or left < 0:
        x = torch.nn.functional.pad(x, (left, right, top, bottom))
        top = left = 0
    result = torch.nn.functional.conv2d(x, filter, None, stride, (top, left), dilation, groups)
    return result.permute(0, 2, 3, 1) if data_format == "NHWC" else result


def conv2d(
    input: Any,
    num_filters: int,
    filter_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | str | Sequence[Any] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int | None = None,
    param_attr: Any = None,
    bias_attr: Any = None,
    use_cudnn: bool = True,
    act: str | None = None,
    name: str | None = None,
    data_format: str = "NCHW",
) -> Any:
    """Return the convolution of pictures with new filters.

    Args:
        input: floats, [N, C, H, W]; C must be known.
        num_filters: how many filters.
        filter_size: an int, or [height, width]; likewise stride and dilation.
        stride: how far the window moves.
        padding: zeros around the picture: an int, [vertical, horizontal], [top, bottom, left,
            right], a pair for each dimension of the input, ``'SAME'`` or ``'VALID'``.
        dilation: how far apart the window's elements are.
        groups: how many parts the channels are in, each with filters of its own; None is 1.
        param_attr: of the filters, [num_filters, C / groups, height, width].
        bias_attr: of the bias, [num_filters]; False leaves it out.
        use_cudnn: not used, but for the name of a convolution of single channels.
        act: an activation of the result.
        name: names the parameters and the result.
        data_format: ``'NHWC'`` has the channels last.

    Returns:
        [N, num_filters, H', W'], with H' = (H + padding - dilation (height - 1) - 1) / stride + 1,
        rounded down.

    Raises:
        TypeError: the input is no tensor of floats.
        ValueError: sizes do not fit, or an argument is not as above.

    Convention:
        Without an initializer of their own, filters are normal with deviation
        sqrt(2 / (height width C)), C being all channels whatever the groups.

    Example:
        >>> from paddle_compat import fluid
        >>> with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        ...     image = fluid.data("image", [None, 3, 32, None])
        ...     out = fluid.layers.conv2d(image, 8, 3, stride=2, padding=1, act="relu")
        >>> out.shape, [p.name for p in out.block.all_parameters()]
        ((-1, 8, 16, -1), ['conv2d_0.w_0', 'conv2d_0.b_0'])

    Source:
        ``paddle.fluid.layers.conv2d``, PaddlePaddle 1.8.
    """
    check_tensor("conv2d", "input", stand_in(input), FLOATS)
    if not isinstance(use_cudnn, bool):
        raise ValueError(f"conv2d: use_cudnn must be True or False, but it is {use_cudnn!r}")
    _windows.check_choice("conv2d", "data_format", data_format, ("NCHW", "NHWC"))
    if len(input.shape) != 4:
        raise ValueError(
            f"conv2d: input must have 4 dimensions, {data_format}, but its shape is "
            f"{list(input.shape)}"
        )
    channels = input.shape[3 if data_format == "NHWC" else 1]
    if channels < 0:
        raise ValueError(
            f"conv2d: the channels of input must be known, but its shape is {list(input.shape)}; "
            "give their number when declaring it"
        )
    if param_attr is False:
        raise AssertionError("conv2d: param_attr must not be False; there is always a filter")
    parts = _groups(channels, num_filters, groups)
    window = _windows.pair("conv2d", "filter_size", filter_size)
    steps = _windows.pair("conv2d", "stride", stride)
    spread = _windows.pair("conv2d", "dilation", dilation)
    for what, sizes in (("filter_size", window), ("stride", steps), ("dilation", spread)):
        if min(sizes) < 1:
            raise ValueError(f"conv2d: {what} must be at least 1, but it is {sizes}")
    algorithm, around = _windows.paddings("conv2d", "padding", padding, data_format)
    single = channels == groups and num_filters % channels == 0 and not use_cudnn
    helper = LayerHelper(
        "depthwise_conv2d" if single else "conv2d",
        input=input,
        param_attr=param_attr,
        bias_attr=bias_attr,
        act=act,
        name=name,
    )
    filters = helper.create_parameter(
        helper.param_attr,
        [num_filters, channels // parts, *window],
        input.dtype,
        default_initializer=Normal(0.0, (2.0 / (window[0] * window[1] * channels)) ** 0.5, 0),
    )
    result = helper.append(
        convolve, input, filters, steps, around, spread, parts, algorithm, data_format
    )
    first = 1 if data_format == "NCHW" else 3
    result = helper.append_bias_op(result, dim_start=first, dim_end=first + 1)
    return helper.append_activation(result)


def _groups(channels: int, num_filters: int, groups: int | None) -> int:
    """Return how many groups there are, checked."""
    check_type("conv2d", "num_filters", num_filters, int, "an int")
    if num_filters < 1:
        raise ValueError(f"conv2d: num_filters must be at least 1, but it is {num_filters}")
    if groups is None:
        return 1
    check_type("conv2d", "groups", groups, int, "an int")
    if groups < 1:
        raise ValueError(f"conv2d: groups must be at least 1, but it is {groups}")
    for what, count in (("channels of input", channels), ("filters", num_filters)):
        if count % groups:
            raise ValueError(
                f"conv2d: the {what} must divide into groups, but {count} do not into {groups}"
            )
    return groups
