"""Boxes that stand on every cell of a feature map, as 1.8's operators place them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from paddle_compat.kernels.detection.rounding import exact_sqrt, held, round_away

__all__ = ["anchors", "density_priors", "expand_ratios", "on_grid", "priors"]

_SAME_RATIO = 1e-6


def anchors(
    grid: tuple[int, int],
    sizes: Sequence[float],
    ratios: Sequence[float],
    stride: tuple[float, float],
    offset: float,
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    """Return Faster R-CNN's anchors, in pixels.

    Args:
        grid: height and width of the feature map.
        sizes: the side of a square anchor.
        ratios: height over width; those of one ratio stand together.
        stride: pixels that a cell is wide and high.
        offset: where in its cell a centre is, 0 to 1.
        dtype: float32 or float64; everything is computed in it.
        device: the result's.

    Returns:
        [H, W, ratios x sizes, 4].
    """
    width, height = held(stride, dtype)
    ratio = held(ratios, dtype)[:, None]
    # The square of a cell, in whole pixels, is brought to the ratio and then to the size.
    base_width = round_away(exact_sqrt(width * height / ratio))
    base_height = round_away(base_width * ratio)
    size = held(sizes, dtype)
    half = [
        0.5 * (side.reshape(-1).sub(1)).double()
        for side in (size / width * base_width, size / height * base_height)
    ]
    shift = held([offset], dtype)
    x = torch.arange(grid[1]).to(dtype) * width + shift * (width - 1)
    y = torch.arange(grid[0]).to(dtype) * height + shift * (height - 1)
    return _spread(x.double()[:, None], y.double()[:, None], half[0], half[1], dtype, device)


def expand_ratios(ratios: Sequence[float], flip: bool) -> list[float]:
    """Return 1 and the ratios that differ, each followed by its inverse where they are flipped."""
    found = [1.0]
    for value in ratios:
        ratio = float(torch.tensor(value, dtype=torch.float32))
        if any(abs(ratio - other) < _SAME_RATIO for other in found):
            continue
        found.append(ratio)
        if flip:
            found.append(float(1 / torch.tensor(value, dtype=torch.float32)))
    return found


def priors(
    grid: tuple[int, int],
    image: tuple[int, int],
    min_sizes: Sequence[float],
    max_sizes: Sequence[float],
    ratios: Sequence[float],
    step: tuple[float, float],
    offset: float,
    max_second: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    """Return SSD's prior boxes, in parts of the image.

    Args:
        grid: height and width of the feature map.
        image: height and width of the image.
        min_sizes: each stands in every ratio, in pixels.
        max_sizes: one for each of min_sizes, or none: a square between the two.
        ratios: as `expand_ratios` gives them.
        step: width and height of a cell in pixels; where one is 0, those that fill the image.
        offset: where in its cell a centre is, 0 to 1.
        max_second: whether the square between follows the first of its size; or else the last.
        dtype: float32 or float64.
        device: the result's.

    Returns:
        [H, W, P, 4], reaching beyond the image at its edges.
    """
    widths, heights = [], []
    # Roots are float64 whatever the dtype, and what is multiplied with them.
    ratio = held(ratios, torch.float64)
    if max_second:
        # Squares among the ratios give way to the two that come first.
        ratio = torch.cat([ratio.new_ones(1), ratio[(ratio - 1).abs() >= _SAME_RATIO]])
    root = ratio.sqrt()
    for index, size in enumerate(held(min_sizes, torch.float32)):
        wide, high = size.double() * root / 2, size.double() / root / 2
        if max_sizes:
            largest = held(max_sizes, torch.float32)[index]
            between = (size * largest).double().sqrt().reshape(1) / 2
            place = 1 if max_second else len(ratio)
            wide, high = (torch.cat([side[:place], between, side[place:]]) for side in (wide, high))
        widths.append(wide)
        heights.append(high)
    half_width, half_height = (torch.cat(sides).to(dtype) for sides in (widths, heights))
    x, y = _centres(grid, image, step, offset, dtype)
    scale = (torch.tensor(image[1], dtype=dtype), torch.tensor(image[0], dtype=dtype))
    return _spread(x[:, None], y[:, None], half_width, half_height, dtype, device, scale)


def density_priors(
    grid: tuple[int, int],
    image: tuple[int, int],
    densities: Sequence[int],
    sizes: Sequence[float],
    ratios: Sequence[float],
    step: tuple[float, float],
    offset: float,
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    """Return prior boxes of which small ones stand more densely, in parts of the image.

    Args:
        grid: height and width of the feature map.
        image: height and width of the image.
        densities: boxes of a size in a row of a cell, one number for each of sizes.
        sizes: in pixels.
        ratios: width over height.
        step: as in `priors`.
        offset: likewise.
        dtype: float32 or float64; the real operator goes through float32 in both.
        device: the result's.

    Returns:
        [H, W, P, 4], inside the image on the sides that they could leave it by.
    """
    x, y = _centres(grid, image, step, offset, dtype)
    width, height = _cell(grid, image, step, dtype)
    average = int((width + height).double() * 0.5)
    root = exact_sqrt(held(ratios, torch.float32))
    none = torch.zeros(0)
    lefts, tops = [none.expand(grid[1], 0)], [none.expand(grid[0], 0)]
    widths, heights = [none], [none]
    for size, density in zip(held(sizes, torch.float32), densities, strict=True):
        shift = average // density
        steps = torch.arange(density, dtype=torch.float32) * shift
        first = (centre.double() - average / 2.0 + shift / 2.0 for centre in (x, y))
        left, top = (start.float()[:, None] + steps for start in first)
        count = (len(ratios), density, density)
        lefts.append(left[:, None, None, :].expand(-1, *count).flatten(1))
        tops.append(top[:, None, :, None].expand(-1, *count).flatten(1))
        wide, high = size * root, size / root
        widths.append(wide[:, None, None].expand(count).flatten())
        heights.append(high[:, None, None].expand(count).flatten())
    half = [torch.cat(sides).double() / 2.0 for sides in (widths, heights)]
    centres = [torch.cat(places, 1).double() for places in (lefts, tops)]
    boxes = _spread(
        centres[0], centres[1], half[0], half[1], torch.float64, torch.device("cpu"), image[::-1]
    )
    # The far side is not held at 0, nor the near one at 1.
    boxes[..., :2] = boxes[..., :2].clamp(min=0)
    boxes[..., 2:] = boxes[..., 2:].clamp(max=1)
    return boxes.to(dtype).to(device)


def on_grid(values: Sequence[float], boxes: Tensor) -> Tensor:
    """Return float32 numbers, repeated for every box of a grid: [H, W, P, numbers]."""
    return held(values, boxes.dtype).to(boxes.device).repeat(*boxes.shape[:-1], 1)


def _cell(
    grid: tuple[int, int], image: tuple[int, int], step: tuple[float, float], dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    width, height = held(step, dtype)
    if width == 0 or height == 0:
        width, height = (torch.tensor(image[i], dtype=dtype) / grid[i] for i in (1, 0))
    return width, height


def _centres(
    grid: tuple[int, int],
    image: tuple[int, int],
    step: tuple[float, float],
    offset: float,
    dtype: torch.dtype,
) -> tuple[Tensor, Tensor]:
    shift = held([offset], dtype)
    width, height = _cell(grid, image, step, dtype)
    return (
        (torch.arange(grid[1]).to(dtype) + shift) * width,
        (torch.arange(grid[0]).to(dtype) + shift) * height,
    )


def _spread(
    x: Tensor,
    y: Tensor,
    half_width: Tensor,
    half_height: Tensor,
    dtype: torch.dtype,
    device: torch.device,
    scale: tuple[Tensor | int, ...] = (1, 1),
) -> Tensor:
    """Return boxes about centres [W, 1 or P] and [H, 1 or P], divided by a scale."""
    low_x, high_x = (x - half_width) / scale[0], (x + half_width) / scale[0]
    low_y, high_y = (y - half_height) / scale[1], (y + half_height) / scale[1]
    shape = (len(y), len(x), half_width.numel())
    sides = (low_x[None], low_y[:, None], high_x[None], high_y[:, None])
    return torch.stack([side.to(dtype).to(device).expand(shape) for side in sides], -1)
