"""Checks of the arguments of non-maximum suppression, in the real layers' order."""

from __future__ import annotations

from typing import Any

from paddle_compat.fluid.layers._checks import check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["check_locality", "check_matrix", "check_multiclass"]

_DTYPES = dtypes("float32", "float64")
_SIZES = (4, 8, 16, 24, 32)
_KINDS = {float: "a float", int: "an int", bool: "a bool"}


def _check_attributes(layer: str, **values: tuple[Any, type]) -> None:
    """Check Python types: no int passes for a float."""
    for name, (value, kind) in values.items():
        check_type(layer, name, value, kind, _KINDS[kind])
        if kind is int and not -(2**31) <= value < 2**31:
            raise ValueError(f"{layer}: {name} must fit 32 bits, but it is {value}")


def check_multiclass(
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


def check_locality(
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
    layer = "locality_aware_nms"
    check_tensor(layer, "bboxes", stand_in(bboxes), _DTYPES)
    check_tensor(layer, "scores", stand_in(scores), _DTYPES)
    _check_attributes(
        layer,
        background_label=(background_label, int),
        score_threshold=(score_threshold, float),
        nms_top_k=(nms_top_k, int),
        nms_eta=(nms_eta, float),
        nms_threshold=(nms_threshold, float),
        keep_top_k=(keep_top_k, int),
        normalized=(normalized, bool),
    )
    given = tuple(scores.shape)
    if len(given) != 3 or given[1] != 1:
        raise AssertionError(
            f"{layer}: scores must be those of one class, [N, 1, M], but their shape is "
            f"{list(given)}"
        )
    _check_shapes(layer, bboxes, scores, ("N", "M", _SIZES), (0, 2))


def check_matrix(
    bboxes: Any,
    scores: Any,
    score_threshold: Any,
    post_threshold: Any,
    nms_top_k: Any,
    keep_top_k: Any,
    use_gaussian: Any,
    gaussian_sigma: Any,
    background_label: Any,
    normalized: Any,
) -> None:
    layer = "matrix_nms"
    check_tensor(layer, "bboxes", stand_in(bboxes), _DTYPES)
    check_tensor(layer, "scores", stand_in(scores), _DTYPES)
    _check_attributes(
        layer,
        score_threshold=(score_threshold, float),
        post_threshold=(post_threshold, float),
        nms_top_k=(nms_top_k, int),
        keep_top_k=(keep_top_k, int),
        normalized=(normalized, bool),
        use_gaussian=(use_gaussian, bool),
        gaussian_sigma=(gaussian_sigma, float),
        background_label=(background_label, int),
    )
    if len(scores.shape) != 3:
        raise ValueError(
            f"{layer}: scores must be [N, C, M], but their shape is {list(scores.shape)}"
        )
    _check_shapes(layer, bboxes, scores, ("N", "M", (4,)), (0, 2))


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
