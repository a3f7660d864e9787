"""Layers whose own functions decide by what only a run knows, for arguments that fit.

Each takes its layer's arguments and is traced in its place: it does what the layer does where the
layer does not refuse.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from paddle_compat.export.stands import Flag, NotTraced
from paddle_compat.fluid._layer import spec_of
from paddle_compat.fluid.layers import control_flow, nn, tensor
from paddle_compat.fluid.layers.control_flow import COMPARISONS, OPERATORS
from paddle_compat.fluid.layers.nn.batch_norm import normalize_batch
from paddle_compat.fluid.layers.nn.dropout import drop
from paddle_compat.fluid.layers.nn.elementwise import ALIGNED

__all__ = ["AGREEING", "RULES"]

_Function = Callable[..., Any]


def _reshape(x: Tensor, shape: Any, actual_shape: Any = None, inplace: bool = False) -> Tensor:
    if actual_shape is not None or isinstance(shape, Tensor):
        raise NotTraced("a shape that only a run knows")
    if any(isinstance(size, Tensor) for size in shape):
        raise NotTraced("a size that only a run knows")
    sizes = [x.shape[axis] if size == 0 else size for axis, size in enumerate(shape)]
    known = math.prod(size for size in sizes if isinstance(size, int) and size > 0)
    if -1 in [size for size in sizes if isinstance(size, int)] and all(
        isinstance(size, int) for size in (*sizes, *x.shape)
    ):
        sizes[sizes.index(-1)] = math.prod(x.shape) // known
    return x.reshape(sizes)


def _mul(x: Tensor, y: Tensor, x_num_col_dims: int, y_num_col_dims: int, **others: Any) -> Tensor:
    if y.ndim != 2 or others:
        raise NotTraced("a product of folded tensors")
    return x.flatten(x_num_col_dims) @ y


def _meeting(x: Tensor, y: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Return both so that torch's broadcasting lets the dimensions meet that meet in Paddle."""
    if x.ndim < y.ndim:
        return _meeting(y, x, axis)[::-1]
    first = x.ndim - y.ndim if axis == -1 else axis
    sizes = y.shape
    while first + len(sizes) > x.ndim and isinstance(sizes[-1], int) and sizes[-1] == 1:
        sizes = sizes[:-1]
    after = x.ndim - first - len(sizes)
    if after < 0 or (x.ndim == y.ndim and axis not in (-1, 0)):
        raise NotTraced("it is not known whether the shapes fit")
    return (x, y.reshape((*sizes, *[1] * after))) if after or len(sizes) < y.ndim else (x, y)


def _meeting_rule(layer: _Function, function: _Function) -> _Function:
    original = spec_of(layer).function

    def rule(x: Tensor, y: Tensor, axis: int = -1, **others: Any) -> Any:
        if x.dtype != y.dtype:
            return original(x, y, axis=axis)
        return function(*_meeting(x, y, axis))

    return rule


def _dropout(
    x: Tensor, dropout_prob: float, is_test: Any, seed: int, dropout_implementation: str
) -> Tensor:
    if not isinstance(is_test, Flag) or seed:
        return drop(x, dropout_prob, is_test, seed, dropout_implementation)
    # The flag that comes for is_test says whether the module is trained.
    result = torch.nn.functional.dropout(x, dropout_prob, training=is_test)  # type: ignore[arg-type]
    return result if dropout_implementation == "upscale_in_train" else result * (1 - dropout_prob)


def _normalize_batch(is_test: Any, use_global_stats: bool, **others: Any) -> Any:
    # Told so, it does not ask whether the module is trained.
    is_test = True if use_global_stats else is_test
    return normalize_batch(is_test=is_test, use_global_stats=use_global_stats, **others)


_MEETING = {
    **{getattr(nn, name): function for name, function in ALIGNED.items()},
    **{getattr(control_flow, name): function for name, function in COMPARISONS.items()},
    **{OPERATORS[name]: function for name, function in COMPARISONS.items()},
}

RULES: dict[_Function, _Function] = {
    spec_of(drop).function: _dropout,
    normalize_batch: _normalize_batch,
    spec_of(nn.mul).function: _mul,
    spec_of(nn.reshape).function: _reshape,
    **{
        spec_of(layer).function: _meeting_rule(layer, function)
        for layer, function in _MEETING.items()
    },
}
"""The rules, by the function of the layer."""

AGREEING = frozenset(
    spec_of(layer).function
    for layer in (tensor.concat, tensor.sums, nn.sum, nn.stack, nn.smooth_l1)
)
"""Functions that compare sizes only to refuse those that differ."""
