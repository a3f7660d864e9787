"""Matching of predictions and ground truth, and what follows from a match."""

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
from paddle_compat.fluid.layers.detection._arguments import check_shape, number_or
from paddle_compat.kernels.detection import matching as kernel

__all__ = ["bipartite_match", "target_assign"]

_BIPARTITE, _PER_PREDICTION = "bipartite", "per_prediction"
_INT32 = dtypes("int32")


def _rows_of(layer: str, name: str, value: Tensor, lod: Lod) -> list[int]:
    """Return how many rows each image has; all are one image's where nothing is told.

    Raises:
        ValueError: there is more than one level.
    """
    if len(lod) > 1:
        raise ValueError(
            f"{layer}: {name} must have 1 level of detail, one sequence for each image, but it "
            f"has {len(lod)}"
        )
    return _lengths(lod) if lod else [value.shape[0]]


def _lengths(lod: Lod) -> list[int]:
    return [int(length) for length in lod[0].tolist()]


def _check_match(dist_matrix: Any, match_type: Any, dist_threshold: Any) -> None:
    name = "bipartite_match"
    check_shape(name, "dist_matrix", dist_matrix, "K", "M")
    if match_type not in (None, _BIPARTITE, _PER_PREDICTION):
        raise ValueError(
            f"{name}: match_type must be {_BIPARTITE!r} or {_PER_PREDICTION!r}, but it is "
            f"{match_type!r}"
        )
    number_or(name, "dist_threshold", dist_threshold, 0.5)


def _match_rule(arguments: dict[str, Any]) -> list[Signature]:
    _check_match(**arguments)
    distances = arguments["dist_matrix"]
    # How many images there are, only a run tells; 1.8 declares the input's rows.
    shape = tuple(distances.shape)
    return [(shape, torch.int32), (shape, torch_dtype_of(distances))]


@layer(infer=_match_rule, no_gradient=True, lods=("dist_matrix",), shares=None)
def bipartite_match(
    dist_matrix: Tensor,
    match_type: str | None = None,
    dist_threshold: float | None = None,
    name: str | None = None,
    *,
    dist_matrix_lod: Lod = (),
) -> tuple[Tensor, Tensor]:
    """Match ground truths, the rows, and predictions, the columns: the best pair goes first.

    Args:
        dist_matrix: float32 or float64, [K, M]: the larger, the better; one level of detail tells
            the rows of each image. Below 1e-6 nothing is matched; in an image of 130 rows or more,
            nothing at 0 or below.
        match_type: ``'bipartite'``, as None is: a row has at most one column. After that,
            ``'per_prediction'`` gives each column that is left the row of its largest distance.
        dist_threshold: what that distance must be at least, rounded to float32; None is 0.5.
        name: names the results.
        dist_matrix_lod: dist_matrix's level of detail, filled in.

    Returns:
        For each image and column the row within the image, [N, M] int32, -1 for none; and its
        distance, 0 for none, of dist_matrix's dtype. No gradient passes.

    Raises:
        TypeError: dist_matrix is no such tensor.
        ValueError: a shape, a choice or the levels of detail are not as above.

    Convention:
        Of equal distances, that in the first column, and there in the first row, goes first; for
        130 rows or more, that which the real operator's sorting puts first.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> distances = torch.tensor([[0.9, 0.8, 0.0], [0.7, 0.1, 0.6]])
        >>> rows, _ = fluid.layers.bipartite_match(distances)
        >>> rows.tolist()
        [[0, -1, 1]]

    Source:
        ``paddle.fluid.layers.bipartite_match``, PaddlePaddle 1.8.
    """
    _check_match(dist_matrix, match_type, dist_threshold)
    lengths = _rows_of("bipartite_match", "dist_matrix", dist_matrix, dist_matrix_lod)
    threshold = single(number_or("bipartite_match", "dist_threshold", dist_threshold, 0.5))
    extra = threshold if match_type == _PER_PREDICTION else None
    return kernel.match(dist_matrix.detach(), lengths, extra)


_VALUES = dtypes("float32", "int32")


def _check_assign(
    input: Any, matched_indices: Any, negative_indices: Any, mismatch_value: Any
) -> None:
    name = "target_assign"
    check_shape(name, "input", input, "M", "P", "K", allowed=_VALUES)
    check_shape(name, "matched_indices", matched_indices, "N", "P", allowed=_INT32)
    if negative_indices is not None:
        check_shape(name, "negative_indices", negative_indices, "Neg", 1, allowed=_INT32)
    check_type(name, "mismatch_value", mismatch_value, (int, type(None)), "an int")


def _assign_rule(arguments: dict[str, Any]) -> list[Signature]:
    _check_assign(**arguments)
    values, matches = arguments["input"], arguments["matched_indices"]
    rows = tuple(matches.shape)
    return [((*rows, values.shape[2]), torch_dtype_of(values)), ((*rows, 1), torch.float32)]


@layer(infer=_assign_rule, no_gradient=True, lods=("input", "negative_indices"), shares=None)
def target_assign(
    input: Tensor,
    matched_indices: Tensor,
    negative_indices: Tensor | None = None,
    mismatch_value: int | None = None,
    name: str | None = None,
    *,
    input_lod: Lod = (),
    negative_indices_lod: Lod = (),
) -> tuple[Tensor, Tensor]:
    """Return what each prediction is to become, from what it is matched with.

    Args:
        input: float32 or int32, [M, P, K]: of each ground truth, K values for each prediction, or
            for all, with P = 1; one level of detail tells the ground truths of each image.
        matched_indices: int32, [N, Q]: the ground truth within the image, -1 for none.
        negative_indices: int32, [Neg, 1], with one level of detail: predictions of each image
            that count although they are not matched.
        mismatch_value: the value of those that are not matched, an int; None is 0.
        name: names the results.
        input_lod: input's level of detail, filled in.
        negative_indices_lod: likewise.

    Returns:
        [N, Q, K] of input's dtype; and weights [N, Q, 1] float32: 1 for what is matched or listed
        in negative_indices, 0 for the rest. No gradient passes.

    Raises:
        TypeError: an argument is no such tensor, or mismatch_value no int.
        ValueError: shapes or levels of detail do not fit, or an index is out of range.

    Source:
        ``paddle.fluid.layers.target_assign``, PaddlePaddle 1.8.
    """
    _check_assign(input, matched_indices, negative_indices, mismatch_value)
    images, predictions = matched_indices.shape
    lengths = _told("input", input_lod, images)
    counts: list[int] = []
    if negative_indices is not None:
        counts = _told("negative_indices", negative_indices_lod, images)
        _check_range("negative_indices", negative_indices, predictions, "predictions")
        if bool((negative_indices < 0).any()):
            raise ValueError("target_assign: negative_indices must not be negative")
    first = torch.tensor([0, *lengths[: images - 1]], device=matched_indices.device).cumsum(0)
    _check_range(
        "matched_indices",
        torch.where(matched_indices < 0, -1, matched_indices + first[:images, None]),
        input.shape[0],
        "ground truths",
    )
    return kernel.assign_targets(
        input.detach(),
        lengths,
        matched_indices,
        mismatch_value or 0,
        None if negative_indices is None else negative_indices[:, 0],
        counts,
    )


def _told(name: str, lod: Lod, images: int) -> list[int]:
    """Return the lengths of the sequences.

    Raises:
        ValueError: there is not one for each image.
    """
    if len(lod) != 1 or len(lod[0]) < images:
        told = f"{len(lod[0])} sequences" if len(lod) == 1 else f"{len(lod)} levels of detail"
        raise ValueError(
            f"target_assign: {name} must have 1 level of detail with a sequence for each row of "
            f"matched_indices, which are {images}, but it has {told}; use fluid.create_lod_tensor"
        )
    return _lengths(lod)


def _check_range(name: str, indices: Tensor, count: int, what: str) -> None:
    if indices.numel() and int(indices.max()) >= count:
        raise ValueError(
            f"target_assign: {name} must be indices of {what}, which are {count}, but they reach "
            f"{int(indices.max())}"
        )


def _check_mining(ratio: Any, threshold: Any, sample_size: Any) -> tuple[float, float]:
    """Return how many negatives a match has, and how little those overlap ground truth."""
    many = number_or("mine_hard_examples", "neg_pos_ratio", ratio, 1.0)
    near = number_or("mine_hard_examples", "neg_overlap", threshold, 0.5)
    if not many > 0:
        raise ValueError(f"mine_hard_examples: neg_pos_ratio must be above 0, but it is {many}")
    if not 0 < near < 1:
        raise ValueError(
            f"mine_hard_examples: neg_overlap must be between 0 and 1, but it is {near}"
        )
    check_type("mine_hard_examples", "sample_size", sample_size, (int, type(None)), "an int")
    return single(many), single(near)


def _mine_rule(arguments: dict[str, Any]) -> list[Signature]:
    _check_mining(arguments["ratio"], arguments["threshold"], arguments["sample_size"])
    return [((-1, 1), torch.int32), (tuple(arguments["matches"].shape), torch.int32)]


@layer(infer=_mine_rule, no_gradient=True, ragged={0: 0}, shares=None)
def mine_hard_examples(
    losses: Tensor,
    matches: Tensor,
    distances: Tensor,
    ratio: float | None,
    threshold: float | None,
    sample_size: int | None = None,
) -> tuple[Tensor, Tensor, Lod]:
    """Return the predictions without a match that have the largest losses.

    Args:
        losses: floats, [N, M].
        matches: int32, [N, M]; -1 is none.
        distances: floats, [N, M].
        ratio: how many times as many as there are matches, rounded to float32; None is 1.
        threshold: below what distance a prediction counts as without a match, rounded likewise;
            None is 0.5.
        sample_size: not used.

    Returns:
        Indices of predictions, [K, 1] int32, with a level of detail; and the matches.

    Raises:
        TypeError: an argument is no number.
        ValueError: ratio is not positive, or threshold not between 0 and 1.

    Source:
        The operator ``mine_hard_examples`` with ``max_negative``, PaddlePaddle 1.8.
    """
    many, near = _check_mining(ratio, threshold, sample_size)
    indices, counts = kernel.hardest_negatives(losses.detach(), matches, distances, many, near)
    return indices[:, None], matches, (torch.tensor(counts, dtype=torch.int64),)
