"""Suppression that tells which boxes its detections were, which saved detectors ask for."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod, as_lod
from paddle_compat.fluid.layers._shapes import torch_dtype_of
from paddle_compat.fluid.layers.detection._nms_arguments import check_multiclass
from paddle_compat.kernels.detection import multiclass

__all__ = ["multiclass_nms_with_index"]


def _rule(arguments: dict[str, Any]) -> list[Signature]:
    check_multiclass(**arguments)
    boxes = arguments["bboxes"]
    return [((-1, boxes.shape[2] + 2), torch_dtype_of(boxes)), ((-1, 1), torch.int32)]


@layer(
    "multiclass_nms2",
    infer=_rule,
    lods=("bboxes",),
    ragged={0: 0, 1: 0},
    stop_gradient=True,
    no_gradient=True,
)
def multiclass_nms_with_index(
    bboxes: Tensor,
    scores: Tensor,
    score_threshold: float,
    nms_top_k: int,
    keep_top_k: int,
    nms_threshold: float,
    normalized: bool,
    nms_eta: float,
    background_label: int,
    *,
    bboxes_lod: Lod = (),
) -> tuple[Tensor, Tensor, Lod]:
    """Return detections, as `fluid.layers.multiclass_nms` does, and which box each was, [K, 1].

    Without any detection both are empty.

    Source:
        ``paddle.fluid.contrib.layers.multiclass_nms2``, PaddlePaddle 1.8.
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
        rows, index, lengths = multiclass.multiclass_nms(bboxes, scores, rule)
    else:
        if not bboxes_lod:
            raise ValueError("multiclass_nms2: bboxes of regions must have a level of detail")
        regions = bboxes_lod[-1].tolist()
        rows, index, lengths = multiclass.multiclass_nms_of_rois(bboxes, scores, regions, rule)
    return rows, index.to(torch.int32)[:, None], as_lod([lengths])
