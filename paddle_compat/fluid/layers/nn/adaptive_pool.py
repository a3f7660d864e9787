"""Pooling to a given size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor, check_type
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn import _windows
from paddle_compat.fluid.layers.nn.pool import mean_of

__all__ = ["adaptive_pool2d"]


def _average_rule(arguments: dict[str, Any]) -> Signature:
    x = arguments["input"]
    return (*x.shape[:2], *arguments["pool_size"]), x.torch_dtype


def _largest_rule(arguments: dict[str, Any]) -> list[Signature]:
    shape, dtype = _average_rule(arguments)
    return [(shape, dtype), (shape, dtype)]  # 1.8 declares the places with the values' dtype


@layer("pool2d", infer=_average_rule)
def average(input: Tensor, pool_size: Sequence[int]) -> Tensor:
    """Return the mean of each cell of a grid over pictures."""
    height, width = pool_size
    result = torch.nn.functional.adaptive_avg_pool2d(input, (height, width))
    if input.dtype != torch.float64:
        return result
    rows = input.new_tensor(_covered(input.shape[2], height))
    columns = input.new_tensor(_covered(input.shape[3], width))
    count = rows[:, None] * columns
    return mean_of(result * count, count)


def _covered(size: int, cells: int) -> list[int]:
    """Return how many rows are in each cell."""
    return [-(-(i + 1) * size // cells) - i * size // cells for i in range(cells)]


@layer("max_pool2d_with_index", infer=_largest_rule, shares=None)
def largest(input: Tensor, pool_size: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the largest element of each cell of a grid over pictures, and its place."""
    values, places = torch.nn.functional.adaptive_max_pool2d(
        input, list(pool_size), return_indices=True
    )
    return values, places.int()


def adaptive_pool2d(
    input: Any,
    pool_size: int | Sequence[int],
    pool_type: str = "max",
    require_index: bool = False,
    name: str | None = None,
) -> Any:
    """Return the largest element, or the mean, of each cell of a grid over pictures.

    Args:
        input: floats, [N, C, H, W].
        pool_size: the grid: an int, or [height, width].
        pool_type: ``'max'`` or ``'avg'``.
        require_index: whether the places of the largest come too, int32, counted row by row.
        name: names the result.

    Returns:
        [N, C, height, width]; with `require_index` two of them.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: pool_type is neither, or the places of means are asked for.

    Convention:
        Cell i covers the rows from i H / height, rounded down, to (i + 1) H / height, rounded up.

    Source:
        ``paddle.fluid.layers.adaptive_pool2d``, PaddlePaddle 1.8.
    """
    check_tensor("adaptive_pool2d", "input", stand_in(input), FLOATS)
    check_type("adaptive_pool2d", "pool_type", pool_type, str, "a string")
    kinds = (int, list, tuple)
    check_type("adaptive_pool2d", "pool_size", pool_size, kinds, "an int or a list")
    check_type("adaptive_pool2d", "require_index", require_index, bool, "a bool")
    _windows.check_choice("adaptive_pool2d", "pool_type", pool_type, ("max", "avg"))
    if pool_type == "avg" and require_index:
        raise ValueError("adaptive_pool2d: require_index must be False with pool_type='avg'")
    size = _windows.pair("adaptive_pool2d", "pool_size", pool_size)
    if len(input.shape) != 4 or min(size) < 1:
        raise ValueError(
            "adaptive_pool2d: input must have 4 dimensions and pool_size be positive, but they "
            f"are {list(input.shape)} and {size}"
        )
    key = "max_pool2d_with_index" if pool_type == "max" else "pool2d"
    helper = LayerHelper(key, input=input, name=name)
    if pool_type == "avg":
        return helper.append(average, input, size)
    values, places = helper.append(largest, input, size)
    return (values, places) if require_index else values
