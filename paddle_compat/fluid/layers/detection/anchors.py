"""Prior boxes and anchors, on the cells of a feature map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import check_tensor, check_type
from paddle_compat.fluid.layers._shapes import torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.detection._arguments import (
    FLOATS,
    check_flags,
    check_floats,
    number_or,
    numbers,
    positive_numbers,
)
from paddle_compat.kernels.detection import anchors as kernel

__all__ = ["anchor_generator", "density_prior_box", "prior_box"]


def _check_map(layer: str, name: str, value: Any, allowed: Any = FLOATS) -> None:
    check_tensor(layer, name, stand_in(value), allowed)
    if len(value.shape) != 4:
        raise ValueError(
            f"{layer}: {name} must be [N, C, H, W], but its shape is {list(value.shape)}"
        )


def _pair(layer: str, name: str, values: Any) -> tuple[float, float]:
    if not isinstance(values, (list, tuple)) or len(values) != 2:
        raise ValueError(f"{layer}: {name} must be [width, height], but it is {values!r}")
    width, height = numbers(layer, name, values)
    return width, height


def _variances(layer: str, values: Any) -> list[float]:
    if not isinstance(values, (list, tuple)) or len(values) != 4:
        raise ValueError(f"{layer}: variance must be 4 numbers, but it is {values!r}")
    check_floats(layer, "variance", values)
    return positive_numbers(layer, "variance", values)


def _anchor_arguments(
    input: Any, anchor_sizes: Any, aspect_ratios: Any, variance: Any, stride: Any, offset: Any
) -> tuple[list[float], list[float], list[float], tuple[float, float], float]:
    """Return sizes, ratios, variances, stride and offset."""
    name = "anchor_generator"
    steps = _pair(name, "stride", stride)
    sizes = positive_numbers(name, "anchor_sizes", anchor_sizes)
    ratios = positive_numbers(name, "aspect_ratios", aspect_ratios)
    _check_map(name, "input", input)
    if min(steps) <= 0:
        raise ValueError(f"{name}: stride must be positive, but it is {list(stride)}")
    if not sizes:
        raise ValueError(f"{name}: anchor_sizes must not be empty")
    return sizes, ratios, _variances(name, variance), steps, number_or(name, "offset", offset, 0.5)


def _anchor_rule(arguments: dict[str, Any]) -> list[Signature]:
    sizes, ratios, *_ = _anchor_arguments(**arguments)
    cells = arguments["input"]
    shape = (*cells.shape[2:], len(sizes) * len(ratios), 4)
    return [(shape, torch_dtype_of(cells))] * 2


@layer(infer=_anchor_rule, stop_gradient=True, shares=None)
def anchor_generator(
    input: Tensor,
    anchor_sizes: float | Sequence[float] | None = None,
    aspect_ratios: float | Sequence[float] | None = None,
    variance: Sequence[float] = [0.1, 0.1, 0.2, 0.2],
    stride: Sequence[float] | None = None,
    offset: float = 0.5,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the anchors of Faster R-CNN and RetinaNet for every cell of a feature map.

    Args:
        input: float32 or float64, [N, C, H, W]; only its size and dtype are looked at.
        anchor_sizes: a number, or several: sides of the square that an anchor is as large as.
        aspect_ratios: a number, or several: height over width.
        variance: 4 numbers, handed on for each anchor.
        stride: pixels that a cell is wide and high.
        offset: where in its cell an anchor's centre is.
        name: names the results.

    Returns:
        Anchors [H, W, A, 4] in pixels, one size after the other within a ratio; and their
        variances, likewise. No gradient passes.

    Raises:
        TypeError: input is no such tensor, or an argument holds no numbers.
        ValueError: input has another rank, or numbers are missing or not positive.

    Convention:
        A box is [x1, y1, x2, y2], and covers the pixels of its coordinates: a width is
        x2 - x1 + 1.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.zeros(1, 8, 2, 3)
        >>> boxes, _ = fluid.layers.anchor_generator(x, [32.0], [1.0], stride=[16.0, 16.0])
        >>> boxes.shape, boxes[0, 0, 0].tolist()
        (torch.Size([2, 3, 1, 4]), [-8.0, -8.0, 23.0, 23.0])

    Source:
        ``paddle.fluid.layers.anchor_generator``, PaddlePaddle 1.8.
    """
    sizes, ratios, variances, steps, shift = _anchor_arguments(
        input, anchor_sizes, aspect_ratios, variance, stride, offset
    )
    grid = (input.shape[2], input.shape[3])
    boxes = kernel.anchors(grid, sizes, ratios, steps, shift, input.dtype, input.device)
    return boxes, kernel.on_grid(variances, boxes)


def _check_maps(layer: str, input: Any, image: Any) -> None:
    _check_map(layer, "input", input)
    _check_map(layer, "image", image, None)


def _prior_arguments(
    input: Any,
    image: Any,
    min_sizes: Any,
    max_sizes: Any,
    aspect_ratios: Any,
    variance: Any,
    flip: Any,
    clip: Any,
    steps: Any,
    offset: Any,
    min_max_aspect_ratios_order: Any,
) -> tuple[list[float], list[float], list[float], list[float], tuple[float, float], float]:
    """Return smallest and largest sizes, ratios, variances, steps and offset."""
    name = "prior_box"
    _check_maps(name, input, image)
    check_flags(name, flip=flip, clip=clip, min_max_aspect_ratios_order=min_max_aspect_ratios_order)
    small = positive_numbers(name, "min_sizes", min_sizes)
    if not small:
        raise ValueError(f"{name}: min_sizes must not be empty")
    ratios = positive_numbers(name, "aspect_ratios", aspect_ratios)
    step = _pair(name, "steps", steps)
    if min(step) < 0:
        raise ValueError(f"{name}: steps must not be negative, but they are {list(steps)}")
    large: list[float] = []
    if max_sizes is not None and len(max_sizes) > 0 and max_sizes[0] > 0:
        check_floats(name, "max_sizes", max_sizes)
        large = numbers(name, "max_sizes", max_sizes)
        if len(large) != len(small) or any(
            high <= low for low, high in zip(small, large, strict=True)
        ):
            raise ValueError(
                f"{name}: max_sizes must have a larger number for each of min_sizes, but they are "
                f"{large} and {small}"
            )
    spread = kernel.expand_ratios(ratios, bool(flip))
    return (
        small,
        large,
        spread,
        _variances(name, variance),
        step,
        number_or(name, "offset", offset, 0.5),
    )


def _prior_rule(arguments: dict[str, Any]) -> list[Signature]:
    small, large, ratios, *_ = _prior_arguments(**arguments)
    cells = arguments["input"]
    shape = (*cells.shape[2:], len(small) * len(ratios) + len(large), 4)
    return [(shape, torch_dtype_of(cells))] * 2


@layer(infer=_prior_rule, stop_gradient=True, shares=None)
def prior_box(
    input: Tensor,
    image: Tensor,
    min_sizes: float | Sequence[float],
    max_sizes: Sequence[float] | None = None,
    aspect_ratios: float | Sequence[float] = [1.0],
    variance: Sequence[float] = [0.1, 0.1, 0.2, 0.2],
    flip: bool = False,
    clip: bool = False,
    steps: Sequence[float] = [0.0, 0.0],
    offset: float = 0.5,
    name: str | None = None,
    min_max_aspect_ratios_order: bool = False,
) -> tuple[Tensor, Tensor]:
    """Return the prior boxes of SSD for every cell of a feature map.

    Args:
        input: float32 or float64, [N, C, H, W]; only its size and dtype are looked at.
        image: floats, [N, C, H', W'], larger than input.
        min_sizes: a number, or several, in pixels.
        max_sizes: one for each of min_sizes, each larger; None, or a first number that is not
            positive, for none. A square of sqrt(min x max) comes with each.
        aspect_ratios: a number, or several: width over height; 1 is always among them.
        variance: 4 numbers, handed on for each box.
        flip: whether the inverse of each ratio counts too.
        clip: whether boxes end at the image's edges.
        steps: pixels that a cell is wide and high; where one of them is 0, what fills the image.
        offset: where in its cell a box's centre is.
        name: names the results.
        min_max_aspect_ratios_order: whether a size's two squares come first, as in Caffe; or else
            the second comes last.

    Returns:
        Boxes [H, W, P, 4], in parts of the image; and their variances, likewise. No gradient
        passes.

    Raises:
        TypeError: a tensor is not as above, or an argument holds no numbers.
        ValueError: sizes do not fit each other, or are not positive.

    Source:
        ``paddle.fluid.layers.prior_box``, PaddlePaddle 1.8; Liu et al., "SSD: Single Shot
        MultiBox Detector", 2016.
    """
    small, large, ratios, variances, step, shift = _prior_arguments(
        input,
        image,
        min_sizes,
        max_sizes,
        aspect_ratios,
        variance,
        flip,
        clip,
        steps,
        offset,
        min_max_aspect_ratios_order,
    )
    boxes = kernel.priors(
        (input.shape[2], input.shape[3]),
        (image.shape[2], image.shape[3]),
        small,
        large,
        ratios,
        step,
        shift,
        bool(min_max_aspect_ratios_order),
        input.dtype,
        input.device,
    )
    return boxes.clamp_(0, 1) if clip else boxes, kernel.on_grid(variances, boxes)


def _density_arguments(
    input: Any,
    image: Any,
    densities: Any,
    fixed_sizes: Any,
    fixed_ratios: Any,
    variance: Any,
    clip: Any,
    steps: Any,
    offset: Any,
    flatten_to_2d: Any,
) -> tuple[list[int], list[float], list[float], list[float], tuple[float, float], float]:
    """Return densities, sizes, ratios, variances, steps and offset."""
    name = "density_prior_box"
    _check_maps(name, input, image)
    for axis, side in ((2, "height"), (3, "width")):
        cells, pixels = input.shape[axis], image.shape[axis]
        if cells >= pixels >= 0:
            raise ValueError(
                f"{name}: input must be smaller than image, but its {side} is {cells} and the "
                f"image's {pixels}"
            )
    given = {"densities": densities, "fixed_sizes": fixed_sizes, "fixed_ratios": fixed_ratios}
    for key, value in given.items():
        check_type(name, key, value, (list, tuple), "a list or tuple")
    if len(densities) != len(fixed_sizes):
        raise ValueError(
            f"{name}: densities must have one number for each of fixed_sizes, but they are "
            f"{list(densities)} and {list(fixed_sizes)}"
        )
    step = _pair(name, "steps", steps)
    if min(step) < 0:
        raise ValueError(f"{name}: steps must not be negative, but they are {list(steps)}")
    counts = [int(value) for value in positive_numbers(name, "densities", densities)]
    if counts and min(counts) < 1:
        raise ValueError(f"{name}: densities must be at least 1, but they are {list(densities)}")
    sizes = positive_numbers(name, "fixed_sizes", fixed_sizes)
    ratios = positive_numbers(name, "fixed_ratios", fixed_ratios)
    check_flags(name, clip=clip, flatten_to_2d=flatten_to_2d)
    return (
        counts,
        sizes,
        ratios,
        _variances(name, variance),
        step,
        number_or(name, "offset", offset, 0.5),
    )


def _density_rule(arguments: dict[str, Any]) -> list[Signature]:
    counts, _, ratios, *_ = _density_arguments(**arguments)
    cells = arguments["input"]
    height, width = cells.shape[2:]
    boxes = len(ratios) * sum(count * count for count in counts)
    # How many rows a flat result has is not told in 1.8, be it known or not.
    shape = (-1, 4) if arguments["flatten_to_2d"] else (height, width, boxes, 4)
    return [(shape, torch_dtype_of(cells))] * 2


@layer(infer=_density_rule, stop_gradient=True, shares=None)
def density_prior_box(
    input: Tensor,
    image: Tensor,
    densities: Sequence[int] | None = None,
    fixed_sizes: Sequence[float] | None = None,
    fixed_ratios: Sequence[float] | None = None,
    variance: Sequence[float] = [0.1, 0.1, 0.2, 0.2],
    clip: bool = False,
    steps: Sequence[float] = [0.0, 0.0],
    offset: float = 0.5,
    flatten_to_2d: bool = False,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Return prior boxes for every cell of a feature map, small ones more densely.

    Args:
        input: float32 or float64, [N, C, H, W]; only its size and dtype are looked at.
        image: floats, [N, C, H', W'], larger than input.
        densities: how many boxes of a size stand side by side, and as many above each other.
        fixed_sizes: a size for each of densities, in pixels.
        fixed_ratios: width over height.
        variance: 4 numbers, handed on for each box.
        clip: whether boxes are inside the image altogether, those too whose cell is not.
        steps: pixels that a cell is wide and high; where one of them is 0, what fills the image.
        offset: where in its cell the boxes' middle is.
        flatten_to_2d: whether the results are [H x W x P, 4].
        name: names the results.

    Returns:
        Boxes [H, W, P, 4], in parts of the image; and their variances, likewise. No gradient
        passes.

    Raises:
        TypeError: a tensor is not as above, or an argument holds no numbers, or is no list.
        ValueError: lists do not fit each other, or numbers are not positive.

    Source:
        ``paddle.fluid.layers.density_prior_box``, PaddlePaddle 1.8.
    """
    counts, sizes, ratios, variances, step, shift = _density_arguments(
        input,
        image,
        densities,
        fixed_sizes,
        fixed_ratios,
        variance,
        clip,
        steps,
        offset,
        flatten_to_2d,
    )
    boxes = kernel.density_priors(
        (input.shape[2], input.shape[3]),
        (image.shape[2], image.shape[3]),
        counts,
        sizes,
        ratios,
        step,
        shift,
        input.dtype,
        input.device,
    )
    if clip:
        boxes = boxes.clamp_(0, 1)
    beside = kernel.on_grid(variances, boxes)
    return (boxes.flatten(0, 2), beside.flatten(0, 2)) if flatten_to_2d else (boxes, beside)
