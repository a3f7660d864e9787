"""Convolution whose window's elements are moved about, each on its own, and weighted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from paddle_compat.kernels.detection.bags import add_rows_back, dots, sum_rows

__all__ = ["Window", "deformable_conv"]

# How many elements of columns are worked on at once, rounded to whole images.
_CHUNK = 1 << 26
_CORNERS = 4


@dataclass(frozen=True)
class Window:
    """How a window lies on the map, and how channels are grouped; pairs are (height, width).

    Attributes:
        size: its elements.
        stride: how far it moves.
        padding: how far it begins before the map.
        dilation: how far apart its elements are.
        groups: how many parts the channels are in, each with filters of its own.
        moves: how many parts the channels are in, each moved on its own.
    """

    size: tuple[int, int]
    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    groups: int
    moves: int


def deformable_conv(
    x: Tensor, offset: Tensor, mask: Tensor | None, filters: Tensor, window: Window
) -> Tensor:
    """Return the convolution of a map with filters, whose elements are read between cells.

    Args:
        x: [N, C, H, W] of floats.
        offset: [N, moves * elements * 2, H', W']: how far down, and how far right, each element
            of the window is moved.
        mask: [N, moves * elements, H', W']: what each is multiplied by; None is 1.
        filters: [O, C / groups, *window.size].
        window: the window.

    Returns:
        [N, O, H', W']. Cells outside of the map are 0. The gradient reaches all four, once.
    """
    result: Tensor = _Deformable.apply(x, offset, mask, filters, window)  # type: ignore[no-untyped-call]
    return result


class _Deformable(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, offset: Tensor, mask: Tensor | None, filters: Tensor, window: Window
    ) -> Tensor:
        ctx.save_for_backward(x, offset, mask, filters)
        ctx.window = window
        results = []
        for part in _parts(x, offset, window):
            rows, weights = _taps(x, offset[part], None if mask is None else mask[part], window)
            columns = _columns(_table(x[part], window), rows, weights)
            results.append(_product(_grouped(columns, window), filters, window))
        if not results:
            return x.new_zeros(0, len(filters), *offset.shape[2:])
        places = results[0] if len(results) == 1 else torch.cat(results)
        pictures = places.reshape(len(x), *offset.shape[2:], len(filters))
        return pictures.permute(0, 3, 1, 2).contiguous()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        x, offset, mask, filters = ctx.saved_tensors
        window, needs = ctx.window, ctx.needs_input_grad
        to_filters = torch.zeros_like(filters) if needs[3] else None
        pieces: list[list[Tensor]] = [[], [], []]
        for part in _parts(x, offset, window):
            inputs = [offset[part], *([] if mask is None else [mask[part]])]
            moved = needs[1] or needs[2]
            leaves = [value.detach().requires_grad_(moved) for value in inputs]
            with torch.enable_grad():
                rows, weights = _taps(x, leaves[0], leaves[1] if leaves[1:] else None, window)
            table, incoming = _table(x[part], window), _rows(upstream[part])
            if to_filters is not None:
                columns = _grouped(_columns(table, rows, weights.detach()), window)
                to_filters += _to_filters(columns, incoming, filters, window)
            if not any(needs[:3]):
                continue
            spread = _to_columns(incoming, filters, window)
            flat = rows.reshape(-1)
            bags = torch.arange(len(flat), dtype=rows.dtype, device=x.device)
            bags = bags.div(_CORNERS, rounding_mode="floor")
            if needs[0]:
                found = add_rows_back(spread, flat, weights.detach().reshape(-1), bags, len(table))
                count, channels, height, width = x[part].shape
                shape = (count, height, width, channels)
                pieces[0].append(found.reshape(shape).permute(0, 3, 1, 2))
            if moved:
                slopes = dots(spread, table, flat, bags, _starts(rows)).reshape(weights.shape)
                for piece, found in zip(
                    pieces[1:], torch.autograd.grad(weights, leaves, slopes), strict=False
                ):
                    piece.append(found)
        if not len(x):
            pieces = [[torch.zeros_like(value)] for value in (x, offset, mask)]
        found_of = [torch.cat(piece) if piece else None for piece in pieces]
        return *found_of, to_filters, None


def _parts(x: Tensor, offset: Tensor, window: Window) -> Iterator[slice]:
    """Yield some images after the others."""
    elements = window.size[0] * window.size[1]
    per_image = max(1, offset.shape[2] * offset.shape[3] * elements * x.shape[1])
    step = max(1, _CHUNK // per_image)
    for first in range(0, len(x), step):
        yield slice(first, first + step)


def _rows(x: Tensor) -> Tensor:
    """Return [N, C, H, W] with a row for each cell."""
    return x.permute(0, 2, 3, 1).flatten(0, 2)


def _table(x: Tensor, window: Window) -> Tensor:
    """Return a row for each cell and each part of the channels that moves on its own."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1] // window.moves)


def _columns(table: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    """Return what the windows see: [places, moves, elements, C / moves]."""
    sums = sum_rows(table, rows.reshape(-1), weights.reshape(-1), _starts(rows))
    return sums.reshape(*rows.shape[:3], table.shape[1])


def _starts(rows: Tensor) -> Tensor:
    """Return where each element's corners begin."""
    return torch.arange(0, rows.numel(), _CORNERS, dtype=rows.dtype, device=rows.device)


def _taps(x: Tensor, offset: Tensor, mask: Tensor | None, window: Window) -> tuple[Tensor, Tensor]:
    """Return the four cells about each element of each window, and their weights.

    Returns:
        [places, moves, elements, 4] each: rows of the table, and weights, which are
        differentiable.
    """
    count, _, high, wide = offset.shape
    height, width = x.shape[2:]
    elements = window.size[0] * window.size[1]
    moved = offset.reshape(count, window.moves, elements, 2, high, wide).permute(3, 0, 4, 5, 1, 2)
    device = offset.device
    element = torch.arange(elements, device=device)
    row = element.div(window.size[1], rounding_mode="floor")
    down = torch.arange(high, device=device) * window.stride[0] - window.padding[0]
    right = torch.arange(wide, device=device) * window.stride[1] - window.padding[1]
    y = (down[:, None] + row * window.dilation[0])[:, None, None, :] + moved[0]
    x_at = (right[:, None] + (element - row * window.size[1]) * window.dilation[1])[:, None, :]
    x_at = x_at + moved[1]
    # Just one cell before the map an element is 0, and has no slope; behind it, that follows.
    inside = (y > -1) & (x_at > -1)
    top, upper = _between(y, height)
    left, lower = _between(x_at, width)
    weights = upper[..., :, None] * lower[..., None, :]
    weights = weights.masked_fill(~inside[..., None, None], 0)
    if mask is not None:
        factor = mask.reshape(count, window.moves, elements, high, wide).permute(0, 3, 4, 1, 2)
        weights = weights * factor[..., None, None]
    image = torch.arange(count, device=device)[:, None, None, None, None, None, None] * height
    cells = (image + top[..., :, None]) * width + left[..., None, :]
    part = torch.arange(window.moves, device=device)[:, None, None, None]
    rows = cells * window.moves + part
    dtype = torch.int32 if x.numel() < 2**31 else torch.int64
    shape = (count * high * wide, window.moves, elements, _CORNERS)
    return rows.to(dtype).reshape(shape), weights.reshape(shape)


def _between(at: Tensor, extent: int) -> tuple[Tensor, Tensor]:
    """Return the two cells that a position lies between, inside of the map, and their weights."""
    floor = at.detach().floor().nan_to_num(0).clamp(-1, extent)
    share = at - floor
    cells = torch.stack([floor, floor + 1], -1).long()
    weights = torch.stack([1 - share, share], -1)
    weights = weights.masked_fill((cells < 0) | (cells >= extent), 0)
    return cells.clamp(0, extent - 1), weights


def _grouped(columns: Tensor, window: Window) -> Tensor:
    """Return columns as [groups, places, elements of one group's filters]."""
    if window.groups == 1:
        return columns.reshape(1, len(columns), -1)
    each = columns.permute(0, 1, 3, 2).reshape(len(columns), window.groups, -1)
    return each.transpose(0, 1)


def _flat_filters(filters: Tensor, window: Window) -> Tensor:
    """Return filters in the order of the columns: [groups, filters, elements of each]."""
    if window.groups > 1:
        return filters.reshape(window.groups, len(filters) // window.groups, -1)
    elements = window.size[0] * window.size[1]
    each = filters.reshape(len(filters), window.moves, -1, elements)
    return each.transpose(2, 3).reshape(1, len(filters), -1)


def _product(columns: Tensor, filters: Tensor, window: Window) -> Tensor:
    """Return the convolution, [places, O]."""
    found = columns @ _flat_filters(filters, window).transpose(1, 2)
    return found.transpose(0, 1).reshape(columns.shape[1], len(filters))


def _split_rows(rows: Tensor, window: Window) -> Tensor:
    """Return [places, O] as [groups, places, O / groups]."""
    return rows.reshape(len(rows), window.groups, -1).transpose(0, 1)


def _to_filters(columns: Tensor, incoming: Tensor, filters: Tensor, window: Window) -> Tensor:
    """Return the gradient of the filters."""
    found = _split_rows(incoming, window).transpose(1, 2) @ columns
    if window.groups > 1:
        return found.reshape(filters.shape)
    elements = window.size[0] * window.size[1]
    each = found.reshape(len(filters), window.moves, elements, -1)
    return each.transpose(2, 3).reshape(filters.shape)


def _to_columns(incoming: Tensor, filters: Tensor, window: Window) -> Tensor:
    """Return the gradient of the columns, a row for each place, part and element."""
    found = _split_rows(incoming, window) @ _flat_filters(filters, window)
    elements = window.size[0] * window.size[1]
    channels = filters.shape[1] * window.groups // window.moves
    if window.groups == 1:
        return found.reshape(-1, channels)
    each = found.transpose(0, 1).reshape(len(incoming), window.moves, channels, elements)
    return each.transpose(2, 3).reshape(-1, channels)
