"""Features of regions of interest, with channels for each bin, or by integrals."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod
from paddle_compat.fluid.layers._checks import check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._shapes import fits, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn.roi import check_rank, check_regions, images_of
from paddle_compat.kernels.detection import prroi, psroi

__all__ = ["prroi_pool", "psroi_pool"]


def _check_strict(
    layer: str, input: Any, rois: Any, height: Any, width: Any, scale: Any, counts: Any = None
) -> tuple[tuple[int, int], float]:
    """Check everything but the tensors' values, where 1.8 takes no other types of numbers."""
    check_type(layer, "spatial_scale", scale, float, "a float")
    for name, size in (("pooled_height", height), ("pooled_width", width)):
        check_type(layer, name, size, int, "an int")
    rows, columns, factor, _ = check_regions(layer, input, rois, None, height, width, scale)
    if counts is not None:
        check_tensor(layer, "batch_roi_nums", stand_in(counts), dtypes("int64"))
        check_rank(layer, "batch_roi_nums", counts, 1)
        if not fits(counts.shape[0], input.shape[0]):
            raise ValueError(
                f"{layer}: batch_roi_nums must have a number for each of {input.shape[0]} images, "
                f"but its shape is {list(counts.shape)}"
            )
    return (rows, columns), factor


def _check_own(
    input: Any, rois: Any, output_channels: Any, scale: Any, height: Any, width: Any
) -> tuple[tuple[int, int], float]:
    check_type("psroi_pool", "output_channels", output_channels, int, "an int")
    size, factor = _check_strict("psroi_pool", input, rois, height, width, scale)
    if output_channels < 2:
        raise ValueError(
            f"psroi_pool: output_channels must be above 1, but it is {output_channels}"
        )
    channels = output_channels * size[0] * size[1]
    if not fits(input.shape[1], channels):
        raise ValueError(
            f"psroi_pool: input must have {channels} channels, {output_channels} for each of "
            f"{size[0]} x {size[1]} bins, but it has {input.shape[1]}"
        )
    return size, factor


def _own_rule(arguments: dict[str, Any]) -> Signature:
    size, _ = _check_own(*arguments.values())
    shape = (arguments["rois"].shape[0], arguments["output_channels"], *size)
    return shape, torch_dtype_of(arguments["input"])


def _integral_rule(arguments: dict[str, Any]) -> Signature:
    x, rois, scale, height, width, counts = arguments.values()
    size, _ = _check_strict("prroi_pool", x, rois, height, width, scale, counts)
    return (rois.shape[0], x.shape[1], *size), torch_dtype_of(x)


@layer(infer=_own_rule, no_gradient=("rois",), lods=("rois",))
def psroi_pool(  # noqa: D417 - the level of detail is rois' own
    input: Tensor,
    rois: Tensor,
    output_channels: int,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    name: str | None = None,
    *,
    rois_lod: Lod = (),
) -> Tensor:
    """Return the mean of each bin's cells, in the channels that are that bin's.

    Args:
        input: [N, output_channels pooled_height pooled_width, H, W] of float32 or float64.
        rois: [R, 4] of input's dtype: x1, y1, x2, y2; they are rounded to pixels, the last of
            which belongs to the region. Its level of detail tells how many are in each image.
        output_channels: how many channels the result has, above 1.
        spatial_scale: a float: what brings coordinates of rois to those of input.
        pooled_height: how many bins a region has vertically.
        pooled_width: how many horizontally.
        name: names the result.

    Returns:
        [R, output_channels, pooled_height, pooled_width]; 0 in a bin outside of the map. The
        gradient reaches input, once: it cannot be differentiated again.

    Raises:
        TypeError: an argument is of another type or dtype.
        ValueError: shapes do not fit, a number is out of range, or the images' numbers of regions
            do not add up.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.arange(32.0).reshape(1, 8, 2, 2)
        >>> rois = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
        >>> rois = fluid.create_lod_tensor(rois.numpy(), [[1]], fluid.CPUPlace())
        >>> fluid.layers.psroi_pool(x, rois, 2, 1.0, 2, 2).flatten().tolist()
        [0.0, 5.0, 10.0, 15.0, 16.0, 21.0, 26.0, 31.0]

    Source:
        ``paddle.fluid.layers.psroi_pool``, PaddlePaddle 1.8; Dai et al., "R-FCN", 2016.
    """
    size, scale = _check_own(
        input, rois, output_channels, spatial_scale, pooled_height, pooled_width
    )
    images = images_of("psroi_pool", input, rois, rois_lod, None)
    return psroi.psroi_pool(input, rois, images, size, scale)


@layer(infer=_integral_rule, no_gradient=("batch_roi_nums",), lods=("rois",))
def prroi_pool(  # noqa: D417 - the level of detail is rois' own
    input: Tensor,
    rois: Tensor,
    spatial_scale: float = 1.0,
    pooled_height: int = 1,
    pooled_width: int = 1,
    batch_roi_nums: Tensor | None = None,
    name: str | None = None,
    *,
    rois_lod: Lod = (),
) -> Tensor:
    """Return the mean of the map, interpolated between cells, over each bin's area.

    Args:
        input: [N, C, H, W] of float32 or float64.
        rois: [R, 4] of input's dtype: x1, y1, x2, y2. Its level of detail tells how many of them
            are in each image.
        spatial_scale: a float: what brings coordinates of rois to those of input.
        pooled_height: how many bins a region has vertically.
        pooled_width: how many horizontally.
        batch_roi_nums: [N] of int64: how many regions each image has; instead of a level of
            detail.
        name: names the result.

    Returns:
        [R, C, pooled_height, pooled_width]; 0 where a region has no area. The gradient reaches
        input and rois, once: it cannot be differentiated again.

    Raises:
        TypeError: an argument is of another type or dtype.
        ValueError: shapes do not fit, a number is out of range, or the images' numbers of regions
            do not add up.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.arange(16.0).reshape(1, 1, 4, 4)
        >>> rois = torch.tensor([[0.5, 1.0, 2.5, 2.0]])
        >>> count = torch.tensor([1])
        >>> fluid.layers.prroi_pool(x, rois, batch_roi_nums=count).item()
        7.5

    Source:
        ``paddle.fluid.layers.prroi_pool``, PaddlePaddle 1.8; Jiang et al., "Acquisition of
        Localization Confidence for Accurate Object Detection", 2018.
    """
    size, scale = _check_strict(
        "prroi_pool", input, rois, pooled_height, pooled_width, spatial_scale, batch_roi_nums
    )
    lod = rois_lod if batch_roi_nums is None else (batch_roi_nums.cpu(),)
    images = images_of("prroi_pool", input, rois, lod, None)
    return prroi.prroi_pool(input, rois, images, size, scale)
