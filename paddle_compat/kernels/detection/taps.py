"""Which cells of a map the bins of regions take, as rows of a table with a row for each cell."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Axis", "Taps", "as_pictures", "as_table", "outer", "split"]

# How many taps are worked on at once: some hundred megabytes of indices and weights at the most.
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Axis:
    """Which cells of one axis each bin takes: for every region and bin, a padded list.

    Attributes:
        cells: [R, bins, L], of which the first `counts` of a region hold.
        weights: [R, bins, L].
        counts: [R].
    """

    cells: Tensor
    weights: Tensor
    counts: Tensor


@dataclass(frozen=True)
class Taps:
    """The rows of a table that some bins take, bin after bin; K of them.

    Attributes:
        rows: [K].
        weights: [K].
        starts: [bins]: where each bin begins.
        bags: [K]: which bin each belongs to.
    """

    rows: Tensor
    weights: Tensor
    starts: Tensor
    bags: Tensor


def split(costs: Tensor) -> list[slice]:
    """Return consecutive slices of regions, of about as many taps as are worked on at once.

    Args:
        costs: [R]: how many taps each region has.
    """
    parts = costs.cumsum(0).sub_(costs).div_(_CHUNK, rounding_mode="floor")
    sizes = torch.unique_consecutive(parts, return_counts=True)[1].tolist()
    slices, first = [], 0
    for size in sizes:
        slices.append(slice(first, first + size))
        first += size
    return slices


def outer(vertical: Axis, horizontal: Axis, planes: Tensor, shape: torch.Size) -> Taps:
    """Return the taps of all bins: each pair of a vertical and a horizontal cell.

    Args:
        vertical: cells of R regions.
        horizontal: likewise.
        planes: [R, 1] or [R, bins] int64: which plane of the map each bin is on.
        shape: [planes, height, width], of the map.
    """
    regions, rows, high = vertical.cells.shape
    columns, wide = horizontal.cells.shape[1:]
    device = planes.device
    dtype = torch.int32 if shape.numel() < 2**31 else torch.int64
    # First a piece for each bin and vertical cell, in order, then each piece's horizontal cells.
    of_bin = torch.arange(regions, device=device).repeat_interleave(rows * columns)
    deep, broad = vertical.counts[of_bin], horizontal.counts[of_bin]
    per_bin = deep * broad
    pieces, taps = torch.stack([deep.sum(), per_bin.sum()]).tolist()
    bin_of = torch.repeat_interleave(deep, output_size=pieces)
    number = torch.arange(regions * rows * columns, device=device)
    up = (number // columns) * high - (deep.cumsum(0) - deep)
    up = up[bin_of] + torch.arange(pieces, device=device)
    plane = planes.expand(regions, rows * columns).flatten()
    base = (plane * shape[1])[bin_of] + vertical.cells.flatten()[up]
    base = (base * shape[2]).to(dtype)
    scale = vertical.weights.flatten()[up]
    across = broad[bin_of]
    starts = across.cumsum(0) - across
    left = (of_bin * columns + number % columns)[bin_of] * wide - starts
    piece_of = torch.repeat_interleave(across, output_size=taps)
    side = left[piece_of] + torch.arange(taps, device=device)
    return Taps(
        base[piece_of] + horizontal.cells.flatten().to(dtype)[side],
        scale[piece_of] * horizontal.weights.flatten()[side],
        (per_bin.cumsum(0) - per_bin).to(dtype),
        bin_of.to(dtype)[piece_of],
    )


def as_table(x: Tensor) -> Tensor:
    """Return [N, C, H, W] with a row for each cell, [N H W, C]."""
    return x.permute(0, 2, 3, 1).flatten(0, 2)


def as_pictures(parts: list[Tensor], like: Tensor, *shape: int) -> Tensor:
    """Return rows, one for each bin, as pictures.

    Args:
        parts: rows of some regions after the others'; none where there is no region.
        like: what has the dtype and the device of the result.
        shape: [R, C, height, width], of the result.
    """
    if not parts:
        return like.new_zeros(shape)
    regions, channels, height, width = shape
    rows = parts[0] if len(parts) == 1 else torch.cat(parts)
    return rows.reshape(regions, height, width, channels).permute(0, 3, 1, 2).contiguous()
