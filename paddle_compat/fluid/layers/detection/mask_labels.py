"""The masks that regions of interest learn, from polygons."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod, lengths_of
from paddle_compat.fluid._lod import fits as lengths_fit
from paddle_compat.fluid.layers._checks import check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._shapes import torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.detection import _images
from paddle_compat.kernels.detection import mask_labels as kernel

__all__ = ["generate_mask_labels"]

_NAME = "generate_mask_labels"
_SINGLE = dtypes("float32")
_INT = dtypes("int32")


def _check(
    im_info: Any,
    gt_classes: Any,
    is_crowd: Any,
    gt_segms: Any,
    rois: Any,
    labels_int32: Any,
    num_classes: Any,
    resolution: Any,
) -> None:
    """Check all but values."""
    for what, value, allowed in (
        ("im_info", im_info, _SINGLE),
        ("gt_classes", gt_classes, _INT),
        ("is_crowd", is_crowd, _INT),
        ("gt_segms", gt_segms, _SINGLE),
        ("rois", rois, _SINGLE),
        ("labels_int32", labels_int32, _INT),
    ):
        check_tensor(_NAME, what, stand_in(value), allowed)
    for what, number in (("num_classes", num_classes), ("resolution", resolution)):
        check_type(_NAME, what, number, int, "an int")
        if number < 1:
            raise ValueError(f"{_NAME}: {what} must be at least 1, but it is {number}")
    _images.check_im_info(_NAME, im_info)
    _images.check_columns(_NAME, "gt_segms", gt_segms, 2)
    _images.check_columns(_NAME, "rois", rois, 4)


def _rule(arguments: dict[str, Any]) -> list[Signature]:
    _check(**arguments)
    wide = arguments["num_classes"] * arguments["resolution"] ** 2
    return [
        ((-1, 4), torch_dtype_of(arguments["rois"])),
        ((-1, 1), torch.int32),
        ((-1, wide), torch.int32),
    ]


@layer(
    infer=_rule,
    stop_gradient=True,
    lods=("gt_classes", "is_crowd", "gt_segms", "rois", "labels_int32"),
    ragged=dict.fromkeys(range(3), 0),
)
def generate_mask_labels(  # noqa: D417 - the levels of detail are the arguments' own
    im_info: Tensor,
    gt_classes: Tensor,
    is_crowd: Tensor,
    gt_segms: Tensor,
    rois: Tensor,
    labels_int32: Tensor,
    num_classes: int,
    resolution: int,
    *,
    gt_classes_lod: Lod = (),
    is_crowd_lod: Lod = (),
    gt_segms_lod: Lod = (),
    rois_lod: Lod = (),
    labels_int32_lod: Lod = (),
) -> tuple[Any, ...]:
    """Return the masks that regions of interest learn.

    A region with a label above 0 learns the object whose polygons' box it overlaps most: what of
    its square of `resolution` pixels the object's polygons cover, filled as the COCO mask API does.

    Args:
        im_info: [N, 3] float32: height, width and scale of each image.
        gt_classes: [G, 1] int32 with one level of detail; objects without a class above 0 are left
            out.
        is_crowd: [G, 1] int32, likewise; objects with another number than 0 are left out.
        gt_segms: [S, 2] float32: corners x, y in the original image, with three levels of detail:
            each image's objects, each object's polygons, each polygon's corners.
        rois: [R, 4] float32 with one level of detail, in the network's image.
        labels_int32: [R, 1] int32, likewise; below `num_classes`.
        num_classes: how many classes there are, the background among them.
        resolution: the masks' side.

    Returns:
        The regions that learn, [P, 4]; which of their image's regions they are, [P, 1] int32; and
        what they learn, [P, num_classes * resolution^2] int32: 0 or 1 at their classes' places, and
        elsewhere -1. All have one level of detail. No gradient passes.

    Raises:
        TypeError: an argument has the wrong type or dtype.
        ValueError: a shape or level of detail is not as above, or a label is out of range.

    Convention:
        - An image without a label above 0 has one row, of -1 alone: its first region's box, and
          the place of the first one whose label is 0.
        - Where an image has no object that may be learnt its regions' rows are of -1 too; the real
          operator ends with an error, or ends the process.

    Source:
        ``paddle.fluid.layers.generate_mask_labels``, PaddlePaddle 1.8; He et al., "Mask R-CNN",
        2017.
    """
    _check(im_info, gt_classes, is_crowd, gt_segms, rois, labels_int32, num_classes, resolution)
    counts = _images.image_lengths(
        _NAME,
        {"rois": (rois, rois_lod), "labels_int32": (labels_int32, labels_int32_lod)},
        im_info.shape[0],
    )
    lengths = _images.image_lengths(
        _NAME, {"gt_classes": (gt_classes, gt_classes_lod), "is_crowd": (is_crowd, is_crowd_lod)}
    )
    objects, corners = _levels(gt_segms, gt_segms_lod, lengths)
    if len(counts) != len(lengths):
        raise ValueError(
            f"{_NAME}: rois has rows for {len(counts)} images, but gt_classes for {len(lengths)}"
        )
    if labels_int32.numel() and int(labels_int32.max()) >= num_classes:
        raise ValueError(
            f"{_NAME}: labels_int32 must be below num_classes, {num_classes}, but they reach "
            f"{int(labels_int32.max())}"
        )
    found, polygon, corner = [], 0, 0
    for image, (classes, crowd, theirs, regions, labels) in enumerate(
        zip(
            torch.split(gt_classes.reshape(-1), lengths),
            torch.split(is_crowd.reshape(-1), lengths),
            objects,
            torch.split(rois, counts),
            torch.split(labels_int32.reshape(-1), counts),
            strict=True,
        )
    ):
        sizes = corners[polygon : polygon + sum(theirs)]
        polygon += len(sizes)
        points = gt_segms[corner : corner + sum(sizes)]
        corner += len(points)
        polygons = kernel.polygons_of(points, theirs, sizes)
        found.append(
            kernel.mask_labels(
                classes,
                crowd,
                polygons,
                regions,
                labels,
                im_info[image, 2],
                num_classes,
                resolution,
            )
        )
    return (
        torch.cat([masks.rois for masks in found]),
        torch.cat([masks.places for masks in found]).int()[:, None],
        torch.cat([masks.targets for masks in found]),
        _images.as_level([len(masks.rois) for masks in found]),
    )


def _levels(gt_segms: Tensor, lod: Lod, lengths: list[int]) -> tuple[list[list[int]], list[int]]:
    """Return how many polygons each object of each image has, and each polygon's corners."""
    levels = lengths_of(lod)
    if len(levels) != 3 or not lengths_fit(levels, gt_segms.shape[0]):
        raise ValueError(
            f"{_NAME}: gt_segms must have 3 levels of detail: each image's objects, each object's "
            f"polygons, each polygon's corners ({gt_segms.shape[0]} in all); but they are {levels}"
        )
    if levels[0] != lengths:
        raise ValueError(
            f"{_NAME}: gt_segms and gt_classes must have the same objects for each image, but they "
            f"have {levels[0]} and {lengths}"
        )
    if 0 in levels[2]:
        raise ValueError(
            f"{_NAME}: each polygon of gt_segms must have corners, but polygon "
            f"{levels[2].index(0)} has none; leave it out"
        )
    rest = iter(levels[1])
    return [[next(rest) for _ in range(count)] for count in lengths], levels[2]
