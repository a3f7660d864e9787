"""Non-maximum suppression: many classes, local awareness, matrices."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod, as_lod
from paddle_compat.fluid.layers._checks import check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.kernels.detection import multiclass

__all__ = ["multiclass_nms"]

_DTYPES = dtypes("float32", "float64")
_SIZES = (4, 8, 16, 24, 32)
_KINDS = {float: "a float", int: "an int", bool: "a bool"}


def _multiclass_rule(arguments: dict[str, Any]) -> Signature:
    _check_multiclass(**{k: v for k, v in arguments.items() if k != "name"})
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
    _check_multiclass(
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


def _or_none(rows: Tensor, lengths: list[int]) -> tuple[Tensor, Lod]:
    """Return detections, or the sign that there are none."""
    if len(rows):
        return rows, as_lod([lengths])
    return torch.full((1, 1), -1.0, dtype=rows.dtype, device=rows.device), as_lod([[1]])


def _check_attributes(layer: str, **values: tuple[Any, type]) -> None:
    """Check Python types: no int passes for a float."""
    for name, (value, kind) in values.items():
        check_type(layer, name, value, kind, _KINDS[kind])
        if kind is int and not -(2**31) <= value < 2**31:
            raise ValueError(f"{layer}: {name} must fit 32 bits, but it is {value}")


def _check_multiclass(
    bboxes: Any,
    scores: Any,
    score_threshold: Any,
    nms_top_k: Any,
    keep_top_k: Any,
    nms_threshold: Any,
    normalized: Any,
    nms_eta: Any,
    background_label: Any,
) -> None:
    layer = "multiclass_nms"
    check_tensor(layer, "bboxes", stand_in(bboxes), _DTYPES)
    check_tensor(layer, "scores", stand_in(scores), _DTYPES)
    _check_attributes(
        layer,
        score_threshold=(score_threshold, float),
        nms_top_k=(nms_top_k, int),
        keep_top_k=(keep_top_k, int),
        nms_threshold=(nms_threshold, float),
        normalized=(normalized, bool),
        nms_eta=(nms_eta, float),
        background_label=(background_label, int),
    )
    if len(scores.shape) == 2:
        _check_shapes(layer, bboxes, scores, ("M", "C", (4,)), (0, 1))
    else:
        _check_shapes(layer, bboxes, scores, ("N", "M", _SIZES), (0, 2))


def _check_shapes(
    layer: str,
    bboxes: Any,
    scores: Any,
    wanted: tuple[str, str, tuple[int, ...]],
    shared: tuple[int, int],
) -> None:
    """Check dtypes against each other, and shapes as far as they are known.

    Args:
        layer: its name.
        bboxes: a tensor or variable.
        scores: alike.
        wanted: what bboxes' axes are, and how long the last may be.
        shared: the axes of scores that bboxes' first two are.
    """
    kinds = [stand_in(tensor).dtype for tensor in (bboxes, scores)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"{layer}: bboxes and scores must have one dtype, but they are {kinds[0]} and "
            f"{kinds[1]}; use fluid.layers.cast"
        )
    boxes, given = tuple(bboxes.shape), tuple(scores.shape)
    letters = list("NCM") if len(given) != 2 else list("MC")
    if len(given) != len(letters):
        raise ValueError(
            f"{layer}: scores must be [N, C, M], or [M, C] for regions, but its shape is "
            f"{list(given)}"
        )
    first, second, sizes = wanted
    told = f"[{first}, {second}, {' or '.join(map(str, sizes))}]"
    fits = len(boxes) == 3 and (boxes[2] in sizes or boxes[2] < 0)
    if fits:
        pairs = zip(boxes, (given[axis] for axis in shared), strict=False)
        fits = all(have == want or min(have, want) < 0 for have, want in pairs)
    if not fits:
        raise ValueError(
            f"{layer}: bboxes must be {told} with scores [{', '.join(letters)}], but their shapes "
            f"are {list(boxes)} and {list(given)}"
        )
