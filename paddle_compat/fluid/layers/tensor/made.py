"""Tensors of numbers in a row, and matrices of one diagonal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat.fluid._dtypes import as_torch_dtype
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import check_tensor, check_type, dtypes, read_dtype
from paddle_compat.fluid.layers._shapes import is_tensor
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["diag", "eye", "linspace", "range"]

_RANGE = dtypes("float32", "float64", "int32", "int64")
_FLOATS = dtypes("float32", "float64")


def _check_numbers(layer: str, dtype: torch.dtype, allowed: Any, **numbers: Any) -> None:
    for name, value in numbers.items():
        if not is_tensor(value):
            check_type(layer, name, value, (float, int), "a number or a tensor of one")
    check_tensor(layer, "dtype", torch.empty(0, dtype=dtype, device="meta"), allowed)


def _range_rule(arguments: dict[str, Any]) -> Signature:
    limits = {name: stand_in(arguments[name]) for name in ("start", "end", "step")}
    dtype = as_torch_dtype(read_dtype(arguments["dtype"]))
    _check_numbers("range", dtype, _RANGE, **limits)
    if not any(map(is_tensor, limits.values())):
        _span(dtype, **limits)
    return (-1,), dtype


def _span(dtype: torch.dtype, start: Any, end: Any, step: Any) -> tuple[Any, Any, Any]:
    """Return the numbers in the dtype: range(0.5, 3, 1, 'int32') starts at 0.

    Raises:
        ValueError: the step leads nowhere.
    """
    low, high, by = (_number(value, dtype).item() for value in (start, end, step))
    if by == 0:
        raise ValueError("range: step must not be 0")
    if (low < high and by < 0) or (low > high and by > 0):
        raise ValueError(f"range: the step {by} leads from {low} away from {high}")
    return low, high, by


def _constants_names(names: tuple[str, ...]) -> Any:
    """Give away the names of the constants that Paddle makes of the numbers."""

    def spend(arguments: dict[str, Any], temporary: Any) -> None:
        from paddle_compat.fluid import unique_name

        for name in names:
            if not is_tensor(arguments[name]):
                unique_name.generate(unique_name.generate("fill_constant") + ".tmp")

    return spend


@layer(
    infer=_range_rule,
    before=_constants_names(("start", "end", "step")),
    stop_gradient=True,
    creates=True,
)
def range(  # noqa: A001 - Paddle's name
    start: float | Tensor, end: float | Tensor, step: float | Tensor, dtype: Any
) -> Tensor:
    """Return the numbers from `start` on, by steps, up to but without `end`.

    Args:
        start: a number, or a tensor [1].
        end: likewise.
        step: likewise; negative ones go down.
        dtype: float32, float64, int32 or int64.

    Returns:
        A vector of that dtype.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: step is 0, or leads away from end.

    Source:
        ``paddle.fluid.layers.range``, PaddlePaddle 1.8.
    """
    wanted = as_torch_dtype(read_dtype(dtype))
    _check_numbers("range", wanted, _RANGE, start=start, end=end, step=step)
    low, high, by = _span(wanted, start, end, step)
    if not wanted.is_floating_point:
        return torch.arange(int(low), int(high), int(by), dtype=wanted)
    # One addition after the other, as the real operator goes.
    count = math.ceil(abs((high - low) / by))
    steps = np.full(count, by, dtype=str(wanted)[len("torch.") :])
    steps[:1] = low
    return torch.as_tensor(np.cumsum(steps, dtype=steps.dtype))


def _number(value: float | Tensor, dtype: torch.dtype) -> Tensor:
    """Return a number as a tensor [1] of a dtype."""
    if isinstance(value, Tensor):
        return value.to(dtype).reshape(-1)[:1]
    return torch.tensor([value], dtype=torch.float64 if isinstance(value, float) else None).to(
        dtype
    )


def _linspace_rule(arguments: dict[str, Any]) -> Signature:
    limits = {name: stand_in(arguments[name]) for name in ("start", "stop", "num")}
    dtype = as_torch_dtype(read_dtype(arguments["dtype"]))
    _check_linspace(dtype, **limits)
    return (-1,), dtype


def _check_linspace(dtype: torch.dtype, start: Any, stop: Any, num: Any) -> None:
    _check_numbers("linspace", dtype, _FLOATS, start=start, stop=stop, num=num)
    for name, value, allowed in (
        ("start", start, _FLOATS),
        ("stop", stop, _FLOATS),
        ("num", num, dtypes("int32")),
    ):
        if is_tensor(value):
            check_tensor("linspace", name, value, allowed)


@layer(
    infer=_linspace_rule,
    before=_constants_names(("start", "stop", "num")),
    creates=True,
    no_gradient=True,
)
def linspace(start: float | Tensor, stop: float | Tensor, num: int | Tensor, dtype: Any) -> Tensor:
    """Return numbers at equal distances, from `start` to `stop`, with both.

    Args:
        start: a number, or a tensor [1] of floats.
        stop: likewise.
        num: how many; an int, or a tensor [1] of int32.
        dtype: float32 or float64.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: num is not positive.

    Source:
        ``paddle.fluid.layers.linspace``, PaddlePaddle 1.8.
    """
    wanted = as_torch_dtype(read_dtype(dtype))
    _check_linspace(wanted, start, stop, num)
    count = int(num)
    if count <= 0:
        raise ValueError(f"linspace: num must be positive, but it is {count}")
    low, high = (_number(value, wanted) for value in (start, stop))
    if count == 1:
        return low.clone()
    return low + (high - low) / (count - 1) * torch.arange(count, dtype=wanted)


@layer("diag", stop_gradient=True)
def _diag(diagonal: Tensor) -> Tensor:
    check_tensor("diag", "diagonal", diagonal, _RANGE)
    if diagonal.ndim != 1:
        raise ValueError(
            f"diag: diagonal must be a vector, but its shape is {list(diagonal.shape)}"
        )
    return torch.diag(diagonal).detach()


def diag(diagonal: Any) -> Any:
    """Return a square matrix with a diagonal, and zeros elsewhere.

    Args:
        diagonal: a vector of float32, float64, int32 or int64, or such a numpy array.

    Raises:
        TypeError: it is no such vector.
        ValueError: it has more than one dimension.

    Source:
        ``paddle.fluid.layers.diag``, PaddlePaddle 1.8.
    """
    from paddle_compat.fluid.layers.tensor.moved import assign

    return _diag(assign(diagonal) if isinstance(diagonal, np.ndarray) else diagonal)


@layer("eye", stop_gradient=True, creates=True)
def _eye(num_rows: int, num_columns: int, dtype: Any) -> Tensor:
    return torch.eye(num_rows, num_columns, dtype=as_torch_dtype(dtype))


def eye(
    num_rows: int,
    num_columns: int | None = None,
    batch_shape: list[int] | None = None,
    dtype: Any = "float32",
) -> Any:
    """Return a matrix with ones on its diagonal, and zeros elsewhere.

    Args:
        num_rows: how many rows.
        num_columns: how many columns; None is as many.
        batch_shape: a list of positive sizes before the matrix's own.
        dtype: of the result.

    Raises:
        TypeError: an argument has the wrong type, or a number is negative.

    Source:
        ``paddle.fluid.layers.eye``, PaddlePaddle 1.8.
    """
    from paddle_compat.fluid.layers.nn.join import stack

    columns = num_rows if num_columns is None else num_columns
    for name, number in (("num_rows", num_rows), ("num_columns", columns)):
        if not isinstance(number, int) or number < 0:
            raise TypeError(f"eye: {name} must be an int, at least 0, but it is {number!r}")
    result = _eye(num_rows, columns, dtype)
    if batch_shape is None:
        return result
    check_type("eye", "batch_shape", batch_shape, list, "a list of sizes")
    for size in reversed(batch_shape):
        if size <= 0:
            raise TypeError(f"eye: sizes in batch_shape must be positive, but it is {batch_shape}")
        result = stack([result] * size, axis=0)
    return result
