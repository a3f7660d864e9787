"""Non-maximum suppression: many classes, local awareness, matrices."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod, as_lod
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.layers.detection._nms_arguments import (
    check_locality,
    check_matrix,
    check_multiclass,
)
from paddle_compat.kernels.detection import locality, multiclass
from paddle_compat.kernels.detection import matrix_nms as matrix

__all__ = ["locality_aware_nms", "matrix_nms", "multiclass_nms"]


def _multiclass_rule(arguments: dict[str, Any]) -> Signature:
    check_multiclass(**{k: v for k, v in arguments.items() if k != "name"})
    boxes, scores = arguments["bboxes"], arguments["scores"]
    rows = boxes.shape[1] if len(scores.shape) == 3 else -1
    return (rows, boxes.shape[2] + 2), boxes.torch_dtype


@layer(
    infer=_multiclass_rule, lods=("bboxes",), ragged={0: 0}, stop_gradient=True, no_gradient=True
)
def multiclass_nms(  # noqa: D417 - the level of detail is bboxes' own
    bboxes: Tensor,
    scores: Tensor,
    score_threshold: float,
    nms_top_k: int,
    keep_top_k: int,
    nms_threshold: float = 0.3,
    normalized: bool = True,
    nms_eta: float = 1.0,
    background_label: int = 0,
    name: str | None = None,
    *,
    bboxes_lod: Lod = (),
) -> tuple[Tensor, Lod]:
    """Return detections: class by class, what overlaps nothing of a higher score.

    Args:
        bboxes: boxes that the classes share, [N, M, 4] as x1, y1, x2, y2, or the corners of
            polygons, [N, M, 8, 16, 24 or 32]; or the boxes of regions, one for each class,
            [M, C, 4], whose level of detail tells how many regions an image has. float32 or
            float64.
        scores: [N, C, M], or for regions [M, C]; of the same dtype.
        score_threshold: what a score must be above.
        nms_top_k: how many candidates of a class there are at most; -1 for any number.
        keep_top_k: how many detections an image has at most; -1 for any number.
        nms_threshold: a candidate is dropped whose overlap with a kept one is above it.
        normalized: whether coordinates are positions; else they name pixels that belong to a box,
            so that widths and heights are 1 more. Polygons do not ask.
        nms_eta: below 1, the threshold of a class is multiplied by it after each kept candidate, as
            long as it is above 0.5.
        background_label: the class that is not looked at; -1 for none.
        name: names the result.

    Returns:
        [K, 6], or 2 more than there are coordinates: label, score and box; within an image by
        label, then by falling score, or by region. Its level of detail tells how many each image
        has. Without any detection it is [[-1.0]], one row that belongs to one image.

    Raises:
        TypeError: a tensor is none of floats, or another argument is not of the type above.
        ValueError: shapes do not fit, or regions have no level of detail.

    Convention:
        - ties: of equal scores, compared as float32, the one of the first class goes first, then
          the one of the first box.
        - an overlap that is NaN is above every threshold: so is that of two boxes without area
          that touch.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> boxes = torch.tensor([[[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0]]])
        >>> scores = torch.tensor([[[0.9, 0.8], [0.1, 0.7]]])
        >>> fluid.layers.multiclass_nms(boxes, scores, 0.5, -1, 100, background_label=-1)[:, 0]
        tensor([0., 1.])

    Source:
        ``paddle.fluid.layers.multiclass_nms``, PaddlePaddle 1.8.
    """
    check_multiclass(
        bboxes,
        scores,
        score_threshold,
        nms_top_k,
        keep_top_k,
        nms_threshold,
        normalized,
        nms_eta,
        background_label,
    )
    rule = multiclass.Rule(
        single(score_threshold),
        nms_top_k,
        keep_top_k,
        single(nms_threshold),
        single(nms_eta),
        normalized,
        background_label,
    )
    if scores.ndim == 3:
        rows, _, lengths = multiclass.multiclass_nms(bboxes, scores, rule)
    else:
        if not bboxes_lod:
            raise ValueError(
                "multiclass_nms: bboxes of regions, with scores [M, C], must have a level of "
                "detail that tells how many regions each image has; feed "
                "fluid.create_lod_tensor(boxes, [[M]], place)"
            )
        regions = bboxes_lod[-1].tolist()
        rows, _, lengths = multiclass.multiclass_nms_of_rois(bboxes, scores, regions, rule)
    return _or_none(rows, lengths)


def _locality_rule(arguments: dict[str, Any]) -> Signature:
    check_locality(**{k: v for k, v in arguments.items() if k != "name"})
    boxes = arguments["bboxes"]
    return (boxes.shape[1], boxes.shape[2] + 2), boxes.torch_dtype


@layer(infer=_locality_rule, ragged={0: 0}, lod_level=0, stop_gradient=True, no_gradient=True)
def locality_aware_nms(
    bboxes: Tensor,
    scores: Tensor,
    score_threshold: float,
    nms_top_k: int,
    keep_top_k: int,
    nms_threshold: float = 0.3,
    normalized: bool = True,
    nms_eta: float = 1.0,
    background_label: int = -1,
    name: str | None = None,
) -> tuple[Tensor, Lod]:
    """Return detections of one class, after neighbours have been merged.

    Box by box, one that overlaps the box that is being merged by more than the threshold is taken
    into it: the mean of both, weighted by their scores, and the sum of the scores. Another one
    begins the next merged box. Those go through `multiclass_nms`.

    Args:
        bboxes: [N, M, 4] as x1, y1, x2, y2, or the corners of polygons, [N, M, 8, 16, 24 or 32],
            from row to row of the picture; float32 or float64.
        scores: [N, 1, M], of the same dtype.
        score_threshold: what a merged score must be above.
        nms_top_k: how many candidates there are at most; -1 for any number.
        keep_top_k: how many detections an image has at most; -1 for any number.
        nms_threshold: a box is merged whose overlap is above it, a candidate dropped.
        normalized: as in `multiclass_nms`.
        nms_eta: as in `multiclass_nms`; not for merging.
        background_label: 0 leaves nothing to look at.
        name: names the result.

    Returns:
        As `multiclass_nms`; a score may be above 1.

    Raises:
        TypeError: a tensor is none of floats, or another argument is not of the type above.
        AssertionError: scores are not those of one class.
        ValueError: shapes do not fit.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> boxes = torch.tensor([[[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0]]])
        >>> scores = torch.tensor([[[0.75, 0.25]]])
        >>> fluid.layers.locality_aware_nms(boxes, scores, 0.5, -1, -1)
        tensor([[0.0000, 1.0000, 0.0000, 0.0000, 4.0000, 3.7500]])

    Source:
        ``paddle.fluid.layers.locality_aware_nms``, PaddlePaddle 1.8.
    """
    check_locality(
        bboxes,
        scores,
        score_threshold,
        nms_top_k,
        keep_top_k,
        nms_threshold,
        normalized,
        nms_eta,
        background_label,
    )
    rule = multiclass.Rule(
        single(score_threshold),
        nms_top_k,
        keep_top_k,
        single(nms_threshold),
        single(nms_eta),
        normalized,
        background_label,
    )
    rows, _, lengths = locality.locality_aware_nms(bboxes, scores, rule)
    return _or_none(rows, lengths)


def matrix_nms(
    bboxes: Any,
    scores: Any,
    score_threshold: float,
    post_threshold: float,
    nms_top_k: int,
    keep_top_k: int,
    use_gaussian: bool = False,
    gaussian_sigma: float = 2.0,
    background_label: int = 0,
    normalized: bool = True,
    return_index: bool = False,
    name: str | None = None,
) -> Any:
    """Return detections whose scores decay by their overlaps with better ones of their class.

    Let o be the overlap of a candidate with a better one, and m the better one's own largest
    overlap with one better still. The score is multiplied by the smallest of (1 - o) / (1 - m),
    or exp(sigma (m^2 - o^2)), and 1.

    Args:
        bboxes: [N, M, 4] as x1, y1, x2, y2; float32 or float64.
        scores: [N, C, M], of the same dtype.
        score_threshold: what a score must be above.
        post_threshold: what a decayed score must be above.
        nms_top_k: how many candidates of a class there are at most; -1 for any number.
        keep_top_k: how many detections an image has at most; -1 for any number.
        use_gaussian: whether the decay is the exponential one.
        gaussian_sigma: its sigma.
        background_label: the class that is not looked at; -1 for none.
        normalized: whether coordinates are positions; else they name pixels that belong to a box.
        return_index: whether the indices are returned too.
        name: names the result.

    Returns:
        [K, 6]: label, decayed score and box, by falling score; its level of detail tells how many
        each image has. With `return_index`, also [K, 1] int32: which of all N * M boxes each is.

    Raises:
        TypeError: a tensor is none of floats, or another argument is not of the type above.
        ValueError: shapes do not fit.

    Convention:
        - ties: equal scores are in the order that a heap leaves them in, the real op's.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> boxes = torch.tensor([[[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 2.0]]])
        >>> scores = torch.tensor([[[0.9, 0.8]]])
        >>> fluid.layers.matrix_nms(boxes, scores, 0.1, 0.1, -1, -1, background_label=-1)[:, 1]
        tensor([0.9000, 0.4000])

    Source:
        ``paddle.fluid.layers.matrix_nms``, PaddlePaddle 1.8; Wang et al., "SOLOv2: Dynamic and Fast
        Instance Segmentation", 2020.
    """
    found: Any = _matrix_nms(
        bboxes,
        scores,
        score_threshold,
        post_threshold,
        nms_top_k,
        keep_top_k,
        use_gaussian,
        gaussian_sigma,
        background_label,
        normalized,
        name,
    )
    rows, index = found
    if isinstance(index, Variable):
        index.stop_gradient = False
    return (rows, index) if return_index else rows


def _matrix_rule(arguments: dict[str, Any]) -> list[Signature]:
    check_matrix(**{k: v for k, v in arguments.items() if k != "name"})
    boxes = arguments["bboxes"]
    # The real layer declares int64, and the op gives int32.
    return [((boxes.shape[1], 6), boxes.torch_dtype), ((boxes.shape[1], 1), torch.int64)]


@layer("matrix_nms", infer=_matrix_rule, ragged={0: 0, 1: 0}, stop_gradient=True, no_gradient=True)
def _matrix_nms(
    bboxes: Tensor,
    scores: Tensor,
    score_threshold: float,
    post_threshold: float,
    nms_top_k: int,
    keep_top_k: int,
    use_gaussian: bool,
    gaussian_sigma: float,
    background_label: int,
    normalized: bool,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Lod]:
    check_matrix(
        bboxes,
        scores,
        score_threshold,
        post_threshold,
        nms_top_k,
        keep_top_k,
        use_gaussian,
        gaussian_sigma,
        background_label,
        normalized,
    )
    rule = matrix.MatrixRule(
        single(score_threshold),
        single(post_threshold),
        nms_top_k,
        keep_top_k,
        single(gaussian_sigma) if use_gaussian else None,
        normalized,
        background_label,
    )
    rows, index, lengths = matrix.matrix_nms(bboxes, scores, rule)
    return rows, index[:, None].to(torch.int32), as_lod([lengths])


def _or_none(rows: Tensor, lengths: list[int]) -> tuple[Tensor, Lod]:
    """Return detections, or the sign that there are none."""
    if len(rows):
        return rows, as_lod([lengths])
    return torch.full((1, 1), -1.0, dtype=rows.dtype, device=rows.device), as_lod([[1]])
