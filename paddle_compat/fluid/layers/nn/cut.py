"""Layers that cut parts out of a tensor: slice, strided_slice."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import NUMBERS, check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._numbers import known_numbers, spend_constants, whole_numbers
from paddle_compat.fluid.layers._shapes import axis_of, is_tensor, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["cut_shape", "part", "slice", "slice_shares", "strided_slice"]

_CUT = dtypes("float32", "float64", "int32", "int64")
Numbers = Sequence[int | Tensor] | Tensor


def _extent(layer: str, axis: int, size: int, start: int, end: int, step: int) -> range:
    """Return the places that are kept, of a dimension that has any.

    Raises:
        ValueError: there is none.
    """
    if step == 0:
        raise ValueError(f"{layer}: strides must not be 0")
    kept = range(*builtins.slice(start, end, step).indices(size))
    if not kept:
        by = "" if step == 1 else f" by {step}"
        raise ValueError(
            f"{layer}: nothing is left of dimension {axis}, of size {size}, from {start} to "
            f"{end}{by}; the start must come before the end and inside the dimension"
        )
    return kept


def _check_lengths(layer: str, axes: Sequence[int], **lists: Any) -> None:
    for name, values in lists.items():
        if not is_tensor(values) and len(values) != len(axes):
            raise ValueError(
                f"{layer}: {name} must be as many as axes, {len(axes)}, but they are {values!r}"
            )


def cut_shape(
    layer: str, shape: Sequence[int], axes: Sequence[int], starts: Any, ends: Any, strides: Any
) -> list[int]:
    """Return the static shape of what is left."""
    _check_lengths(layer, axes, starts=starts, ends=ends, strides=strides)
    count = len(axes)
    limits = (known_numbers(values, count) for values in (starts, ends, strides))
    result = list(shape)
    for axis, start, end, step in zip(axes, *limits, strict=True):
        dim = axis_of(layer, "axes", axis, len(shape), lowest=0)
        if start is None or end is None or step is None:
            result[dim] = -1
        elif result[dim] > 0:
            result[dim] = len(_extent(layer, dim, result[dim], start, end, step))
    return result


def part(
    layer: str,
    x: Tensor,
    axes: Sequence[int],
    starts: Numbers,
    ends: Numbers,
    strides: Numbers | None = None,
) -> Tensor:
    """Return what is left of a tensor between starts and ends."""
    ones = [1] * len(axes) if strides is None else strides
    _check_lengths(layer, axes, starts=starts, ends=ends, strides=ones)
    limits = (whole_numbers(values) for values in (starts, ends, ones))
    for axis, start, end, step in zip(axes, *limits, strict=True):
        dim = axis_of(layer, "axes", axis, x.ndim, lowest=0)
        if x.shape[dim] == 0:
            continue
        kept = _extent(layer, dim, x.shape[dim], start, end, step)
        if step < 0:
            low, high = kept[-1], kept[0]
            x = x.narrow(dim, low, high - low + 1).flip(dim)
            kept = range(0, x.shape[dim], -step)
        x = x[(builtins.slice(None),) * dim + (builtins.slice(kept.start, kept.stop, kept.step),)]
    return x


def _slice_rule(arguments: dict[str, Any]) -> Signature:
    x, axes = arguments["input"], arguments["axes"]
    _check_slice(stand_in(x), axes, arguments["starts"], arguments["ends"])
    ones = [1] * len(axes)
    shape = cut_shape("slice", x.shape, axes, arguments["starts"], arguments["ends"], ones)
    return tuple(shape), torch_dtype_of(x)


def _check_slice(x: Any, axes: Any, starts: Any, ends: Any) -> None:
    for name, values in (("starts", starts), ("ends", ends)):
        if not isinstance(values, (list, tuple)) and not is_tensor(values):
            raise ValueError(
                f"slice: {name} must be a list of ints or a tensor, but it is {values!r}"
            )
    check_tensor("slice", "input", x, NUMBERS)
    check_type("slice", "axes", axes, (list, tuple), "a list of ints")


def _slice_names(arguments: dict[str, Any], temporary: Callable[[], str]) -> None:
    spend_constants(arguments["starts"], temporary)
    spend_constants(arguments["ends"], temporary)


def slice_shares(arguments: dict[str, Any]) -> str | None:
    """Tell whose levels of detail a slice keeps: its input's, with all of its rows."""
    return None if 0 in arguments["axes"] else "input"


@layer(before=_slice_names, infer=_slice_rule, shares=slice_shares)
def slice(input: Tensor, axes: Sequence[int], starts: Numbers, ends: Numbers) -> Tensor:  # noqa: A001 - Paddle's name
    """Return a part of a tensor.

    Args:
        input: float16, float32, float64, int32 or int64.
        axes: the dimensions that are cut.
        starts: the first place kept in each; negative ones count from the end. Some may be
            tensors [1], or the whole a tensor of int32.
        ends: the first place not kept, likewise; beyond the dimension is its end.

    Raises:
        TypeError: the input is no such tensor, or axes no list.
        ValueError: starts or ends do not fit axes, or nothing is left of a dimension.

    Source:
        ``paddle.fluid.layers.slice``, PaddlePaddle 1.8.
    """
    _check_slice(input, axes, starts, ends)
    return part("slice", input, axes, starts, ends)


def _strided_rule(arguments: dict[str, Any]) -> Signature:
    x = arguments["input"]
    _check_strided(stand_in(x), arguments)
    names = ("axes", "starts", "ends", "strides")
    shape = cut_shape("strided_slice", x.shape, *(arguments[name] for name in names))
    return tuple(shape), torch_dtype_of(x)


def _check_strided(x: Any, arguments: dict[str, Any]) -> None:
    check_tensor("strided_slice", "input", x, _CUT)
    check_type("strided_slice", "axes", arguments["axes"], (list, tuple), "a list of ints")
    for name in ("starts", "ends", "strides"):
        values = arguments[name]
        if not isinstance(values, (list, tuple)) and not is_tensor(values):
            raise TypeError(
                f"strided_slice: {name} must be a list of ints or a tensor, but it is {values!r}"
            )
        for value in (values,) if is_tensor(values) else values:
            if is_tensor(value):
                check_tensor("strided_slice", name, stand_in(value), dtypes("int32"))


def _strided_names(arguments: dict[str, Any], temporary: Callable[[], str]) -> None:
    for name in ("starts", "ends", "strides"):
        spend_constants(arguments[name], temporary)


@layer(before=_strided_names, infer=_strided_rule)
def strided_slice(
    input: Tensor, axes: Sequence[int], starts: Numbers, ends: Numbers, strides: Numbers
) -> Tensor:
    """Return a part of a tensor, taken in steps.

    Args:
        input: float32, float64, int32 or int64.
        axes: the dimensions that are cut.
        starts: the first place kept in each; negative ones count from the end. Some may be
            tensors [1] of int32, or the whole a tensor.
        ends: the first place not kept, likewise.
        strides: the steps, likewise; negative ones go backwards.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: starts, ends or strides do not fit axes, or nothing is left of a dimension.

    Source:
        ``paddle.fluid.layers.strided_slice``, PaddlePaddle 1.8.
    """
    _check_strided(input, {"axes": axes, "starts": starts, "ends": ends, "strides": strides})
    return part("strided_slice", input, axes, starts, ends, strides)
