"""Features of regions of interest."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod
from paddle_compat.fluid.layers._checks import (
    check_number,
    check_same_dtype,
    check_tensor,
    check_type,
    dtypes,
)
from paddle_compat.fluid.layers._shapes import fits, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.kernels.detection import roi as kernel

__all__ = ["check_rank", "check_regions", "images_of", "roi_align", "roi_pool"]


def check_rank(layer: str, name: str, value: Any, rank: int) -> None:
    """Check how many dimensions a tensor has.

    Raises:
        ValueError: it has others.
    """
    if len(value.shape) != rank:
        told = "1 dimension" if rank == 1 else f"{rank} dimensions"
        raise ValueError(f"{layer}: {name} must have {told}, but its shape is {list(value.shape)}")


def check_regions(
    layer: str,
    input: Any,
    rois: Any,
    rois_lod: Any,
    pooled_height: Any,
    pooled_width: Any,
    spatial_scale: Any,
    ratio: Any = -1,
) -> tuple[int, int, float, int]:
    """Check everything but the tensors' values; return the numbers, None being the default.

    Raises:
        TypeError: an argument is of another type or dtype.
        ValueError: a shape does not fit, or a number is out of range.
    """
    for name, value, rank in (("input", input, 4), ("rois", rois, 2), ("rois_lod", rois_lod, 1)):
        if name != "rois_lod" or value is not None:
            wanted = dtypes("int64") if name == "rois_lod" else dtypes("float32", "float64")
            check_tensor(layer, name, stand_in(value), wanted)
            check_rank(layer, name, value, rank)
    if not fits(rois.shape[1], 4):
        raise ValueError(
            f"{layer}: rois must be [R, 4], x1, y1, x2, y2, but its shape is {list(rois.shape)}"
        )
    check_same_dtype(layer, input=input, rois=rois)
    sizes = [1 if size is None else size for size in (pooled_height, pooled_width)]
    for name, size in zip(("pooled_height", "pooled_width"), sizes, strict=True):
        check_type(layer, name, size, int, "an int")
        if size < 1:
            raise ValueError(f"{layer}: {name} must be at least 1, but it is {size}")
    scale = 1.0 if spatial_scale is None else spatial_scale
    check_number(layer, "spatial_scale", scale)
    if not scale > 0:
        raise ValueError(f"{layer}: spatial_scale must be above 0, but it is {scale}")
    ratio = -1 if ratio is None else ratio
    check_type(layer, "sampling_ratio", ratio, int, "an int")
    return int(sizes[0]), int(sizes[1]), single(scale), int(ratio)


def images_of(layer: str, input: Tensor, rois: Tensor, lod: Lod, offsets: Tensor | None) -> Tensor:
    """Return the image of each region: from where each image's regions start, or their numbers.

    Args:
        layer: for the error's text.
        input: [N, C, H, W].
        rois: [R, 4].
        lod: the regions' level of detail.
        offsets: [N + 1]: where each image's regions start, and the last one's end; None for the
            level of detail.

    Raises:
        ValueError: there is neither, or they do not tell N images and R regions.
    """
    images, regions = len(input), len(rois)
    if offsets is None and not lod:
        raise ValueError(
            f"{layer}: rois must have a level of detail, the number of regions in each image; "
            "feed fluid.create_lod_tensor(array, [[regions of image 0, ...]], place), or give "
            "rois_lod"
        )
    counts = lod[-1] if offsets is None else offsets.diff()
    told = [] if offsets is None else offsets[:1].tolist()
    lengths = counts.tolist()
    if len(lengths) != images or sum(lengths) != regions or any(told):
        given = f"regions for the images {lengths}" if offsets is None else offsets.tolist()
        raise ValueError(
            f"{layer}: there are {images} images and {regions} regions, but "
            f"{'rois_lod' if offsets is not None else 'the level of detail'} tells {given}"
        )
    if lengths and min(lengths) < 0:
        told = lengths if offsets is None else offsets.tolist()
        raise ValueError(f"{layer}: no image can have fewer than 0 regions, but the list is {told}")
    number = torch.arange(images, device=rois.device)
    return number.repeat_interleave(counts.to(rois.device), output_size=regions)


def _rule(layer: str, arguments: dict[str, Any]) -> Signature:
    height, width, *_ = check_regions(layer, *arguments.values())
    x, rows = arguments["input"], arguments["regions"].shape[0]
    return (rows, x.shape[1], height, width), torch_dtype_of(x)


@layer(
    "roi_align",
    infer=lambda arguments: _rule("roi_align", arguments),
    no_gradient=("regions", "offsets"),
    lods=("regions",),
)
def align(
    input: Tensor,
    regions: Tensor,
    offsets: Tensor | None,
    height: int | None,
    width: int | None,
    scale: float | None,
    ratio: int | None,
    name: str | None = None,
    *,
    regions_lod: Lod = (),
) -> Tensor:
    """Return the mean of samples in each bin of each region: the operator inside `roi_align`."""
    numbers = check_regions("roi_align", input, regions, offsets, height, width, scale, ratio)
    images = images_of("roi_align", input, regions, regions_lod, offsets)
    return kernel.roi_align(input, regions, images, kernel.Pooling(*numbers))


@layer(
    "roi_pool",
    infer=lambda arguments: _rule("roi_pool", arguments),
    no_gradient=("regions", "offsets"),
    lods=("regions",),
    after=1,
)
def largest(
    input: Tensor,
    regions: Tensor,
    offsets: Tensor | None,
    height: int | None,
    width: int | None,
    scale: float | None,
    *,
    regions_lod: Lod = (),
) -> Tensor:
    """Return the largest element in each bin of each region: the operator inside `roi_pool`."""
    numbers = check_regions("roi_pool", input, regions, offsets, height, width, scale)
    images = images_of("roi_pool", input, regions, regions_lod, offsets)
    return kernel.roi_pool(input, regions, images, kernel.Pooling(*numbers))


def roi_align(
    input: Any,
    rois: Any,
    pooled_height: int = 1,
    pooled_width: int = 1,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    name: str | None = None,
    rois_lod: Any = None,
) -> Any:
    """Return the mean of samples, taken between cells, in each bin of each region of interest.

    Args:
        input: [N, C, H, W] of float32 or float64.
        rois: [R, 4] of input's dtype: x1, y1, x2, y2. Its level of detail tells how many of them
            are in each image.
        pooled_height: how many bins a region has vertically.
        pooled_width: how many horizontally.
        spatial_scale: what brings coordinates of rois to those of input.
        sampling_ratio: how many samples a bin has in each direction; 0 or less for as many as it
            has cells, rounded up.
        name: names the result.
        rois_lod: [N + 1] of int64: where each image's regions start, and the last one's end;
            instead of a level of detail.

    Returns:
        [R, C, pooled_height, pooled_width]. Its gradient reaches input, once: it cannot be
        differentiated again.

    Raises:
        TypeError: an argument is of another type or dtype.
        ValueError: shapes do not fit, a number is out of range, or the images' numbers of regions
            do not add up.

    Convention:
        - Regions are at least one cell wide and high.
        - Samples further outside than one cell count as 0; closer ones are taken at the edge.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.arange(16.0).reshape(1, 1, 4, 4)
        >>> rois = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
        >>> out = fluid.layers.roi_align(x, rois, 2, 2, rois_lod=torch.tensor([0, 1]))
        >>> out[0, 0].tolist()
        [[2.5, 3.5], [6.5, 7.5]]

    Source:
        ``paddle.fluid.layers.roi_align``, PaddlePaddle 1.8; He et al., "Mask R-CNN", 2017.
    """
    return align(
        input,
        rois,
        rois_lod,
        pooled_height,
        pooled_width,
        spatial_scale,
        sampling_ratio,
        name=name,
    )


def roi_pool(
    input: Any,
    rois: Any,
    pooled_height: int = 1,
    pooled_width: int = 1,
    spatial_scale: float = 1.0,
    rois_lod: Any = None,
) -> Any:
    """Return the largest element in each bin of each region of interest.

    Args:
        input: [N, C, H, W] of float32 or float64.
        rois: [R, 4] of input's dtype: x1, y1, x2, y2; they are rounded to cells, the last of which
            belongs to the region. Its level of detail tells how many of them are in each image.
        pooled_height: how many bins a region has vertically.
        pooled_width: how many horizontally.
        spatial_scale: what brings coordinates of rois to those of input.
        rois_lod: [N + 1] of int64: where each image's regions start, and the last one's end;
            instead of a level of detail.

    Returns:
        [R, C, pooled_height, pooled_width]; 0 in a bin outside of the map. The gradient reaches
        the first of the largest elements, once: it cannot be differentiated again.

    Raises:
        TypeError: an argument is of another type or dtype.
        ValueError: shapes do not fit, a number is out of range, or the images' numbers of regions
            do not add up.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.arange(1.0, 17.0).reshape(1, 1, 4, 4)
        >>> rois = torch.tensor([[1.0, 1.0, 2.0, 2.0], [1.5, 1.5, 3.0, 3.0]])
        >>> fluid.layers.roi_pool(x, rois, rois_lod=torch.tensor([0, 2])).flatten().tolist()
        [11.0, 16.0]

    Source:
        ``paddle.fluid.layers.roi_pool``, PaddlePaddle 1.8; Girshick, "Fast R-CNN", 2015.
    """
    if rois is None:
        raise ValueError("roi_pool: rois must be given; they are [R, 4], x1, y1, x2, y2")
    return largest(input, rois, rois_lod, pooled_height, pooled_width, spatial_scale)
