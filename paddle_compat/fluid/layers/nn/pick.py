"""Layers that pick elements and put them: gather, scatter, where, one_hot, topk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import check_tensor, check_type, dtypes, is_anywhere
from paddle_compat.fluid.layers._shapes import fits, is_tensor, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["gather", "gather_nd", "one_hot", "scatter", "scatter_nd", "scatter_nd_add", "topk"]
__all__ += ["where"]

_INDEX = dtypes("int32", "int64")


def _check_gather(layer: str, x: Any, index: Any, shape: Sequence[int]) -> None:
    check_tensor(layer, "input", x)
    check_tensor(layer, "index", index, _INDEX)
    if len(shape) != 1 and not (len(shape) == 2 and shape[1] in (1, -1)):
        raise ValueError(f"{layer}: index must be [N] or [N, 1], but its shape is {list(shape)}")


def _gather_rule(arguments: dict[str, Any]) -> Signature:
    x, index = arguments["input"], arguments["index"]
    check_tensor("gather", "index", stand_in(index), _INDEX)
    _check_gather("gather", stand_in(x), stand_in(index), index.shape)
    return (index.shape[0], *x.shape[1:]), torch_dtype_of(x)


def _last(index: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    """Return which rows an index names, and where it names each for the last time."""
    places = torch.arange(index.shape[0], device=index.device)
    last = torch.full((rows,), -1, dtype=torch.int64, device=index.device)
    last = last.scatter_reduce(0, index.long(), places, "amax")
    named = (last >= 0).nonzero().reshape(-1)
    return named, last[named]


class _Take(torch.autograd.Function):
    """Rows by index; of several with one index, the last gives the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.rows = x.shape[0]
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None]:
        gradient = gradients[0]
        named, last = _last(ctx.saved_tensors[0], ctx.rows)
        result = gradient.new_zeros((ctx.rows, *gradient.shape[1:]))
        return result.index_copy(0, named, gradient.index_select(0, last)), None


class _Put(torch.autograd.Function):
    """Rows replaced by index; of several with one index the last stands, all get the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, updates: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        named, last = _last(index, x.shape[0])
        return x.index_copy(0, named, updates.index_select(0, last))

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None, Tensor]:
        (index,) = ctx.saved_tensors
        return gradients[0].index_fill(0, index, 0), None, gradients[0].index_select(0, index)


@layer(infer=_gather_rule, shares=None)
def gather(input: Tensor, index: Tensor, overwrite: bool = True) -> Tensor:
    """Return rows of a tensor.

    Args:
        input: a tensor; its first dimension counts the rows.
        index: [N] or [N, 1] of int32 or int64: the rows that are taken.
        overwrite: whether of several equal indices the last alone gives the row's gradient;
            otherwise they add up.

    Returns:
        [N] and then the input's other dimensions.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the index has another shape.
        IndexError: it names rows that are not there.

    Source:
        ``paddle.fluid.layers.gather``, PaddlePaddle 1.8.
    """
    _check_gather("gather", input, index, index.shape)
    flat = index.reshape(-1)
    try:
        if overwrite and input.requires_grad:
            result: Tensor = _Take.apply(input, flat)  # type: ignore[no-untyped-call]
            return result
        return input.index_select(0, flat)
    except (IndexError, RuntimeError):
        # torch tells no more than that; looking beforehand would read every index twice.
        if not flat.numel() or (int(flat.min()) >= 0 and int(flat.max()) < input.shape[0]):
            raise
        raise IndexError(
            f"gather: index must be in 0..{input.shape[0] - 1}, the rows of input "
            f"{list(input.shape)}, but it reaches from {int(flat.min())} to {int(flat.max())}"
        ) from None


def _check_nd(layer: str, x: Any, index: Any, rank: int, shape: Sequence[int]) -> None:
    check_tensor(layer, "input", x)
    check_tensor(layer, "index", index, _INDEX)
    if len(shape) < 2 or shape[-1] > rank:
        raise ValueError(
            f"{layer}: index must have at least 2 dimensions, and its last size must be at most "
            f"the number of dimensions that it points into, {rank}, but its shape is {list(shape)}"
        )


def _gather_nd_rule(arguments: dict[str, Any]) -> Signature:
    x, index = arguments["input"], arguments["index"]
    check_tensor("gather_nd", "index", stand_in(index), _INDEX)
    _check_nd("gather_nd", stand_in(x), stand_in(index), len(x.shape), index.shape)
    return (*index.shape[:-1], *x.shape[index.shape[-1] :]) or (1,), torch_dtype_of(x)


@layer(infer=_gather_nd_rule)
def gather_nd(input: Tensor, index: Tensor, name: str | None = None) -> Tensor:
    """Return elements or parts of a tensor.

    Args:
        input: a tensor.
        index: int32 or int64; its last dimension holds places in the input's first dimensions.
        name: names the result.

    Returns:
        The index's dimensions but the last, then those of the input that were not indexed.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the index has one dimension, or its last size is larger than the input's number
            of dimensions.

    Source:
        ``paddle.fluid.layers.gather_nd``, PaddlePaddle 1.8.
    """
    _check_nd("gather_nd", input, index, input.ndim, index.shape)
    picked = input[tuple(index.long().unbind(-1))]
    return picked.reshape(1) if picked.ndim == 0 else picked


def _scatter_rule(arguments: dict[str, Any]) -> Signature:
    x, index, updates = (arguments[name] for name in ("input", "index", "updates"))
    _check_scatter(stand_in(x), stand_in(index), stand_in(updates))
    _check_gather("scatter", stand_in(x), stand_in(index), index.shape)
    _check_rows(x.shape, index.shape, updates.shape)
    return tuple(x.shape), torch_dtype_of(x)


def _check_rows(x: Sequence[int], index: Sequence[int], updates: Sequence[int]) -> None:
    wanted = [index[0], *x[1:]]
    if len(updates) != len(wanted) or not all(map(fits, updates, wanted)):
        raise ValueError(
            f"scatter: updates must be {wanted}, one row for each index, but their shape is "
            f"{list(updates)}"
        )


def _check_scatter(x: Any, index: Any, updates: Any) -> None:
    check_tensor("scatter", "input", x)
    check_tensor("scatter", "index", index, _INDEX)
    check_tensor("scatter", "updates", updates)
    if x.dtype != updates.dtype:
        raise ValueError(
            f"scatter: input and updates must have one dtype, but they have {x.dtype} and "
            f"{updates.dtype}; use fluid.layers.cast"
        )


@layer(infer=_scatter_rule, shares=None)
def scatter(
    input: Tensor,
    index: Tensor,
    updates: Tensor,
    name: str | None = None,
    overwrite: bool = True,
) -> Tensor:
    """Return a tensor with some of its rows replaced.

    Args:
        input: a tensor; its first dimension counts the rows.
        index: [N] or [N, 1] of int32 or int64: the rows that are replaced.
        updates: [N] and then the input's other dimensions, of its dtype.
        name: names the result.
        overwrite: whether the last of several with one index stands; otherwise they add up.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.scatter``, PaddlePaddle 1.8.
    """
    _check_scatter(input, index, updates)
    _check_gather("scatter", input, index, index.shape)
    rows = index.reshape(-1).long()
    _check_rows(input.shape, index.shape, updates.shape)
    if not overwrite:
        return input.index_fill(0, rows, 0).index_add(0, rows, updates)
    result: Tensor = _Put.apply(input, rows, updates)  # type: ignore[no-untyped-call]
    return result


def _scatter_nd_rule(arguments: dict[str, Any]) -> Signature:
    x, index, updates = (arguments[name] for name in ("ref", "index", "updates"))
    _check_scatter_nd(stand_in(x), stand_in(index), stand_in(updates), x.shape, index.shape)
    return tuple(x.shape), torch_dtype_of(x)


def _check_scatter_nd(
    x: Any, index: Any, updates: Any, shape: Sequence[int], places: Sequence[int]
) -> None:
    check_tensor("scatter_nd_add", "updates", updates)
    _check_nd("scatter_nd_add", x, index, len(shape), places)
    if x.dtype != updates.dtype:
        raise ValueError(
            f"scatter_nd_add: ref and updates must have one dtype, but they have {x.dtype} and "
            f"{updates.dtype}; use fluid.layers.cast"
        )


@layer(infer=_scatter_nd_rule)
def scatter_nd_add(ref: Tensor, index: Tensor, updates: Tensor, name: str | None = None) -> Tensor:
    """Return a tensor with something added to some of its elements or parts.

    Args:
        ref: a tensor.
        index: int32 or int64; its last dimension holds places in ref's first dimensions.
        updates: of ref's dtype: the index's dimensions but the last, then those of ref that are
            not indexed. What goes to one place adds up.
        name: names the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes differ, or the index's last size is too large.

    Source:
        ``paddle.fluid.layers.scatter_nd_add``, PaddlePaddle 1.8.
    """
    _check_scatter_nd(ref, index, updates, ref.shape, index.shape)
    return ref.index_put(tuple(index.long().unbind(-1)), updates, accumulate=True)


def scatter_nd(
    index: Tensor, updates: Tensor, shape: Sequence[int], name: str | None = None
) -> Tensor:
    """Return zeros with something added to some of the elements or parts.

    Args:
        index: as in `scatter_nd_add`.
        updates: likewise.
        shape: of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the index's last size is too large.

    Source:
        ``paddle.fluid.layers.scatter_nd``, PaddlePaddle 1.8.
    """
    from paddle_compat.fluid.layers.tensor import zeros

    if isinstance(updates, Tensor):
        return scatter_nd_add(updates.new_zeros(tuple(shape)), index, updates, name)
    return scatter_nd_add(zeros(shape, updates.dtype), index, updates, name)


def _where_rule(arguments: dict[str, Any]) -> Signature:
    condition = arguments["condition"]
    check_tensor("where", "condition", stand_in(condition))
    return (-1, len(condition.shape)), torch.int64


@layer("where_index", infer=_where_rule, shares=None)
def where(condition: Tensor) -> Tensor:
    """Return the places of what is true, or not 0.

    Args:
        condition: a tensor.

    Returns:
        [number of places, dimensions of the condition] of int64, in order.

    Raises:
        TypeError: the condition is no tensor.

    Source:
        ``paddle.fluid.layers.where``, PaddlePaddle 1.8.
    """
    check_tensor("where", "condition", condition)
    return torch.nonzero(condition)


def _one_hot_rule(arguments: dict[str, Any]) -> Signature:
    x, depth = arguments["input"], arguments["depth"]
    _check_one_hot(stand_in(x), x.shape, stand_in(depth))
    return (*x.shape[:-1], -1 if is_tensor(depth) else depth), torch.float32


def _check_one_hot(x: Any, shape: Sequence[int], depth: Any) -> None:
    check_tensor("one_hot", "input", x, _INDEX)
    check_type("one_hot", "depth", depth, (int, Tensor), "an int or a tensor of one")
    if len(shape) < 2 or shape[-1] not in (1, -1):
        raise ValueError(
            f"one_hot: input must have at least 2 dimensions, the last of size 1, but its shape is "
            f"{list(shape)}; use fluid.layers.unsqueeze"
        )


@layer(infer=_one_hot_rule, stop_gradient=True)
def one_hot(input: Tensor, depth: int | Tensor, allow_out_of_range: bool = False) -> Tensor:
    """Return a row with a single 1 for every number.

    Args:
        input: [..., 1] of int32 or int64: where the 1 stands.
        depth: how long the rows are; an int, or a tensor [1].
        allow_out_of_range: whether a number outside [0, depth) is allowed; it gives a row of 0.

    Returns:
        [..., depth] of float32.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: the last size is not 1, or a number is out of range.

    Source:
        ``paddle.fluid.layers.one_hot``, PaddlePaddle 1.8.
    """
    _check_one_hot(input, input.shape, depth)
    width = int(depth)
    if not allow_out_of_range and is_anywhere((input < 0) | (input >= width)):
        raise ValueError(
            f"one_hot: the numbers must be in [0, {width}), but they reach from "
            f"{int(input.min())} to {int(input.max())}; give allow_out_of_range=True for rows of 0"
        )
    return (input == torch.arange(width, device=input.device)).to(torch.float32)


def _topk_rule(arguments: dict[str, Any]) -> list[Signature]:
    x, k = arguments["input"], arguments["k"]
    check_tensor("topk", "input", stand_in(x), dtypes("float32", "float64"))
    if not is_tensor(k):
        _check_k(k, x.shape[-1] if x.shape else 0)
    shape = (*x.shape[:-1], -1 if is_tensor(k) else k)
    return [(shape, torch_dtype_of(x)), (shape, torch.int64)]


def _check_k(k: Any, size: int) -> None:
    check_type("topk", "k", k, int, "an int or a tensor of one")
    if k < 1 or 0 <= size < k:
        raise ValueError(f"topk: k must be at least 1 and at most the last size, {size}, not {k}")


@layer("top_k", infer=_topk_rule, stop_gradient=True)
def topk(input: Tensor, k: int | Tensor, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Return the largest elements of each row, from the largest on, and where they stand.

    Args:
        input: float32 or float64; the rows are its last dimension.
        k: how many; an int, or a tensor [1].
        name: names the results.

    Returns:
        The elements, in the input's dtype, and their places, int64; both [..., k].

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: k is not at least 1, or larger than the rows.

    Source:
        ``paddle.fluid.layers.topk``, PaddlePaddle 1.8.
    """
    check_tensor("topk", "input", input, dtypes("float32", "float64"))
    number = int(k)
    _check_k(number, input.shape[-1] if input.ndim else 0)
    values, places = torch.topk(input, number)
    return values.detach(), places
