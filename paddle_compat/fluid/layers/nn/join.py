"""Layers that put tensors together and take them apart: stack, unstack, split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import (
    NUMBERS,
    check_tensor,
    check_tensors,
    check_type,
    dtypes,
    is_anywhere,
)
from paddle_compat.fluid.layers._numbers import known_numbers, spend_constants, whole_numbers
from paddle_compat.fluid.layers._shapes import axis_of, is_tensor, merge, shape_of, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["multiplex", "split", "stack", "unstack"]


def _stacked(x: Any) -> list[Any]:
    items = list(x) if isinstance(x, (list, tuple)) else [x]
    check_tensors("stack", "x", [stand_in(item) for item in items])
    if not items:
        raise IndexError("stack: x must hold at least one tensor, but the list is empty")
    kinds = {torch_dtype_of(item): None for item in items}
    if len(kinds) > 1:
        raise ValueError(
            f"stack: all of x must have one dtype, but they have {' and '.join(map(str, kinds))}; "
            "use fluid.layers.cast"
        )
    return items


def _stack_rule(arguments: dict[str, Any]) -> Signature:
    items = _stacked(arguments["x"])
    common = list(merge("stack", "x", map(shape_of, items)))
    common.insert(axis_of("stack", "axis", arguments["axis"] or 0, len(common) + 1), len(items))
    return tuple(common), torch_dtype_of(items[0])


@layer(infer=_stack_rule, shares="x")
def stack(x: Tensor | Sequence[Tensor], axis: int = 0) -> Tensor:
    """Return tensors of one shape, one after the other along a new dimension.

    Args:
        x: a list of tensors, or one.
        axis: where the new dimension stands; None is 0.

    Raises:
        TypeError: an item is no tensor.
        IndexError: the list is empty.
        ValueError: shapes or dtypes differ, or axis is out of range.

    Source:
        ``paddle.fluid.layers.stack``, PaddlePaddle 1.8.
    """
    items = _stacked(x)
    common = merge("stack", "x", map(shape_of, items))
    return torch.stack(items, axis_of("stack", "axis", axis or 0, len(common) + 1))


def _check_multiplex(inputs: Any, index: Any) -> None:
    check_type("multiplex", "inputs", inputs, list, "a list of tensors")
    if len(inputs) < 2:
        raise ValueError(f"multiplex: inputs must be at least 2, but there are {len(inputs)}")
    check_tensors("multiplex", "inputs", [stand_in(item) for item in inputs], NUMBERS[1:])
    check_tensor("multiplex", "index", stand_in(index), dtypes("int32"))


def _multiplex_rule(arguments: dict[str, Any]) -> Signature:
    inputs = arguments["inputs"]
    _check_multiplex(inputs, arguments["index"])
    return merge("multiplex", "inputs", map(shape_of, inputs)), torch_dtype_of(inputs[0])


@layer(infer=_multiplex_rule, shares=None)
def multiplex(inputs: list[Tensor], index: Tensor) -> Tensor:
    """Return rows, each from the tensor that an index names.

    Args:
        inputs: two tensors or more of one shape: float32, float64, int32 or int64.
        index: [rows, 1] of int32: from which tensor each row is.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: there are fewer than 2 tensors, their shapes differ, or an index is out of
            range.

    Source:
        ``paddle.fluid.layers.multiplex``, PaddlePaddle 1.8.
    """
    _check_multiplex(inputs, index)
    merge("multiplex", "inputs", map(shape_of, inputs))
    flat = index.reshape(-1).long()
    if is_anywhere((flat < 0) | (flat >= len(inputs))):
        raise ValueError(
            f"multiplex: an index must be in [0, {len(inputs)}), but they are {flat.tolist()}"
        )
    return torch.stack(inputs)[flat, torch.arange(flat.shape[0], device=flat.device)]


def _unstack_number(shape: Sequence[int], axis: Any, num: int | None) -> tuple[int, int]:
    """Return the dimension and how many parts it has."""
    if axis is None:
        raise ValueError("unstack: axis must be an int, but it is None")
    dim = axis_of("unstack", "axis", axis, len(shape))
    size = shape[dim]
    if num is None:
        if size <= 0:
            raise ValueError(
                f"unstack: the size of dimension {dim} must be known before the run, but the shape "
                f"is {list(shape)}; give num"
            )
        return dim, size
    if 0 <= size != num:
        raise ValueError(
            f"unstack: num must be the size of dimension {dim}, {size}, but it is {num}"
        )
    return dim, num


def _unstack_rule(arguments: dict[str, Any]) -> list[Signature]:
    x = arguments["x"]
    check_tensor("unstack", "x", stand_in(x))
    dim, number = _unstack_number(x.shape, arguments["axis"], arguments["num"])
    left = (*x.shape[:dim], *x.shape[dim + 1 :]) or (1,)
    return [(left, torch_dtype_of(x))] * number


@layer("unstack", infer=_unstack_rule, shares=None)
def _unstack(x: Tensor, axis: int, num: int | None) -> Tensor | tuple[Tensor, ...]:
    check_tensor("unstack", "x", x)
    dim, _ = _unstack_number(x.shape, axis, num)
    left = (*x.shape[:dim], *x.shape[dim + 1 :]) or (1,)
    parts = tuple(part.reshape(left) for part in torch.unbind(x, dim))
    return parts[0] if len(parts) == 1 else parts


def unstack(x: Tensor, axis: int = 0, num: int | None = None) -> list[Any]:
    """Return a list of the parts of a tensor along a dimension, without it.

    Args:
        x: a tensor.
        axis: the dimension.
        num: its size, where it is not known before the run.

    Raises:
        TypeError: x is no tensor.
        ValueError: axis is out of range, or the size is unknown or not num.

    Source:
        ``paddle.fluid.layers.unstack``, PaddlePaddle 1.8.
    """
    return _as_list(_unstack(x, axis, num))


def _as_list(parts: Any) -> list[Any]:
    return list(parts) if isinstance(parts, (list, tuple)) else [parts]


def _sections(size: int | None, given: Any) -> list[int | None]:
    """Return the size of each part; None where only a run will tell.

    Args:
        size: of the dimension that is split, where it is known.
        given: how many parts, or their sizes.
    """
    if isinstance(given, int):
        if given <= 1:
            raise AssertionError(f"split: num_or_sections must be more than 1, but it is {given}")
        if size is None:
            return [None] * given
        if size % given:
            raise AssertionError(
                f"split: the dimension's size, {size}, cannot be split into {given} equal parts; "
                "give a list of sizes"
            )
        return [size // given] * given
    if size is not None and len(given) > size:
        raise AssertionError(
            f"split: there are {len(given)} sections, more than the dimension's size, {size}"
        )
    known = known_numbers(given, len(given))
    if sum(number == -1 for number in known) > 1:
        raise ValueError(f"split: only one section may be -1, but they are {known}")
    parts = [None if number == -1 else number for number in known]
    if size is None or any(is_tensor(one) for one in given):
        return parts
    rest = size - sum(number for number in parts if number is not None)
    if rest < 0 or (rest and None not in parts):
        raise ValueError(
            f"split: the sections must add up to the dimension's size, {size}, but they are {known}"
        )
    return [rest if number is None else number for number in parts]


def _check_split(given: Any, dim: Any) -> None:
    if not isinstance(given, (int, list, tuple)):
        raise TypeError(
            f"split: num_or_sections must be an int or a list of sizes, but it is {given!r}"
        )
    if not isinstance(dim, int) and not is_tensor(dim):
        raise TypeError(f"split: dim must be an int or a tensor of one, but it is {dim!r}")


def _split_rule(arguments: dict[str, Any]) -> list[Signature]:
    x, given, dim = (arguments[name] for name in ("input", "num_or_sections", "dim"))
    _check_split(given, dim)
    check_tensor("split", "input", stand_in(x))
    dtype = torch_dtype_of(x)
    if is_tensor(dim):
        return [((-1,) * len(x.shape), dtype)] * len(_sections(None, given))
    axis = axis_of("split", "dim", dim, len(x.shape))
    size = x.shape[axis] if x.shape[axis] >= 0 else None
    return [
        ((*x.shape[:axis], -1 if part is None else part, *x.shape[axis + 1 :]), dtype)
        for part in _sections(size, given)
    ]


def _split_names(arguments: dict[str, Any], temporary: Callable[[], str]) -> None:
    spend_constants(arguments["num_or_sections"], temporary)


@layer("split", before=_split_names, infer=_split_rule)
def _split(
    input: Tensor,
    num_or_sections: int | Sequence[int | Tensor],
    dim: int | Tensor,
    name: str | None = None,
) -> Tensor | tuple[Tensor, ...]:
    _check_split(num_or_sections, dim)
    check_tensor("split", "input", input)
    axis = axis_of("split", "dim", int(dim), input.ndim)
    given = num_or_sections
    if not isinstance(given, int):
        given = whole_numbers(given)
    sizes = [size for size in _sections(input.shape[axis], given) if size is not None]
    parts = torch.split(input, sizes, axis)
    return parts[0] if len(parts) == 1 else parts


def split(
    input: Tensor,
    num_or_sections: int | Sequence[int | Tensor],
    dim: int | Tensor = -1,
    name: str | None = None,
) -> list[Any]:
    """Return a list of the parts of a tensor along a dimension.

    Args:
        input: a tensor.
        num_or_sections: how many parts, of one size; or a list of their sizes, where one may be
            -1 for what is left, and some may be tensors [1].
        dim: the dimension, or a tensor [1] that holds it.
        name: names the results.

    Raises:
        TypeError: an argument has the wrong type.
        AssertionError: the parts would not be of one size, or are too many.
        ValueError: the sections do not fit, or there is no such dimension.

    Source:
        ``paddle.fluid.layers.split``, PaddlePaddle 1.8.
    """
    return _as_list(_split(input, num_or_sections, dim, name))
