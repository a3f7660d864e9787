"""SSD's heads on several feature maps, with their prior boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from paddle_compat.fluid.layers.detection._arguments import without_gradient
from paddle_compat.fluid.layers.detection.anchors import prior_box
from paddle_compat.fluid.layers.nn.conv import conv2d
from paddle_compat.fluid.layers.nn.shape import flatten, reshape, transpose
from paddle_compat.fluid.layers.tensor.moved import concat

__all__ = ["multi_box_head"]


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _check_lengths(inputs: Sequence[Any], **lists: Any) -> None:
    for name, values in lists.items():
        if values is not None and not (_is_list(values) and len(values) == len(inputs)):
            told = f"{len(values)} entries" if _is_list(values) else repr(values)
            raise ValueError(
                f"multi_box_head: {name} must be a list with an entry for each of {len(inputs)} "
                f"inputs, but it is {told}"
            )


def _sizes(
    count: int, base_size: float, min_ratio: Any, max_ratio: Any
) -> tuple[list[float], list[float]]:
    """Return the smallest and largest size of each level, from parts of the image in percent."""
    for name, value in (("min_ratio", min_ratio), ("max_ratio", max_ratio)):
        if not isinstance(value, int):
            raise TypeError(
                f"multi_box_head: {name} must be an int, a part of base_size in percent, but it is "
                f"{value!r}; or else give min_sizes and max_sizes"
            )
    step = math.floor((max_ratio - min_ratio) / (count - 2))
    if step == 0:
        raise ValueError(
            f"multi_box_head: max_ratio must be above min_ratio by at least {count - 2}, but they "
            f"are {max_ratio} and {min_ratio}"
        )
    ratios = range(min_ratio, max_ratio + 1, step)
    small = [base_size * ratio / 100.0 for ratio in ratios]
    large = [base_size * (ratio + step) / 100.0 for ratio in ratios]
    return [base_size * 0.10, *small], [base_size * 0.20, *large]


def _check_heads(inputs: Any, min_sizes: Any, max_sizes: Any) -> None:
    if not _is_list(inputs):
        raise ValueError(
            f"multi_box_head: inputs must be a list of tensors, but it is {type(inputs).__name__}"
        )
    given = {"min_sizes": min_sizes, "max_sizes": max_sizes}
    few = len(inputs) <= 2
    for name, values in given.items():
        if few and (values is None or len(values) != len(inputs)):
            raise AssertionError(
                f"multi_box_head: {name} must have an entry for each of {len(inputs)} inputs, but "
                f"it is {values!r}"
            )
    if not few and (min_sizes is None) != (max_sizes is None):
        raise TypeError("multi_box_head: min_sizes and max_sizes must be given together")


def multi_box_head(
    inputs: Sequence[Any],
    image: Any,
    base_size: float,
    num_classes: int,
    aspect_ratios: Sequence[Any] | None,
    min_ratio: int | None = None,
    max_ratio: int | None = None,
    min_sizes: Sequence[Any] | None = None,
    max_sizes: Sequence[Any] | None = None,
    steps: Sequence[float] | None = None,
    step_w: Sequence[float] | None = None,
    step_h: Sequence[float] | None = None,
    offset: float = 0.5,
    variance: Sequence[float] = [0.1, 0.1, 0.2, 0.2],
    flip: bool = True,
    clip: bool = False,
    kernel_size: int | Sequence[int] = 1,
    pad: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
    name: str | None = None,
    min_max_aspect_ratios_order: bool = False,
) -> tuple[Any, Any, Any, Any]:
    """Return SSD's predictions on several feature maps, and the prior boxes that they are for.

    Every map gets a convolution for the boxes, one for the classes, and prior boxes.

    Args:
        inputs: float32, [N, C, H, W] each.
        image: float32, [N, C', H', W'].
        base_size: the image's size, that ratios are of.
        num_classes: how many classes, background included.
        aspect_ratios: for each map a ratio, or several; None for squares alone.
        min_ratio: with max_ratio, for more than two maps, where sizes are None: the range of the
            maps' sizes but the first, in percent of base_size, in even steps; the first has 10 to
            20 percent.
        max_ratio: see min_ratio.
        min_sizes: for each map a size in pixels, or several.
        max_sizes: likewise, larger.
        steps: for each map, pixels that a cell is wide and high.
        step_w: for each map, pixels that a cell is wide; 0 for what fills the image.
        step_h: for each map, pixels that a cell is high; not looked at without step_w.
        offset: where in its cell a box's centre is.
        variance: 4 numbers, handed on for each box.
        flip: whether the inverse of each ratio counts too.
        clip: whether prior boxes end at the image's edges.
        kernel_size: of the convolutions; likewise pad and stride.
        pad: see kernel_size.
        stride: see kernel_size.
        name: not used.
        min_max_aspect_ratios_order: as `prior_box` has it.

    Returns:
        Boxes' codes [N, P, 4], classes' logits [N, P, num_classes], prior boxes [P, 4] and their
        variances [P, 4]; of a single map, all that is not reshaped: [N, 4 P], [N, P num_classes]
        and [H, W, A, 4].

    Raises:
        TypeError: ratios are no ints, or an argument is no such tensor.
        AssertionError: there are one or two maps, and not as many sizes.
        ValueError: a list has not an entry for each map.

    Source:
        ``paddle.fluid.layers.multi_box_head``, PaddlePaddle 1.8.
    """
    _check_heads(inputs, min_sizes, max_sizes)
    if len(inputs) > 2 and min_sizes is None and max_sizes is None:
        min_sizes, max_sizes = _sizes(len(inputs), base_size, min_ratio, max_ratio)
    assert min_sizes is not None
    assert max_sizes is not None
    _check_lengths(inputs, aspect_ratios=aspect_ratios, step_h=step_h, step_w=step_w, steps=steps)
    if min(len(min_sizes), len(max_sizes)) < len(inputs):
        raise ValueError(
            f"multi_box_head: min_sizes and max_sizes must have an entry for each of {len(inputs)} "
            f"inputs, but they have {len(min_sizes)} and {len(max_sizes)}"
        )
    if steps is not None:
        step_w = step_h = steps
    if step_w and not step_h:
        raise TypeError("multi_box_head: step_h must be given with step_w")
    codes: list[Any] = []
    logits: list[Any] = []
    boxes, variances = [], []
    for i, one in enumerate(inputs):
        ratios = [] if aspect_ratios is None else aspect_ratios[i]
        step = [step_w[i], step_h[i]] if step_w and step_h else [0.0, 0.0]
        box, beside = prior_box(
            one,
            image,
            min_sizes[i] if _is_list(min_sizes[i]) else [min_sizes[i]],
            max_sizes[i] if _is_list(max_sizes[i]) else [max_sizes[i]],
            ratios,
            variance,
            flip,
            clip,
            step,
            offset,
            None,
            min_max_aspect_ratios_order,
        )
        boxes.append(box)
        variances.append(beside)
        for found, filters in ((codes, 4), (logits, num_classes)):
            value = conv2d(
                input=one,
                num_filters=box.shape[2] * filters,
                filter_size=kernel_size,
                padding=pad,
                stride=stride,
            )
            found.append(flatten(transpose(value, perm=[0, 2, 3, 1]), axis=1))
    if len(boxes) == 1:
        return codes[0], logits[0], boxes[0], variances[0]
    flat = [
        [flatten(value, axis=3) for value in pair] for pair in zip(boxes, variances, strict=True)
    ]
    every, beside = (without_gradient(concat(list(values))) for values in zip(*flat, strict=True))
    places = reshape(concat(codes, axis=1), shape=[0, -1, 4])
    shown = reshape(concat(logits, axis=1), shape=[0, -1, num_classes])
    return places, shown, every, beside
