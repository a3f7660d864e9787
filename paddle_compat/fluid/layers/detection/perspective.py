"""Regions of four corners, brought to a rectangle."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod
from paddle_compat.fluid.layers._checks import check_type, dtypes
from paddle_compat.fluid.layers._shapes import torch_dtype_of
from paddle_compat.fluid.layers.detection._arguments import check_shape
from paddle_compat.fluid.layers.nn.roi import images_of
from paddle_compat.kernels.detection import perspective as kernel

__all__ = ["roi_perspective_transform"]

_NAME = "roi_perspective_transform"


def _check(
    input: Any, rois: Any, transformed_height: Any, transformed_width: Any, spatial_scale: Any
) -> None:
    """Check everything but the tensors' values."""
    check_shape(_NAME, "input", input, "N", "C", "H", "W", allowed=dtypes("float32"))
    check_shape(_NAME, "rois", rois, "R", 8, allowed=dtypes("float32"))
    sizes = {"transformed_height": transformed_height, "transformed_width": transformed_width}
    for key, size in sizes.items():
        check_type(_NAME, key, size, int, "an int")
        if size < 1:
            raise ValueError(f"{_NAME}: {key} must be at least 1, but it is {size}")
    check_type(_NAME, "spatial_scale", spatial_scale, float, "a float")
    if not spatial_scale > 0:
        raise ValueError(f"{_NAME}: spatial_scale must be above 0, but it is {spatial_scale}")


def _rule(arguments: dict[str, Any]) -> list[Signature]:
    _check(**arguments)
    x, rows = arguments["input"], arguments["rois"].shape[0]
    size = (arguments["transformed_height"], arguments["transformed_width"])
    dtype = torch_dtype_of(x)
    return [
        ((rows, x.shape[1], *size), dtype),
        ((rows, 1, *size), torch.int32),
        ((rows, 9), dtype),
    ]


@layer(infer=_rule, no_gradient=("rois",), lods=("rois",), shares={0: "rois"}, after=2)
def roi_perspective_transform(  # noqa: D417 - the level of detail is rois' own
    input: Tensor,
    rois: Tensor,
    transformed_height: int,
    transformed_width: int,
    spatial_scale: float = 1.0,
    name: str | None = None,
    *,
    rois_lod: Lod = (),
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what regions of four corners look like from the front: brought to a rectangle.

    Args:
        input: [N, C, H, W] of float32.
        rois: [R, 8] of float32: x and y of the top left corner, the top right, the bottom right
            and the bottom left one. Its level of detail tells how many are in each image.
        transformed_height: the rectangle's height.
        transformed_width: its width; a region that is less wide for its height fills less.
        spatial_scale: a float: what brings coordinates of rois to those of input.
        name: names the results.

    Returns:
        The regions [R, C, height, width]; where in them a place is inside of both the region and
        the map, [R, 1, height, width] of int32; and the matrix [R, 9] that brings a rectangle's
        places to the map's. The gradient reaches input, once: it cannot be differentiated again.

    Raises:
        TypeError: an argument is of another type or dtype.
        ValueError: shapes do not fit, a number is out of range, or the images' numbers of regions
            do not add up.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.arange(16.0).reshape(1, 1, 4, 4)
        >>> rois = torch.tensor([[1.0, 1.0, 3.0, 1.0, 3.0, 3.0, 1.0, 3.0]])
        >>> rois = fluid.create_lod_tensor(rois.numpy(), [[1]], fluid.CPUPlace())
        >>> out, mask, matrix = fluid.layers.roi_perspective_transform(x, rois, 2, 2)
        >>> out[0, 0].tolist(), mask.sum().item()
        ([[5.0, 7.0], [13.0, 15.0]], 4)

    Source:
        ``paddle.fluid.layers.roi_perspective_transform``, PaddlePaddle 1.8.
    """
    _check(input, rois, transformed_height, transformed_width, spatial_scale)
    images = images_of(_NAME, input, rois, rois_lod, None)
    size = (transformed_height, transformed_width)
    return kernel.roi_perspective_transform(input, rois, images, size, single(spatial_scale))
