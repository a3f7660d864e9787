"""Regions of interest, spread over a pyramid's levels and collected from them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod
from paddle_compat.fluid.layers._checks import check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._shapes import fits, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.detection import _images
from paddle_compat.kernels.detection import levels as kernel

__all__ = ["collect_fpn_proposals", "distribute_fpn_proposals"]

_FLOATS = dtypes("float32", "float64")


def _check_spread(
    fpn_rois: Any, min_level: Any, max_level: Any, refer_level: Any, refer_scale: Any
) -> None:
    name = "distribute_fpn_proposals"
    check_tensor(name, "fpn_rois", stand_in(fpn_rois), _FLOATS)
    check_type(name, "refer_level", refer_level, int, "an int")
    check_type(name, "refer_scale", refer_scale, int, "an int")
    if not 0 <= min_level <= max_level:
        raise ValueError(
            f"{name}: min_level must be at least 0 and at most max_level, but they are "
            f"{min_level} and {max_level}"
        )
    _images.check_columns(name, "fpn_rois", fpn_rois, 4)


def _spread_rule(arguments: dict[str, Any]) -> list[Signature]:
    _check_spread(**arguments)
    count = arguments["max_level"] - arguments["min_level"] + 1
    kind = torch_dtype_of(arguments["fpn_rois"])
    return [*([((-1, 4), kind)] * count), ((-1, 1), torch.int32)]


def _spread(
    fpn_rois: Tensor,
    min_level: int,
    max_level: int,
    refer_level: int,
    refer_scale: int,
    name: str | None = None,
    *,
    fpn_rois_lod: Lod = (),
) -> tuple[Any, ...]:
    """Return the regions of each level, where each went, and the regions' levels of detail."""
    _check_spread(fpn_rois, min_level, max_level, refer_level, refer_scale)
    lengths = _images.image_lengths(
        "distribute_fpn_proposals", {"fpn_rois": (fpn_rois, fpn_rois_lod)}
    )
    levels = kernel.levels_of(fpn_rois, min_level, max_level, refer_level, refer_scale)
    parts, counts, place = kernel.spread(fpn_rois, lengths, levels, min_level, max_level)
    return (*parts, place.int()[:, None], *map(_images.as_level, counts))


@functools.cache
def _spread_over(levels: int) -> Callable[..., Any]:
    """Return the layer that has so many results, and one more."""
    return layer(
        "distribute_fpn_proposals",
        infer=_spread_rule,
        no_gradient=True,
        lods=("fpn_rois",),
        ragged={level: level for level in range(levels)},
    )(_spread)


def distribute_fpn_proposals(
    fpn_rois: Any,
    min_level: int,
    max_level: int,
    refer_level: int,
    refer_scale: int,
    name: str | None = None,
) -> tuple[list[Any], Any]:
    r"""Return regions of interest by the level of a pyramid that they belong to.

    That is :math:`\lfloor \log_2(\sqrt{area} / scale + 10^{-6}) + level \rfloor`, from `min_level`
    to `max_level`.

    Args:
        fpn_rois: [R, 4] with one level of detail, float32 or float64.
        min_level: the first level, 0 or more.
        max_level: the last one.
        refer_level: the level of squares of the side `refer_scale`.
        refer_scale: an int.
        name: names the results.

    Returns:
        A list of each level's regions, [R', 4] with one level of detail, in their order; and where
        each region is among all of them, one level behind the other, [R, 1] int32. No gradient
        passes.

    Raises:
        TypeError: an argument has the wrong type or dtype.
        ValueError: a shape or level of detail is not as above, or there are no levels.

    Convention:
        - A width is x2 - x1 + 1; a box with a negative one has no area.
        - An image may have no regions; the real operator refuses it.

    Example:
        >>> import numpy as np
        >>> from paddle_compat import fluid
        >>> rois = fluid.LoDTensor()
        >>> rois.set(np.array([[0, 0, 447, 447], [0, 0, 9, 9]], "float32"), fluid.CPUPlace())
        >>> rois.set_recursive_sequence_lengths([[2]])
        >>> levels, place = fluid.layers.distribute_fpn_proposals(rois, 2, 5, 4, 224)
        >>> [len(level) for level in levels], place.flatten().tolist()
        ([1, 0, 0, 1], [1, 0])

    Source:
        ``paddle.fluid.layers.distribute_fpn_proposals``, PaddlePaddle 1.8; Lin et al., "Feature
        Pyramid Networks", 2017.
    """
    check_type("distribute_fpn_proposals", "min_level", min_level, int, "an int")
    check_type("distribute_fpn_proposals", "max_level", max_level, int, "an int")
    *levels, place = _spread_over(max(max_level - min_level + 1, 1))(
        fpn_rois, min_level, max_level, refer_level, refer_scale, name=name
    )
    return levels, place


def _check_collect(multi_rois: Any, multi_scores: Any, post_nms_top_n: Any) -> None:
    name = "collect_fpn_proposals"
    for what, values in (("multi_rois", multi_rois), ("multi_scores", multi_scores)):
        check_type(name, what, values, list, "a list of variables or tensors")
        for index, value in enumerate(values):
            check_tensor(name, f"{what}[{index}]", stand_in(value), _FLOATS)
    check_type(name, "post_nms_top_n", post_nms_top_n, int, "an int")
    if not multi_rois or len(multi_rois) != len(multi_scores):
        raise ValueError(
            f"{name}: multi_rois and multi_scores must have one item for each level from min_level "
            f"to max_level, but they have {len(multi_rois)} and {len(multi_scores)}"
        )
    if post_nms_top_n < 0:
        raise ValueError(f"{name}: post_nms_top_n must be at least 0, but it is {post_nms_top_n}")
    first = multi_rois[0]
    for index, (rois, scores) in enumerate(zip(multi_rois, multi_scores, strict=True)):
        _images.check_columns(name, f"multi_rois[{index}]", rois, 4)
        _images.check_columns(name, f"multi_scores[{index}]", scores, 1)
        if torch_dtype_of(rois) != torch_dtype_of(first):
            raise ValueError(
                f"{name}: all of multi_rois must have one dtype, but multi_rois[0] is "
                f"{torch_dtype_of(first)} and multi_rois[{index}] is {torch_dtype_of(rois)}"
            )
        _images.check_alike(name, **{"multi_rois[0]": first, f"multi_scores[{index}]": scores})
        if not fits(rois.shape[0], scores.shape[0]):
            raise ValueError(
                f"{name}: multi_rois[{index}] and multi_scores[{index}] must have as many rows, "
                f"but they have {rois.shape[0]} and {scores.shape[0]}"
            )


def _collect_rule(arguments: dict[str, Any]) -> Signature:
    _check_collect(**arguments)
    return (arguments["post_nms_top_n"], 4), torch_dtype_of(arguments["multi_rois"][0])


@layer(
    "collect_fpn_proposals",
    infer=_collect_rule,
    stop_gradient=True,
    lods=("multi_rois", "multi_scores"),
    ragged={0: 0},
)
def _collect(
    multi_rois: list[Tensor],
    multi_scores: list[Tensor],
    post_nms_top_n: int,
    name: str | None = None,
    *,
    multi_rois_lod: Sequence[Lod] = (),
    multi_scores_lod: Sequence[Lod] = (),
) -> tuple[Any, ...]:
    """Return regions and their level of detail."""
    _check_collect(multi_rois, multi_scores, post_nms_top_n)
    lengths: list[list[int]] = []
    for index, (rois, scores) in enumerate(zip(multi_rois, multi_scores, strict=True)):
        pair = {
            f"multi_rois[{index}]": (rois, multi_rois_lod[index]),
            f"multi_scores[{index}]": (scores, multi_scores_lod[index]),
        }
        lengths.append(_images.image_lengths("collect_fpn_proposals", pair))
    if len({len(level) for level in lengths}) > 1:
        raise ValueError(
            "collect_fpn_proposals: all of multi_rois must have rows for the same number of "
            f"images, but they have {[len(level) for level in lengths]}"
        )
    flat = [scores.reshape(-1) for scores in multi_scores]
    regions, found = kernel.collect(multi_rois, flat, lengths, post_nms_top_n)
    return regions, _images.as_level(found)


def collect_fpn_proposals(
    multi_rois: Any,
    multi_scores: Any,
    min_level: int,
    max_level: int,
    post_nms_top_n: int,
    name: str | None = None,
) -> Any:
    """Return the regions of interest with the best scores, of all levels and images together.

    Args:
        multi_rois: a list of [R, 4] with one level of detail, float32 or float64: each level's
            regions.
        multi_scores: a list of [R, 1], of the same dtype and level of detail: their scores.
        min_level: the first level,
        max_level: and the last: so many items of the lists are looked at.
        post_nms_top_n: how many regions are taken at most.
        name: names the result.

    Returns:
        [P, 4] with one level of detail: image by image, the best first. No gradient passes.

    Raises:
        TypeError: an argument has the wrong type or dtype.
        ValueError: a shape or level of detail is not as above, or the lists differ.

    Convention:
        - Of equal scores that of the later level, and of the later region, goes first.
        - Every image has its length, 0 too. The real operator counts at most one image without
          regions before each that has some, and none at the end, so that what follows is taken to
          belong to other images; and it takes the regions of an image that is preceded by two
          without any to be another's.

    Source:
        ``paddle.fluid.layers.collect_fpn_proposals``, PaddlePaddle 1.8.
    """
    check_type("collect_fpn_proposals", "min_level", min_level, int, "an int")
    check_type("collect_fpn_proposals", "max_level", max_level, int, "an int")
    count = max(max_level - min_level + 1, 0)
    if isinstance(multi_rois, list) and isinstance(multi_scores, list):
        multi_rois, multi_scores = multi_rois[:count], multi_scores[:count]
    return _collect(multi_rois, multi_scores, post_nms_top_n, name=name)
