"""RetinaNet's detections from its heads."""

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
from paddle_compat.kernels.detection.retinanet import detections

__all__ = ["retinanet_detection_output"]

_LAYER = "retinanet_detection_output"
_DTYPES = dtypes("float32", "float64")


def _rule(arguments: dict[str, Any]) -> Signature:
    _check_arguments(**{name: arguments[name] for name in _CHECKED})
    bboxes, scores = arguments["bboxes"], arguments["scores"]
    _check_shapes(bboxes, scores, arguments["anchors"], arguments["im_info"])
    return (bboxes[0].shape[1], 6), scores[0].torch_dtype


_CHECKED = (
    "bboxes",
    "scores",
    "anchors",
    "im_info",
    "score_threshold",
    "nms_top_k",
    "keep_top_k",
    "nms_threshold",
)


@layer(infer=_rule, ragged={0: 0}, lod_level=0, stop_gradient=True, no_gradient=True)
def retinanet_detection_output(
    bboxes: list[Tensor],
    scores: list[Tensor],
    anchors: list[Tensor],
    im_info: Tensor,
    score_threshold: float = 0.05,
    nms_top_k: int = 1000,
    keep_top_k: int = 100,
    nms_threshold: float = 0.3,
    nms_eta: float = 1.0,
) -> tuple[Tensor, Lod]:
    """Return a RetinaNet's detections, by score.

    Each level's best boxes are decoded from its anchors; then, class by class, a box is dropped
    that overlaps one with a higher score.

    Args:
        bboxes: for each level of the pyramid how anchors are moved and scaled, [N, M, 4], the
            coarsest level last; float32 or float64, as all tensors here.
        scores: for each level [N, M, C], after the sigmoid; there is no background among the C.
        anchors: for each level [M, 4] as x1, y1, x2, y2.
        im_info: [N, 3]: height and width of the network's input, and how many times the original
            image it is.
        score_threshold: what a score must be above. The last level's need only be above 0, so that
            a small picture has detections at all.
        nms_top_k: how many scores of a level are looked at; -1 for all.
        keep_top_k: how many detections an image has at most; -1 for all.
        nms_threshold: the overlap above which a box is dropped.
        nms_eta: not used: the threshold does not adapt.

    Returns:
        [K, 6]: label from 1, score, x1, y1, x2, y2 in the original image, the highest score first.
        Its level of detail tells how many each image has; with none at all it is [0, 6].

    Raises:
        TypeError: the lists are none, or hold no tensors of floats.
        ValueError: shapes, dtypes or the numbers of levels do not fit.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> anchors = torch.tensor([[0.0, 0.0, 9.0, 9.0], [20.0, 20.0, 39.0, 39.0]])
        >>> scores = torch.tensor([[[0.9, 0.0], [0.0, 0.6]]])
        >>> image = torch.tensor([[50.0, 50.0, 1.0]])
        >>> fluid.layers.retinanet_detection_output(
        ...     [torch.zeros(1, 2, 4)], [scores], [anchors], image
        ... )[:, 2:].tolist()
        [[0.0, 0.0, 9.0, 9.0], [20.0, 20.0, 39.0, 39.0]]

    Source:
        ``paddle.fluid.layers.retinanet_detection_output``, PaddlePaddle 1.8.
    """
    _check_arguments(
        bboxes, scores, anchors, im_info, score_threshold, nms_top_k, keep_top_k, nms_threshold
    )
    _check_shapes(bboxes, scores, anchors, im_info)
    found = [
        detections(
            [boxes[image] for boxes in bboxes],
            [score[image] for score in scores],
            anchors,
            im_info[image],
            score_threshold=single(score_threshold),
            nms_top_k=int(nms_top_k),
            keep_top_k=int(keep_top_k),
            nms_threshold=single(nms_threshold),
        )
        for image in range(scores[0].shape[0])
    ]
    result = torch.cat(found) if found else scores[0].new_empty((0, 6))
    return result, as_lod([[len(rows) for rows in found]])


def _check_arguments(
    bboxes: Any,
    scores: Any,
    anchors: Any,
    im_info: Any,
    score_threshold: Any,
    nms_top_k: Any,
    keep_top_k: Any,
    nms_threshold: Any,
) -> None:
    """Check kinds and dtypes, in the real layer's order."""
    lists = {"bboxes": bboxes, "scores": scores, "anchors": anchors}
    for name, tensors in lists.items():
        check_type(_LAYER, name, tensors, list, "a list, with a tensor for each level")
        for index, tensor in enumerate(tensors):
            check_tensor(_LAYER, f"{name}[{index}]", stand_in(tensor), _DTYPES)
    check_tensor(_LAYER, "im_info", stand_in(im_info), _DTYPES)
    if not bboxes or len({len(bboxes), len(scores), len(anchors)}) > 1:
        raise ValueError(
            f"{_LAYER}: bboxes, scores and anchors must have a tensor for each level, but they "
            f"have {len(bboxes)}, {len(scores)} and {len(anchors)}"
        )
    kinds = {stand_in(tensor).dtype for tensor in (*bboxes, *scores, *anchors, im_info)}
    if len(kinds) > 1:
        raise ValueError(
            f"{_LAYER}: all tensors must have one dtype, but they have "
            f"{' and '.join(sorted(map(str, kinds)))}; use fluid.layers.cast"
        )
    for name, value in (("nms_top_k", nms_top_k), ("keep_top_k", keep_top_k)):
        check_type(_LAYER, name, value, int, "an int")
    for name, value in (("score_threshold", score_threshold), ("nms_threshold", nms_threshold)):
        check_type(_LAYER, name, value, (int, float), "a number")


def _check_shapes(bboxes: Any, scores: Any, anchors: Any, im_info: Any) -> None:
    """Check shapes: of variables as far as they are known, of tensors altogether."""
    images = scores[0].shape[0] if len(scores[0].shape) == 3 else -1
    classes = scores[0].shape[2] if len(scores[0].shape) == 3 else -1
    width = im_info.shape[1] if len(im_info.shape) == 2 else 3
    _fit("im_info", im_info, (images, width if width > 3 else 3), "[N, 3]")
    for level, (box, score, anchor) in enumerate(zip(bboxes, scores, anchors, strict=True)):
        _fit(f"scores[{level}]", score, (images, -1, classes), "[N, M, C] with one N and C")
        count = score.shape[1]
        _fit(f"bboxes[{level}]", box, (images, count, 4), f"[N, M, 4] as scores[{level}] has it")
        _fit(f"anchors[{level}]", anchor, (count, 4), f"[M, 4] with the M of scores[{level}]")


def _fit(name: str, value: Any, wanted: tuple[int, ...], told: str) -> None:
    shape = tuple(value.shape)
    fits = len(shape) == len(wanted) and all(
        have == want or min(have, want) < 0 for have, want in zip(shape, wanted, strict=True)
    )
    if not fits:
        raise ValueError(
            f"{_LAYER}: {name} must be {told}, {list(wanted)} here, but its shape is {list(shape)}"
        )
