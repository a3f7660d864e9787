"""Matching of ground truth and predictions, what a match hands on, and the hardest negatives."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from paddle_compat.kernels.detection.std_sort import falling_order

__all__ = ["assign_targets", "hardest_negatives", "match"]

_NEARLY_NOTHING = 1e-6
# From this many rows on, 1.8 sorts all pairs once, and does not pass over tiny distances.
_MANY_ROWS = 130


def match(
    distances: Tensor, lengths: Sequence[int], threshold: float | None
) -> tuple[Tensor, Tensor]:
    """Match rows and columns, the largest distance first, each at most once.

    Args:
        distances: [K, M]; the larger, the better; NaN matches nothing.
        lengths: how many rows each image has.
        threshold: columns that are left over take the row of their largest distance, if that is
            at least this; None leaves them.

    Returns:
        For each image and column the row within the image, int32, -1 for none, [N, M]; and the
        distance, 0 for none.
    """
    images, columns = len(lengths), distances.shape[1]
    most = max(lengths, default=0)
    device = distances.device
    if not images or not columns or not most:
        shape = (images, columns)
        return distances.new_full(shape, -1, dtype=torch.int32), distances.new_zeros(shape)
    counts = torch.tensor(lengths, device=device)
    within = torch.arange(most, device=device) < counts[:, None]
    padded = distances.new_zeros(images, most, columns)
    padded[within] = distances
    keys = torch.where(padded >= _nothing(distances), padded, 0)
    if most >= _MANY_ROWS:
        keys = keys.double()  # which holds any number of ranks
    for image, length in enumerate(lengths):
        if length >= _MANY_ROWS:
            keys[image] = _sorted_keys(padded[image], length)
    rows = _greedy(keys)
    if threshold is not None:
        best, where = torch.where(padded >= _nothing(distances), padded, 0).max(1)
        taken = (rows < 0) & (best >= threshold) & (best > 0)
        rows = torch.where(taken, where, rows)
    found = padded.gather(1, rows.clamp(min=0)[:, None])[:, 0]
    return rows.to(torch.int32), torch.where(rows >= 0, found, 0)


def _nothing(like: Tensor) -> Tensor:
    """Return the distance that counts as none, in the dtype."""
    return like.new_tensor(_NEARLY_NOTHING)


def _sorted_keys(distances: Tensor, length: int) -> Tensor:
    """Return keys of pairs that order them as 1.8 sorts them, ties included; 0 for no distance."""
    positive = torch.where(distances > 0, distances, 0)
    some = positive[positive > 0].sort().values
    if not bool((some[1:] == some[:-1]).any()):
        return positive
    pairs = distances[:length].flatten()
    ranks = torch.empty_like(pairs, dtype=torch.float64)
    ranks[falling_order(pairs)] = torch.arange(len(pairs), 0, -1, device=pairs.device).to(ranks)
    keys = torch.zeros_like(distances, dtype=torch.float64)
    keys[:length] = torch.where(pairs > 0, ranks, 0).reshape(length, -1)
    return keys


def _greedy(keys: Tensor) -> Tensor:
    """Return each column's row, -1 for none: [N, M] from keys [N, R, M] >= 0; 0 matches nothing.

    Of equal keys, the one in the first column goes first, and in that, the one in the first row.
    Every row remembers where its largest key is, and looks anew only when another row has taken
    that column.
    """
    images, rows, columns = keys.shape
    keys = keys.clone()
    every = torch.arange(images, device=keys.device)
    found = keys.new_full((images, columns), -1, dtype=torch.int64)
    best, where = keys.max(2)
    for _ in range(min(rows, columns)):
        top = best.amax(1)
        going = top > 0
        if not bool(going.any()):
            break
        column = where.masked_fill(best != top[:, None], columns).amin(1)
        row = ((best == top[:, None]) & (where == column[:, None])).int().argmax(1)
        image, row, column = every[going], row[going], column[going]
        found[image, column] = row
        keys[image, :, column] = 0
        best[image, row] = 0
        keys[image, row] = 0
        stale = (where[image] == column[:, None]) & (best[image] > 0)
        which, other = stale.nonzero(as_tuple=True)
        best[image[which], other], where[image[which], other] = keys[image[which], other].max(1)
    return found


def assign_targets(
    values: Tensor,
    lengths: Sequence[int],
    matches: Tensor,
    mismatch: int,
    negatives: Tensor | None = None,
    negative_lengths: Sequence[int] = (),
) -> tuple[Tensor, Tensor]:
    """Return what each prediction is to become, and how much it counts.

    Args:
        values: [M, P, K]: of every ground truth, for every prediction or for all.
        lengths: how many ground truths each image has.
        matches: [N, Q] int32: the row within the image, -1 for none.
        mismatch: the value of what has no match.
        negatives: [L], predictions that count although they have none.
        negative_lengths: how many each image has.

    Returns:
        [N, Q, K], and weights of 0 and 1, [N, Q, 1] float32.
    """
    images, predictions = matches.shape
    device = values.device
    sizes = torch.tensor(lengths, dtype=torch.int64, device=device)[:images]
    matched = matches > -1
    rows = torch.where(matched, matches + (sizes.cumsum(0) - sizes)[:, None], 0)
    columns = torch.arange(predictions, device=device) % max(values.shape[1], 1)
    other = values.new_tensor(mismatch)
    if values.numel():
        found = torch.where(matched[..., None], values[rows, columns], other)
    else:
        found = other.repeat(images, predictions, values.shape[2])
    weights = matched[..., None].to(torch.float32)
    if negatives is not None:
        counts = torch.tensor(negative_lengths, dtype=torch.int64, device=device)
        image = torch.repeat_interleave(counts, output_size=len(negatives))
        found[image, negatives.long()] = other
        weights[image, negatives.long()] = 1
    return found, weights


def hardest_negatives(
    losses: Tensor, matches: Tensor, distances: Tensor, ratio: float, threshold: float
) -> tuple[Tensor, list[int]]:
    """Return the predictions without a match that have the largest losses.

    Args:
        losses: [N, M].
        matches: [N, M]; -1 is none.
        distances: [N, M]; a prediction whose distance is not below the threshold is no negative.
        ratio: how many times as many as there are matches.
        threshold: see distances.

    Returns:
        Indices within their image, rising, [K] int32; and how many each image has.
    """
    negative = (matches == -1) & (distances < threshold)
    wanted = (matches != -1).sum(1).to(torch.float32) * ratio
    chosen, counts = [], []
    # Losses are compared as float32, those of float64 too.
    for image, most in enumerate(wanted.tolist()):
        places = negative[image].nonzero()[:, 0]
        count = min(max(int(most), 0), len(places))
        picked = _largest(losses[image, places].to(torch.float32), count)
        chosen.append(places[picked].sort().values.to(torch.int32))
        counts.append(count)
    return torch.cat(chosen) if chosen else matches.new_zeros(0), counts


def _largest(keys: Tensor, count: int) -> Tensor:
    """Return the indices of the largest keys; of equal ones, those that `std::sort` puts first."""
    if count in (0, len(keys)):
        return torch.arange(count, device=keys.device)
    least = keys.topk(count).values[-1]
    among = (keys >= least).nonzero()[:, 0]
    return among if len(among) == count else falling_order(keys)[:count]
