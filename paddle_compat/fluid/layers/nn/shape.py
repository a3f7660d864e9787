"""Layers that move elements without changing them: reshape and its kin."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import (
    NUMBERS,
    check_tensor,
    check_type,
    dtypes,
)
from paddle_compat.fluid.layers._numbers import spend_constants, whole_numbers
from paddle_compat.fluid.layers._shapes import is_tensor, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["flatten", "rank", "reshape", "shape", "size", "squeeze", "transpose", "unsqueeze"]

_MOVED = dtypes("float32", "float64", "int8", "int32", "int64")
_SQUEEZED = (*NUMBERS, *dtypes("int8"))


def _check_reshape(rank: int, shape: Any) -> None:
    """Check a new shape as far as it can be without the old one's sizes."""
    if not isinstance(shape, (list, tuple)):
        raise TypeError(f"reshape: shape must be a list or tuple, but it is {type(shape).__name__}")
    if not shape:
        raise AssertionError("reshape: shape must have at least one size, but it is empty")
    told = f"shape is {_listed(shape)}"
    for i, size in enumerate(shape):
        if is_tensor(size):
            continue
        if not isinstance(size, Integral):
            raise TypeError(f"reshape: sizes must be ints or tensors of one, but {told}")
        if size == 0 and i >= rank:
            raise AssertionError(
                f"reshape: 0 keeps a size of x, but x has only {rank} dimensions and shape[{i}] is "
                f"0; {told}"
            )
        if size < -1:
            raise AssertionError(
                f"reshape: sizes must be positive, 0 (keep x's) or -1 (what is left), but {told}"
            )
    if sum(not is_tensor(size) and size == -1 for size in shape) > 1:
        raise AssertionError(f"reshape: only one size may be -1, but {told}")


def _listed(shape: Sequence[Any]) -> list[Any]:
    return ["a tensor" if is_tensor(size) else size for size in shape]


def _reshape_rule(arguments: dict[str, Any]) -> Signature:
    x, shape = arguments["x"], arguments["shape"]
    check_tensor("reshape", "x", stand_in(x), NUMBERS)
    if is_tensor(shape):
        return (-1,) * max(shape.shape[0], 1), torch_dtype_of(x)
    _check_reshape(len(x.shape), shape)
    known = [
        -1 if is_tensor(size) else x.shape[i] if size == 0 else int(size)
        for i, size in enumerate(shape)
    ]
    if not any(map(is_tensor, shape)) and -1 not in x.shape:
        size = math.prod(x.shape)
        rest = math.prod(n for n in known if n != -1)
        if -1 in known:
            if rest == 0 or size % rest:
                raise ValueError(_misfit(x.shape, shape))
            known[known.index(-1)] = size // rest
        elif rest != size:
            raise ValueError(_misfit(x.shape, shape))
    return tuple(known), torch_dtype_of(x)


def _misfit(old: Sequence[int], new: Sequence[int]) -> str:
    return (
        f"reshape: x has {math.prod(old)} elements, shape {list(old)}, which do not fill shape "
        f"{list(new)}"
    )


def _reshape_names(arguments: dict[str, Any], temporary: Callable[[], str]) -> None:
    spend_constants(arguments["shape"], temporary)


@layer("reshape2", before=_reshape_names, after=1, infer=_reshape_rule)
def reshape(
    x: Tensor,
    shape: Sequence[int | Tensor] | Tensor,
    actual_shape: Tensor | None = None,
    act: str | None = None,
    inplace: bool = False,
    name: str | None = None,
) -> Tensor:
    """Return the elements in another shape.

    Args:
        x: float16, float32, float64, int32 or int64.
        shape: sizes; 0 keeps x's size there, and one -1 is what is left. Sizes may be tensors
            [1], and the whole may be a tensor of int32.
        actual_shape: goes before `shape`, where the sizes are known only in the run.
        act: an activation of the result.
        inplace: not used; memory is shared where it can be.
        name: names the result.

    Raises:
        TypeError: an argument has the wrong type.
        AssertionError: shape is empty, has two -1, a size below -1, or a 0 beyond x's dimensions.
        ValueError: the elements do not fill the shape.

    Source:
        ``paddle.fluid.layers.reshape``, PaddlePaddle 1.8.
    """
    check_tensor("reshape", "x", x, NUMBERS)
    if actual_shape is not None and not (isinstance(shape, Tensor) or any(map(is_tensor, shape))):
        check_type("reshape", "actual_shape", actual_shape, Tensor, "a tensor")
        shape = actual_shape
    if isinstance(shape, Tensor):
        shape = shape.tolist()
    _check_reshape(x.ndim, shape)
    sizes = whole_numbers(shape)
    sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(sizes)]
    rest = math.prod(size for size in sizes if size != -1)
    if -1 in sizes:
        if rest == 0 or x.numel() % rest:
            raise ValueError(_misfit(x.shape, sizes))
        sizes[sizes.index(-1)] = x.numel() // rest
    elif rest != x.numel():
        raise ValueError(_misfit(x.shape, sizes))
    return torch.reshape(x, sizes)


def _flatten_rule(arguments: dict[str, Any]) -> Signature:
    x, axis = arguments["x"], arguments["axis"]
    check_tensor("flatten", "x", stand_in(x), _MOVED)
    _check_flatten(len(x.shape), axis)
    sizes = tuple(_product(part) for part in (x.shape[:axis], x.shape[axis:]))
    return sizes, torch_dtype_of(x)


def _product(sizes: Sequence[int]) -> int:
    return -1 if any(size < 0 for size in sizes) else math.prod(sizes)


def _check_flatten(rank: int, axis: Any) -> None:
    if not isinstance(axis, int) or not 0 <= axis <= rank:
        raise ValueError(f"flatten: axis must be an int in [0, {rank}], but it is {axis!r}")


@layer("flatten2", key="flatten", after=1, infer=_flatten_rule)
def flatten(x: Tensor, axis: int = 1, name: str | None = None) -> Tensor:
    """Return the elements as a matrix.

    Args:
        x: float32, float64, int8, int32 or int64.
        axis: how many dimensions become the rows; the others become the columns.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.
        ValueError: axis is no int, or out of range.

    Source:
        ``paddle.fluid.layers.flatten``, PaddlePaddle 1.8.
    """
    check_tensor("flatten", "x", x, _MOVED)
    _check_flatten(x.ndim, axis)
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


@layer("transpose2", key="transpose", after=1, shares=None)
def transpose(x: Tensor, perm: list[int], name: str | None = None) -> Tensor:
    """Return a tensor with its dimensions in another order.

    Args:
        x: float16, float32, float64, int32 or int64.
        perm: a list: which dimension of x comes first, second, and so on.
        name: names the result.

    Raises:
        TypeError: x is no such tensor, or perm no list.
        ValueError: perm does not name every dimension once.

    Source:
        ``paddle.fluid.layers.transpose``, PaddlePaddle 1.8.
    """
    check_tensor("transpose", "x", x, NUMBERS)
    check_type("transpose", "perm", perm, list, "a list")
    if sorted(perm) != list(range(x.ndim)):
        raise ValueError(
            f"transpose: perm must name every dimension of x, 0 to {x.ndim - 1}, once, but it is "
            f"{perm}"
        )
    return x.permute(perm)


def _squeezed(shape: Sequence[int], axes: Any) -> list[int]:
    """Return which dimensions squeeze drops."""
    check_type("squeeze", "axes", axes, list, "a list")
    rank = len(shape)
    if not axes:
        return [i for i, size in enumerate(shape) if size == 1]
    for axis in axes:
        if not -rank <= axis < rank:
            raise ValueError(
                f"squeeze: axes must be in [-{rank}, {rank}) for {rank} dimensions, but they are "
                f"{axes}"
            )
        if shape[axis] not in (1, -1):
            raise ValueError(
                f"squeeze: only dimensions of size 1 can go, but dimension {axis} of "
                f"{list(shape)} is not"
            )
    return sorted({axis % rank for axis in axes})


def _squeeze_rule(arguments: dict[str, Any]) -> Signature:
    x = arguments["input"]
    check_tensor("squeeze", "input", stand_in(x), _SQUEEZED)
    dropped = _squeezed(x.shape, arguments["axes"])
    left = tuple(size for i, size in enumerate(x.shape) if i not in dropped)
    return left, torch_dtype_of(x)


@layer("squeeze2", key="squeeze", after=1, infer=_squeeze_rule)
def squeeze(input: Tensor, axes: list[int], name: str | None = None) -> Tensor:
    """Return a tensor without some of its dimensions of size 1.

    Args:
        input: float16, float32, float64, int8, int32 or int64.
        axes: which; an empty list is all of size 1.
        name: names the result.

    Raises:
        TypeError: the input is no such tensor, or axes no list.
        ValueError: there is no such dimension, or its size is not 1.

    Source:
        ``paddle.fluid.layers.squeeze``, PaddlePaddle 1.8.
    """
    check_tensor("squeeze", "input", input, _SQUEEZED)
    dropped = _squeezed(input.shape, axes)
    return input.reshape([n for i, n in enumerate(input.shape) if i not in dropped])


def _unsqueezed(shape: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    """Return a shape with ones put in, one after the other."""
    result = list(shape)
    for axis in axes:
        rank = len(result) + 1
        if not -rank <= axis < rank:
            raise ValueError(
                f"unsqueeze: each axis must be in [-{rank}, {rank}) when its turn comes, for "
                f"{rank - 1} dimensions, but axes are {list(axes)}"
            )
        result.insert(axis % rank, 1)
    return tuple(result)


def _check_axes(axes: Any) -> Any:
    if not isinstance(axes, (int, list, tuple)) and not is_tensor(axes):
        raise TypeError(
            f"unsqueeze: axes must be an int, a list of ints or a tensor, but it is {axes!r}"
        )
    return [axes] if isinstance(axes, int) else axes


def _unsqueeze_rule(arguments: dict[str, Any]) -> Signature:
    x, axes = arguments["input"], _check_axes(arguments["axes"])
    check_tensor("unsqueeze", "input", stand_in(x))
    if is_tensor(axes) or any(map(is_tensor, axes)):
        more = max(axes.shape[0], 1) if is_tensor(axes) else len(axes)
        return (-1,) * (len(x.shape) + more), torch_dtype_of(x)
    return _unsqueezed(x.shape, axes), torch_dtype_of(x)


def _unsqueeze_names(arguments: dict[str, Any], temporary: Callable[[], str]) -> None:
    spend_constants(arguments["axes"], temporary)


@layer("unsqueeze2", before=_unsqueeze_names, after=1, infer=_unsqueeze_rule)
def unsqueeze(
    input: Tensor, axes: int | Sequence[int | Tensor] | Tensor, name: str | None = None
) -> Tensor:
    """Return a tensor with new dimensions of size 1.

    Args:
        input: a tensor.
        axes: where each new one stands, put in one after the other; some may be tensors [1], or
            the whole a tensor of int32.
        name: names the result.

    Raises:
        TypeError: the input is no tensor, or axes are not as above.
        ValueError: an axis is out of range.

    Source:
        ``paddle.fluid.layers.unsqueeze``, PaddlePaddle 1.8.
    """
    check_tensor("unsqueeze", "input", input)
    return input.reshape(_unsqueezed(input.shape, whole_numbers(_check_axes(axes))))


@layer(shares=None)
def shape(input: Tensor) -> Tensor:
    """Return the sizes of a tensor's dimensions, as int32.

    Args:
        input: float32, float64, int32 or int64.

    Raises:
        TypeError: the input is no such tensor.

    Source:
        ``paddle.fluid.layers.shape``, PaddlePaddle 1.8.
    """
    check_tensor("shape", "input", input, dtypes("float32", "float64", "int32", "int64"))
    return torch.tensor(list(input.shape), dtype=torch.int32)


@layer(shares=None)
def size(input: Tensor) -> Tensor:
    """Return how many elements a tensor has, [1] of int64.

    Args:
        input: a tensor.

    Raises:
        TypeError: the input is no tensor.

    Source:
        ``paddle.fluid.layers.size``, PaddlePaddle 1.8.
    """
    check_tensor("size", "input", input)
    return torch.tensor([input.numel()], dtype=torch.int64)


def rank(input: Any) -> Any:
    """Return how many dimensions a tensor has, as int32 without dimensions.

    Args:
        input: a variable or tensor.

    Raises:
        TypeError: it is neither.

    Source:
        ``paddle.fluid.layers.rank``, PaddlePaddle 1.8.
    """
    from paddle_compat.fluid.layers.tensor import assign

    check_tensor("rank", "input", stand_in(input))
    if isinstance(input, Tensor):
        return torch.tensor(input.ndim, dtype=torch.int32)
    return assign(np.array(len(input.shape), "int32"))
