"""Deformable convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.initializer import Normal
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import check_same_dtype, check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._shapes import fits, shape_of, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn import _windows
from paddle_compat.kernels.detection import deformable as kernel

__all__ = ["deformable_conv"]

_FLOATS = dtypes("float32", "float64")


def _shape(
    input: Any,
    offset: Any,
    filters: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    moves: int,
    step: int,
    mask: Any = None,
) -> tuple[int, ...]:
    """Return the result's shape, from shapes that are known or not; check those of the moves."""
    x, weights = shape_of(input), shape_of(filters)
    sizes = []
    for i in range(2):
        window = dilation[i] * (weights[2 + i] - 1) + 1
        sizes.append(
            _windows.fit("deformable_conv", x[2 + i], window, stride[i], padding[i], padding[i])
        )
    elements = moves * weights[2] * weights[3]
    for name, value, count in (("offset", offset, 2 * elements), ("mask", mask, elements)):
        wanted = (x[0], count, *sizes)
        shape = wanted if value is None else shape_of(value)
        if len(shape) != 4 or not all(map(fits, shape, wanted)):
            raise ValueError(
                f"deformable_conv: {name} must be {list(wanted)}, {count // elements} for each of "
                f"{elements} elements of the window at each place, but its shape is {list(shape)}"
            )
    if x[0] > 0 and x[0] % min(x[0], step):
        raise ValueError(
            f"deformable_conv: the number of images must divide by im2col_step, or be less, but "
            f"{x[0]} do not by {step}"
        )
    return (x[0], weights[0], *sizes)


def _rule(arguments: dict[str, Any]) -> Signature:
    return _shape(**arguments), torch_dtype_of(arguments["input"])


@layer("deformable_conv", infer=_rule, shares=None)
def convolve(
    input: Tensor,
    offset: Tensor,
    mask: Tensor,
    filters: Tensor,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    moves: int,
    step: int,
) -> Tensor:
    """Return the convolution of weighted elements: one operator inside `deformable_conv`."""
    _shape(input, offset, filters, stride, padding, dilation, groups, moves, step, mask)
    size = (filters.shape[2], filters.shape[3])
    window = kernel.Window(size, stride, padding, dilation, groups, moves)
    return kernel.deformable_conv(input, offset, mask, filters, window)


@layer("deformable_conv_v1", infer=_rule, shares=None)
def convolve_v1(
    input: Tensor,
    offset: Tensor,
    filters: Tensor,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    moves: int,
    step: int,
) -> Tensor:
    """Return the convolution of elements as they are: the other one."""
    _shape(input, offset, filters, stride, padding, dilation, groups, moves, step)
    size = (filters.shape[2], filters.shape[3])
    window = kernel.Window(size, stride, padding, dilation, groups, moves)
    return kernel.deformable_conv(input, offset, None, filters, window)


def _check(input: Any, offset: Any, mask: Any, modulated: Any) -> int:
    """Check the tensors; return how many channels there are."""
    name = "deformable_conv"
    given = {"input": input, "offset": offset}
    if mask is not None:
        given["mask"] = mask
    for key, value in given.items():
        check_tensor(name, key, stand_in(value), _FLOATS)
        check_same_dtype(name, **{"input": input, key: value})
    if modulated and mask is None:
        raise ValueError(
            f"{name}: mask must be given; without one, use modulated=False, the first version"
        )
    shape = shape_of(input)
    if len(shape) != 4 or shape[1] < 1:
        raise ValueError(
            f"{name}: input must be [N, C, H, W] with a known C, but its shape is {list(shape)}"
        )
    return int(shape[1])


def _count(name: str, value: Any, default: int) -> int:
    """Return a number of at least 1; None is what the operator has by default."""
    if value is None:
        return default
    check_type("deformable_conv", name, value, int, "an int")
    if value < 1:
        raise ValueError(f"deformable_conv: {name} must be at least 1, but it is {value}")
    return int(value)


def deformable_conv(
    input: Any,
    offset: Any,
    mask: Any,
    num_filters: int,
    filter_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int | None = None,
    deformable_groups: int | None = None,
    im2col_step: int | None = None,
    param_attr: Any = None,
    bias_attr: Any = None,
    modulated: bool = True,
    name: str | None = None,
) -> Any:
    """Return the convolution of pictures with new filters, whose elements move with the picture.

    Each element of the window is read at its place plus an offset of its own, between cells, and
    multiplied by a number of its own.

    Args:
        input: [N, C, H, W] of float32 or float64; C must be known.
        offset: [N, 2 D kh kw, H', W'] of input's dtype: for each of D deformable groups and each
            element of the window, how far down and how far right.
        mask: [N, D kh kw, H', W'] of input's dtype; None for the first version, without it.
        num_filters: how many filters.
        filter_size: an int, or [height, width]; likewise stride, padding and dilation.
        stride: how far the window moves.
        padding: how far it begins before the picture.
        dilation: how far apart its elements are.
        groups: how many parts the channels are in, each with filters of its own; None is 1.
        deformable_groups: how many parts the channels are in, each moved on its own; None is 1.
        im2col_step: the number of images must divide by it, or be less; None is 64. It is not
            used otherwise.
        param_attr: of the filters, [num_filters, C / groups, kh, kw].
        bias_attr: of the bias, [num_filters]; False leaves it out.
        modulated: whether there is a mask: the second version.
        name: names the parameters and the result.

    Returns:
        [N, num_filters, H', W']. Its gradient reaches input, offset, mask and filters, once: it
        cannot be differentiated again.

    Raises:
        TypeError: an argument is of another type or dtype.
        AssertionError: param_attr is False.
        ValueError: sizes do not fit, or the mask is missing.

    Convention:
        Beyond the picture there are zeros; one cell beyond its edge an element is 0.

    Example:
        >>> from paddle_compat import fluid
        >>> with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        ...     x = fluid.data("x", [None, 3, 32, 32])
        ...     offset = fluid.data("offset", [None, 18, 32, 32])
        ...     mask = fluid.data("mask", [None, 9, 32, 32])
        ...     out = fluid.layers.deformable_conv(x, offset, mask, 2, 3, padding=1)
        >>> out.shape, [p.name for p in out.block.all_parameters()]
        ((-1, 2, 32, 32), ['deformable_conv_0.w_0', 'deformable_conv_0.b_0'])

    Source:
        ``paddle.fluid.layers.deformable_conv``, PaddlePaddle 1.8; Zhu et al., "Deformable
        ConvNets v2", 2018.
    """
    channels = _check(input, offset, mask, modulated)
    if param_attr is False:
        raise AssertionError("deformable_conv: param_attr must not be False; there is a filter")
    filters = _count("num_filters", num_filters, 1)
    parts, moves = _count("groups", groups, 1), _count("deformable_groups", deformable_groups, 1)
    for what, number, count in (
        ("channels of input must divide into groups", channels, parts),
        ("filters must divide into groups", filters, parts),
        ("channels of input must divide into deformable_groups", channels, moves),
        ("filters must divide into deformable_groups", filters, moves),
    ):
        if number % count:
            raise ValueError(f"deformable_conv: the {what}, but {number} do not into {count}")
    sizes = {
        key: _windows.pair("deformable_conv", key, value)
        for key, value in (
            ("filter_size", filter_size),
            ("stride", stride),
            ("dilation", dilation),
            ("padding", padding),
        )
    }
    for key, pair in sizes.items():
        least = 0 if key == "padding" else 1
        if min(pair) < least:
            raise ValueError(f"deformable_conv: {key} must be at least {least}, but it is {pair}")
    window = sizes["filter_size"]
    helper = LayerHelper(
        "deformable_conv", input=input, param_attr=param_attr, bias_attr=bias_attr, name=name
    )
    weights = helper.create_parameter(
        helper.param_attr,
        [filters, channels // parts, *window],
        input.dtype,
        default_initializer=Normal(0.0, (2.0 / (window[0] * window[1] * channels)) ** 0.5, 0),
    )
    rest = (weights, sizes["stride"], sizes["padding"], sizes["dilation"], parts, moves)
    step = _count("im2col_step", im2col_step, 64)
    if modulated:
        result = helper.append(convolve, input, offset, mask, *rest, step)
    else:
        result = helper.append(convolve_v1, input, offset, *rest, step)
    return helper.append_bias_op(result, dim_start=1, dim_end=2)
