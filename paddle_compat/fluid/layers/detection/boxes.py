"""Boxes: their overlap, codes, clipping and decoding."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature, same_as
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod
from paddle_compat.fluid.layers._checks import check_same_dtype, check_tensor
from paddle_compat.fluid.layers._shapes import fits, is_tensor, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.detection._arguments import (
    FLOATS,
    check_flags,
    check_floats,
    check_shape,
    number_or,
)
from paddle_compat.kernels.detection import boxes as kernel
from paddle_compat.kernels.detection.rounding import held, round_away

__all__ = [
    "box_clip",
    "box_coder",
    "box_decoder_and_assign",
    "iou_similarity",
    "polygon_box_transform",
]


def _offset(box_normalized: bool | None) -> float:
    """Return what a width has beyond x2 - x1; None is True, as by default."""
    return 1.0 if box_normalized is not None and not box_normalized else 0.0


def _check_overlap(x: Any, y: Any, box_normalized: Any) -> None:
    check_flags("iou_similarity", box_normalized=box_normalized)
    check_shape("iou_similarity", "x", x, "N", 4)
    check_shape("iou_similarity", "y", y, "M", 4)
    check_same_dtype("iou_similarity", x=x, y=y)


def _overlap_rule(arguments: dict[str, Any]) -> Signature:
    x, y = arguments["x"], arguments["y"]
    _check_overlap(x, y, arguments["box_normalized"])
    return (x.shape[0], y.shape[0]), torch_dtype_of(x)


@layer(infer=_overlap_rule, no_gradient=True, shares="x", hands_on=True)
def iou_similarity(
    x: Tensor, y: Tensor, box_normalized: bool = True, name: str | None = None
) -> Tensor:
    """Return each box's intersection over union with each other one.

    Args:
        x: float32 or float64, [N, 4]: boxes [x1, y1, x2, y2].
        y: likewise, [M, 4], of x's dtype.
        box_normalized: whether a width is x2 - x1; or else x2 - x1 + 1, in pixels.
        name: names the result.

    Returns:
        [N, M], with x's levels of detail; no gradient passes. Boxes without area overlap
        nothing.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: a shape is not as above.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.tensor([[0.5, 0.5, 2.0, 2.0], [0.0, 0.0, 1.0, 1.0]])
        >>> y = torch.tensor([[1.0, 1.0, 2.5, 2.5]])
        >>> [round(value, 4) for value in fluid.layers.iou_similarity(x, y).flatten().tolist()]
        [0.2857, 0.0]

    Source:
        ``paddle.fluid.layers.iou_similarity``, PaddlePaddle 1.8.
    """
    _check_overlap(x, y, box_normalized)
    return kernel.overlaps(x.detach(), y.detach(), _offset(box_normalized))


# What box_decoder_and_assign has by default, and takes None for.
_GROWTH = 4.135

_ENCODE, _DECODE = "encode_center_size", "decode_center_size"


def _check_coder(
    prior_box: Any,
    prior_box_var: Any,
    target_box: Any,
    code_type: Any,
    box_normalized: Any,
    axis: Any,
) -> None:
    name = "box_coder"
    if not is_tensor(prior_box_var) and not isinstance(prior_box_var, list):
        raise TypeError(
            f"{name}: prior_box_var must be a variable, a tensor or a list of 4 numbers, but it "
            f"is {type(prior_box_var).__name__}; use [1.0, 1.0, 1.0, 1.0] for none"
        )
    check_flags(name, box_normalized=box_normalized)
    if code_type not in (_ENCODE, _DECODE, None):
        raise ValueError(
            f"{name}: code_type must be {_ENCODE!r} or {_DECODE!r}, but it is {code_type!r}"
        )
    if axis not in (0, 1, None):
        raise ValueError(f"{name}: axis must be 0 or 1, but it is {axis!r}")
    check_shape(name, "prior_box", prior_box, "M", 4)
    shape = ("N", "M", 4) if code_type == _DECODE else ("N", 4)
    check_shape(name, "target_box", target_box, *shape)
    check_same_dtype(name, prior_box=prior_box, target_box=target_box)
    count = prior_box.shape[0]
    if is_tensor(prior_box_var):
        check_shape(name, "prior_box_var", prior_box_var, count, 4)
        check_same_dtype(name, prior_box=prior_box, prior_box_var=prior_box_var)
    else:
        check_floats(name, "prior_box_var", prior_box_var)
        if len(prior_box_var) not in (0, 4):
            raise ValueError(
                f"{name}: prior_box_var must have 4 numbers, but it has {len(prior_box_var)}"
            )
    along = 0 if axis else 1
    if code_type == _DECODE and not fits(target_box.shape[along], count):
        raise ValueError(
            f"{name}: with axis={axis}, dimension {along} of target_box must have one entry for "
            f"each of {count} prior boxes, but the shapes are {list(target_box.shape)} and "
            f"{list(prior_box.shape)}"
        )


def _coder_rule(arguments: dict[str, Any]) -> Signature:
    _check_coder(**arguments)
    priors, targets = arguments["prior_box"], arguments["target_box"]
    if arguments["code_type"] == _DECODE:
        return tuple(targets.shape), torch_dtype_of(priors)
    return (targets.shape[0], priors.shape[0], 4), torch_dtype_of(priors)


def _coder_lod(arguments: dict[str, Any]) -> str:
    by_prior = arguments["code_type"] == _DECODE and arguments["axis"]
    return "prior_box" if by_prior else "target_box"


@layer(infer=_coder_rule, no_gradient=True, shares=_coder_lod, hands_on=True)
def box_coder(
    prior_box: Tensor,
    prior_box_var: Tensor | list[float],
    target_box: Tensor,
    code_type: str = "encode_center_size",
    box_normalized: bool = True,
    name: str | None = None,
    axis: int = 0,
) -> Tensor:
    r"""Return boxes as they lie on prior ones, or back.

    With p a prior box and t a target, by centre (x, y), width w and height h, and v the variance,
    the code of t is

    .. math::
        \left(\frac{t_x - p_x}{p_w v_0}, \frac{t_y - p_y}{p_h v_1},
        \frac{\log |t_w / p_w|}{v_2}, \frac{\log |t_h / p_h|}{v_3}\right)

    Args:
        prior_box: float32 or float64, [M, 4]: boxes [x1, y1, x2, y2].
        prior_box_var: [M, 4], or a list of 4 numbers for all.
        target_box: boxes [N, 4] to encode; or codes [N, M, 4] to decode.
        code_type: ``'encode_center_size'`` or ``'decode_center_size'``.
        box_normalized: whether a width is x2 - x1; or else x2 - x1 + 1, in pixels.
        name: names the result.
        axis: for decoding, the dimension that a prior's codes have in common: with 1, prior boxes
            are [N, 4].

    Returns:
        [N, M, 4]: each target on each prior, or the boxes; with target_box's levels of detail,
        for axis 1 prior_box's. No gradient passes.

    Raises:
        TypeError: an argument is no such tensor, or prior_box_var is something else.
        ValueError: shapes do not fit, or a choice is not as above.

    Convention:
        In pixels, a target's centre is (x1 + x2) / 2, but a prior's half a pixel more: what is
        encoded and decoded again has lost half a pixel.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> prior, box = torch.tensor([[0.0, 0.0, 4.0, 4.0]]), torch.tensor([[1.0, 1.0, 5.0, 5.0]])
        >>> fluid.layers.box_coder(prior, [0.5, 0.5, 1.0, 1.0], box).tolist()
        [[[0.5, 0.5, 0.0, 0.0]]]

    Source:
        ``paddle.fluid.layers.box_coder``, PaddlePaddle 1.8.
    """
    _check_coder(prior_box, prior_box_var, target_box, code_type, box_normalized, axis)
    priors, targets = prior_box.detach(), target_box.detach()
    variances: Tensor | None
    if isinstance(prior_box_var, Tensor):
        variances = prior_box_var.detach()
    else:
        variances = held(prior_box_var, priors.dtype).to(priors.device) if prior_box_var else None
    offset = _offset(box_normalized)
    if code_type == _DECODE:
        return kernel.decode(targets, priors, variances, offset, axis or 0)
    return kernel.encode(targets, priors, variances, offset)


def _polygon_rule(arguments: dict[str, Any]) -> Signature:
    _check_polygon(arguments["input"])
    return same_as("input")(arguments)  # type: ignore[return-value]


def _check_polygon(input: Any) -> None:
    check_shape("polygon_box_transform", "input", input, "N", "C", "H", "W")
    if input.shape[1] % 2:
        raise ValueError(
            "polygon_box_transform: input must have an even number of channels, a pair for each "
            f"corner, but its shape is {list(input.shape)}"
        )


@layer(infer=_polygon_rule, no_gradient=True, shares=None)
def polygon_box_transform(input: Tensor, name: str | None = None) -> Tensor:
    """Return corners in pixels from their distances to their cell.

    Args:
        input: float32 or float64, [N, C, H, W]: channels of even number hold distances along x,
            the others along y, of cells that are 4 pixels wide and high.
        name: names the result.

    Returns:
        [N, C, H, W]: 4 times the cell's column or row, less the distance. No gradient passes.

    Raises:
        TypeError: input is no such tensor.
        ValueError: its shape is not as above, or C is odd.

    Source:
        ``paddle.fluid.layers.polygon_box_transform``, PaddlePaddle 1.8.
    """
    _check_polygon(input)
    return kernel.corners_of_cells(input.detach())


def _check_clip(input: Any, im_info: Any) -> None:
    check_tensor("box_clip", "input", stand_in(input), FLOATS)
    check_shape("box_clip", "im_info", im_info, "N", 3)
    check_same_dtype("box_clip", input=input, im_info=im_info)
    if len(input.shape) < 1 or not fits(input.shape[-1], 4):
        raise ValueError(f"box_clip: input must be [..., 4], but its shape is {list(input.shape)}")


def _clip_rule(arguments: dict[str, Any]) -> Signature:
    _check_clip(arguments["input"], arguments["im_info"])
    return same_as("input")(arguments)  # type: ignore[return-value]


@layer(infer=_clip_rule, no_gradient=True, lods=("input",), shares="input")
def box_clip(
    input: Tensor, im_info: Tensor, name: str | None = None, *, input_lod: Lod = ()
) -> Tensor:
    """Return boxes inside their images.

    Args:
        input: float32 or float64, [..., 4]: boxes [x1, y1, x2, y2]; one level of detail tells the
            rows of each image. Without it there must be one image.
        im_info: of the same dtype, [N, 3]: height, width and scale of each image.
        name: names the result.
        input_lod: input's level of detail, filled in.

    Returns:
        The boxes, with x in [0, round(width / scale) - 1] and y likewise, and input's levels of
        detail. No gradient passes.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: shapes or levels of detail are not as above.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> box, image = torch.tensor([[-3.0, 2.0, 50.0, 8.0]]), torch.tensor([[20.0, 40.0, 1.0]])
        >>> fluid.layers.box_clip(box, image).tolist()
        [[0.0, 2.0, 39.0, 8.0]]

    Source:
        ``paddle.fluid.layers.box_clip``, PaddlePaddle 1.8.
    """
    _check_clip(input, im_info)
    images = im_info.shape[0]
    if len(input_lod) > 1:
        raise ValueError(
            f"box_clip: input must have 1 level of detail, but it has {len(input_lod)}"
        )
    lengths = input_lod[0].tolist() if input_lod else [input.shape[0]]
    if len(lengths) > images or (not input_lod and images != 1):
        raise ValueError(
            f"box_clip: im_info must have a row for each image, but it has {images} and input "
            f"{f'tells of {len(lengths)}' if input_lod else 'does not tell which box is in which'}"
            "; give input a level of detail, as in fluid.create_lod_tensor"
        )
    info = im_info.detach()
    limits = round_away(info[:, [1, 0]] / info[:, 2:])
    counts = torch.tensor(lengths, device=input.device)
    rows = limits[: len(lengths)].repeat_interleave(counts, 0, output_size=sum(lengths))
    return kernel.clip_boxes(
        input.detach(), rows.reshape(-1, *[1] * (input.ndim - 2), 2) if input.ndim > 1 else rows[0]
    )


def _check_assign(
    prior_box: Any, prior_box_var: Any, target_box: Any, box_score: Any, box_clip: Any
) -> None:
    name = "box_decoder_and_assign"
    check_shape(name, "prior_box", prior_box, "N", 4)
    check_tensor(name, "prior_box_var", stand_in(prior_box_var), FLOATS)
    if tuple(prior_box_var.shape) not in ((4,), (-1,)):
        raise ValueError(
            f"{name}: prior_box_var must be [4], but its shape is {list(prior_box_var.shape)}"
        )
    rows = prior_box.shape[0]
    check_shape(name, "box_score", box_score, rows, "C")
    classes = box_score.shape[1]
    check_shape(name, "target_box", target_box, rows, 4 * classes if classes >= 0 else "4 C")
    check_same_dtype(
        name,
        prior_box=prior_box,
        prior_box_var=prior_box_var,
        target_box=target_box,
        box_score=box_score,
    )
    number_or(name, "box_clip", box_clip, _GROWTH)


def _assign_rule(arguments: dict[str, Any]) -> list[Signature]:
    _check_assign(**arguments)
    priors, targets = arguments["prior_box"], arguments["target_box"]
    dtype = torch_dtype_of(priors)
    return [(tuple(targets.shape), dtype), (tuple(priors.shape), dtype)]


@layer(
    infer=_assign_rule,
    no_gradient=True,
    shares={0: "target_box", 1: "prior_box"},
    hands_on=True,
)
def box_decoder_and_assign(
    prior_box: Tensor,
    prior_box_var: Tensor,
    target_box: Tensor,
    box_score: Tensor,
    box_clip: float,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the boxes that each class's codes tell, and for each row that of its best class.

    Args:
        prior_box: float32 or float64, [N, 4]: boxes [x1, y1, x2, y2] in pixels.
        prior_box_var: [4], that codes are multiplied by.
        target_box: codes, [N, 4 C].
        box_score: [N, C]; class 0 is the background.
        box_clip: the largest logarithm that a side may grow by, rounded to float32.
        name: names the results.

    Returns:
        Boxes [N, 4 C], and [N, 4]: that of the class with the highest score, background aside;
        the prior box where there is no other class. No gradient passes.

    Raises:
        TypeError: an argument is no such tensor, or box_clip no number.
        ValueError: a shape is not as above.

    Source:
        ``paddle.fluid.layers.box_decoder_and_assign``, PaddlePaddle 1.8.
    """
    _check_assign(prior_box, prior_box_var, target_box, box_score, box_clip)
    return kernel.assign_decoded(
        target_box.detach(),
        prior_box.detach(),
        prior_box_var.detach(),
        box_score.detach(),
        single(number_or("box_decoder_and_assign", "box_clip", box_clip, _GROWTH)),
    )
