"""Layers that copy, join and turn tensors: assign, cast, concat, sums, reverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat.fluid import _modes
from paddle_compat.fluid._dtypes import as_torch_dtype, as_var_type, dtype_name
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer, spec_of
from paddle_compat.fluid.initializer import assign_value
from paddle_compat.fluid.layer_helper import LayerHelper, write_into
from paddle_compat.fluid.layers._checks import (
    NUMBERS,
    check_tensor,
    check_tensors,
    check_type,
    dtypes,
    read_dtype,
)
from paddle_compat.fluid.layers._shapes import axis_of, is_tensor, merge, shape_of, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn.arithmetic import add_up, sum_rule

__all__ = ["assign", "cast", "concat", "reverse", "sums"]

_CAST = dtypes("bool", "float16", "float32", "float64", "int32", "int64", "uint8")
_CAST_TO = (*_CAST, *dtypes("int8"))
_ASSIGNED = dtypes("float16", "float32", "float64", "int32", "int64", "bool")
_REVERSED = dtypes("float32", "float64", "int32", "int64", "uint8")
_LARGEST_CONSTANT = 1024 * 1024


@layer
def cast(x: Tensor, dtype: Any) -> Tensor:
    """Return a tensor in another dtype; floats are truncated to integers.

    Args:
        x: bool, float16, float32, float64, int32, int64 or uint8.
        dtype: one of these or int8: a name, a numpy dtype, a `VarType`.

    Raises:
        TypeError: x is no such tensor, or dtype none at all.
        ValueError: fluid has no such dtype.

    Source:
        ``paddle.fluid.layers.cast``, PaddlePaddle 1.8.
    """
    check_tensor("cast", "x", x, _CAST)
    wanted = as_torch_dtype(read_dtype(dtype))
    if wanted not in _CAST_TO:
        raise TypeError(f"cast: dtype must be one that 1.8 casts to, but it is {wanted}")
    return x.to(wanted) if x.dtype != wanted else x.clone()


def _concat_axis(axis: Any, rank: int) -> int:
    if not is_tensor(axis):
        check_type("concat", "axis", axis, int, "an int or a tensor of one")
    return axis_of("concat", "axis", int(axis), rank)


def _joined(input: Any) -> list[Any]:
    items = [input] if is_tensor(input) else input
    if isinstance(items, tuple):
        raise TypeError("concat: input must be a list, but it is a tuple; use list(input)")
    if isinstance(items, list):
        items = [stand_in(item) for item in items]
    check_tensors("concat", "input", items, NUMBERS)
    if not items:
        raise ValueError("concat: input must hold at least one tensor, but the list is empty")
    kinds = {item.dtype: None for item in items}
    if len(kinds) > 1:
        raise ValueError(
            f"concat: all of input must have one dtype, but they have "
            f"{' and '.join(map(str, kinds))}; use fluid.layers.cast"
        )
    return [input] if is_tensor(input) else list(input)


def _concat_rule(arguments: dict[str, Any]) -> Signature:
    items, axis = _joined(arguments["input"]), arguments["axis"]
    rank = len(items[0].shape)
    dtype = torch_dtype_of(items[0])
    if is_tensor(axis):
        return (-1,) * rank, dtype
    dim = _concat_axis(axis, rank)
    shape = list(merge("concat", "input", map(shape_of, items), free=dim))
    sizes = [item.shape[dim] for item in items]
    shape[dim] = -1 if any(size < 0 for size in sizes) else sum(sizes)
    return tuple(shape), dtype


@layer(infer=_concat_rule)
def concat(input: Sequence[Tensor], axis: int | Tensor = 0, name: str | None = None) -> Tensor:
    """Return tensors, one after the other along a dimension that they have.

    Args:
        input: a list of tensors, float16, float32, float64, int32 or int64.
        axis: the dimension; an int, or a tensor [1].
        name: names the result.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: dtypes or shapes differ, there is no such dimension, or the list is empty.

    Source:
        ``paddle.fluid.layers.concat``, PaddlePaddle 1.8.
    """
    items = _joined(input)
    dim = _concat_axis(axis, items[0].ndim)
    merge("concat", "input", map(shape_of, items), free=dim)
    return torch.cat(items, dim)


@layer("sum", infer=lambda arguments: sum_rule("sums", "input", arguments), into="out")
def sums(input: Sequence[Tensor], out: Tensor | None = None) -> Tensor:
    """Return the sum of a list of tensors, element by element.

    Args:
        input: float32, float64, int32 or int64, of one shape.
        out: takes the result.

    Raises:
        TypeError: an item is no such tensor.
        ValueError: the list is empty, or shapes or dtypes differ.

    Source:
        ``paddle.fluid.layers.sums``, PaddlePaddle 1.8.
    """
    return add_up("sums", "input", input)


@layer("assign", into="output")
def _assign(input: Tensor, output: Tensor | None = None) -> Tensor:
    check_tensor("assign", "input", input, _ASSIGNED)
    return input.clone()


def assign(input: Any, output: Any = None) -> Any:
    """Return a copy of a tensor, or of a numpy array.

    Args:
        input: a tensor of float16, float32, float64, int32, int64 or bool; or an array of float32,
            int32, int64 or bool.
        output: takes the result: a variable, which holds it from here on, or a tensor.

    Raises:
        TypeError: the input is no such tensor or array.
        ValueError: an array has more than 1024 * 1024 elements.

    Source:
        ``paddle.fluid.layers.assign``, PaddlePaddle 1.8.
    """
    check_type("assign", "input", stand_in(input), (Tensor, np.ndarray), "a tensor or an array")
    if not isinstance(input, np.ndarray):
        return _assign(input, output)
    if input.dtype not in (np.bool_, np.float32, np.int32, np.int64):
        raise TypeError(
            "assign: an array must be bool, float32, int32 or int64, but it is "
            f"{input.dtype}; use input.astype('float32')"
        )
    if input.size > _LARGEST_CONSTANT:
        raise ValueError(
            f"assign: an array may have {_LARGEST_CONSTANT} elements, but it has {input.size}; "
            "feed it, or set it in the scope"
        )
    value = torch.from_numpy(np.array(input))
    if isinstance(output, Tensor) or _modes.in_dygraph_mode():
        return _assign(value, output)
    helper = LayerHelper("assign")
    if output is None:
        output = helper.create_variable_for_type_inference(
            dtype_name(as_var_type(value.dtype)), shape=value.shape
        )
    else:
        write_into(spec_of(_assign), output, (tuple(value.shape), value.dtype))
    block = helper.main_program.current_block()
    block.append("assign_value", assign_value, {"value": value}, [output])
    return output


@layer(shares=None)
def reverse(x: Tensor, axis: int | Sequence[int]) -> Tensor:
    """Return a tensor, turned round in some of its dimensions.

    Args:
        x: float32, float64, int32, int64 or uint8.
        axis: a dimension, or several.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: there is no such dimension.

    Source:
        ``paddle.fluid.layers.reverse``, PaddlePaddle 1.8.
    """
    check_tensor("reverse", "x", x, _REVERSED)
    check_type("reverse", "axis", axis, (int, list, tuple), "an int or a list of ints")
    axes = [axis] if isinstance(axis, int) else axis
    return x.flip([axis_of("reverse", "axis", one, x.ndim) for one in axes])
