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
    many = counts >= _MANY_ROWS
    least = torch.where(many[:, None, None], torch.finfo(padded.dtype).tiny, _nothing(distances))
    rows, clash = _greedy(torch.where(padded >= least, padded, 0))
    for image in (many & clash).nonzero()[:, 0].tolist():
        rows[image] = _as_sorted(padded[image, : lengths[image]], rows[image])
    if threshold is not None:
        best, where = torch.where(padded >= _nothing(distances), padded, 0).max(1)
        taken = (rows < 0) & (best >= threshold) & (best > 0)
        rows = torch.where(taken, where, rows)
    found = padded.gather(1, rows.clamp(min=0)[:, None])[:, 0]
    return rows.to(torch.int32), torch.where(rows >= 0, found, 0)


def _nothing(like: Tensor) -> Tensor:
    """Return the distance that counts as none, in the dtype."""
    return like.new_tensor(_NEARLY_NOTHING)


def _as_sorted(distances: Tensor, rows: Tensor) -> Tensor:
    """Return the row of each column where equal distances go in the order of `std::sort`.

    Args:
        distances: [R, M].
        rows: [M], with another order of equal ones: how far down that went is a good guess.
    """
    found = distances.gather(0, rows.clamp(min=0)[None])[0][rows >= 0]
    for least in (float(found.min()), torch.finfo(distances.dtype).tiny):
        order = falling_order(distances.flatten(), least)
        ranks = torch.zeros(distances.numel(), dtype=torch.float64, device=distances.device)
        ranks[order] = torch.arange(len(order), 0, -1, device=ranks.device).to(ranks)
        rows = _greedy(ranks.reshape(1, *distances.shape))[0][0]
        if int((rows >= 0).sum()) == min(distances.shape):
            break
    return rows


def _greedy(keys: Tensor) -> tuple[Tensor, Tensor]:
    """Match the largest key first, each row and each column once.

    Of equal keys, the one in the first column goes first, and in that, the one in the first row.
    Every row remembers where its largest key is, and looks anew only when another row has taken
    that column.

    Args:
        keys: [N, R, M], none negative; 0 matches nothing.

    Returns:
        Each column's row, -1 for none, [N, M]; and whether it would matter, [N], which of equal
        keys goes first.
    """
    images, rows, columns = keys.shape
    keys = keys.clone()
    every = torch.arange(images, device=keys.device)
    found = keys.new_full((images, columns), -1, dtype=torch.int64)
    clash = torch.zeros(images, dtype=torch.bool, device=keys.device)
    best, where = keys.max(2)
    for _ in range(min(rows, columns)):
        top = best.amax(1)
        going = top > 0
        if not bool(going.any()):
            break
        column = where.masked_fill(best != top[:, None], columns).amin(1)
        row = ((best == top[:, None]) & (where == column[:, None])).int().argmax(1)
        image, row, column, top = every[going], row[going], column[going], top[going, None]
        found[image, column] = row
        equal = (keys[image, row] == top).sum(1) + (keys[image, :, column] == top).sum(1)
        clash[image] |= equal > 2
        keys[image, :, column] = 0
        best[image, row] = 0
        keys[image, row] = 0
        stale = (where[image] == column[:, None]) & (best[image] > 0)
        which, other = stale.nonzero(as_tuple=True)
        best[image[which], other], where[image[which], other] = keys[image[which], other].max(1)
    return found, clash


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
    return among if len(among) == count else falling_order(keys, float(least))[:count]
