"""Indexing of variables: `x[0]`, `x[:, 1:3]`, `x[i]`."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from paddle_compat.fluid import unique_name
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer, spec_of
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.layer_helper import record
from paddle_compat.fluid.layers._checks import NUMBERS, check_tensor
from paddle_compat.fluid.layers._numbers import whole_numbers
from paddle_compat.fluid.layers._shapes import axis_of, is_tensor
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn.cut import cut_shape, part, slice_shares

__all__ = ["index_variable"]

# Beyond every dimension.
_FAR = 10000000


@dataclass
class _Cuts:
    """What an index asks for, by dimension."""

    axes: list[int] = field(default_factory=list)
    starts: list[Any] = field(default_factory=list)
    ends: list[Any] = field(default_factory=list)
    strides: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    reversed: list[int] = field(default_factory=list)

    def add(self, axis: int, start: Any, end: Any, stride: int = 1) -> None:
        """Note a cut."""
        self.axes.append(axis)
        self.starts.append(start)
        self.ends.append(end)
        self.strides.append(stride)


def _kept(shape: Sequence[int], dropped: Sequence[int]) -> tuple[int, ...]:
    return tuple(n for i, n in enumerate(shape) if i not in dropped) or (1,)


def _ends(starts: Sequence[Any], ends: Sequence[Any]) -> list[Any]:
    """Return the ends, where a single place that only a run knows stands for the next one."""
    numbers = zip(starts, ends, strict=True)
    return [
        (_FAR if int(start) == -1 else int(start) + 1) if end is None else end
        for start, end in numbers
    ]


def _shape(layer: str, arguments: dict[str, Any]) -> Signature:
    x, axes, starts = arguments["input"], arguments["axes"], arguments["starts"]
    ends = [
        start if end is None else end for start, end in zip(starts, arguments["ends"], strict=True)
    ]
    strides = arguments.get("strides", [1] * len(axes))
    sizes = cut_shape(layer, x.shape, axes, starts, ends, strides)
    return _kept(sizes, arguments["decrease_axis"]), x.torch_dtype


def _drop(x: Tensor, dropped: Sequence[int]) -> Tensor:
    return x.reshape(_kept(x.shape, dropped)) if dropped else x


@layer("slice", infer=lambda arguments: _shape("slice", arguments), shares=slice_shares)
def _slice(
    input: Tensor,
    axes: list[int],
    starts: list[int | Tensor],
    ends: list[int | Tensor | None],
    decrease_axis: list[int],
) -> Tensor:
    limits = whole_numbers(starts), whole_numbers(_ends(starts, ends))
    return _drop(part("slice", input, axes, *limits), decrease_axis)


@layer("strided_slice", infer=lambda arguments: _shape("strided_slice", arguments))
def _strided_slice(
    input: Tensor,
    axes: list[int],
    starts: list[int | Tensor],
    ends: list[int | Tensor | None],
    strides: list[int],
    decrease_axis: list[int],
) -> Tensor:
    limits = whole_numbers(starts), whole_numbers(_ends(starts, ends)), strides
    return _drop(part("strided_slice", input, axes, *limits), decrease_axis)


@layer("reverse", shares=None)
def _turn(x: Tensor, axis: list[int]) -> Tensor:
    return x.flip([axis_of("reverse", "axis", one, x.ndim) for one in axis])


def index_variable(variable: Variable, item: Any) -> Variable:
    """Return a part of a variable.

    Args:
        variable: what is indexed.
        item: for each dimension, from the first, a place (which drops the dimension) or a slice;
            places and limits are ints, or variables [1] of int32.

    Raises:
        TypeError: an index is neither; an ellipsis and None are not known to 1.8 either.
        AssertionError: a slice without limits has a step other than -1.
        ValueError: there is no such place or dimension.

    Source:
        ``paddle.fluid.framework.Variable.__getitem__``, PaddlePaddle 1.8.
    """
    cuts = _read(item)
    if cuts.axes:
        check_tensor(
            "slice", f"the indexed variable {variable.name!r}", stand_in(variable), NUMBERS
        )
    out = variable
    if cuts.axes:
        out = _cut(variable, cuts)
    if cuts.reversed:
        name = f"{variable.name}_slice_reverse"
        out = _record(variable, _turn, name, {"x": out, "axis": cuts.reversed})
    return out


def _read(item: Any) -> _Cuts:
    cuts = _Cuts()
    for axis, index in enumerate(item if isinstance(item, tuple) else (item,)):
        if not isinstance(index, builtins.slice):
            place, end = _place(index)
            cuts.dropped.append(axis)
            cuts.add(axis, place, end)
            continue
        start, stop = index.start, index.stop
        step = 1 if index.step is None else index.step
        for limit in (start, stop):
            if limit is not None:
                _place(limit)
        if not isinstance(step, int):
            raise TypeError(f"the step of a slice must be an int, but it is {step!r}")
        if start is None and stop is None:
            if index.step is None:
                continue
            if step != -1:
                raise AssertionError(
                    f"a slice without limits can only have the step -1, but it is {step}; give a "
                    f"start, as in x[0::{step}]"
                )
            cuts.reversed.append(axis)
            continue
        last = -_FAR if step < 0 else _FAR
        start = start if start is not None else _FAR if step < 0 else 0
        cuts.add(axis, start, last if stop is None else stop, step)
    return cuts


def _place(index: Any) -> tuple[Any, Any]:
    """Return a place and the end of its slice; None where that is known in the run alone."""
    if isinstance(index, Variable):
        return index, None
    if is_tensor(index):
        raise TypeError("a variable is indexed with a torch tensor; feed it, or use int(index)")
    if not isinstance(index, (int, np.integer)) and not (
        isinstance(index, np.ndarray) and index.size == 1 and index.dtype.kind in "iub"
    ):
        raise TypeError(
            "a variable is indexed with ints, slices and variables of int32, but an index is "
            f"{index!r}; use fluid.layers.gather for lists, and fluid.layers.unsqueeze for None"
        )
    number = int(index.item()) if isinstance(index, np.ndarray) else int(index)
    return number, _FAR if number == -1 else number + 1


def _cut(variable: Variable, cuts: _Cuts) -> Variable:
    _spend_names(cuts)
    arguments: dict[str, Any] = {
        "input": variable,
        "axes": cuts.axes,
        "starts": cuts.starts,
        "ends": cuts.ends,
        "decrease_axis": cuts.dropped,
    }
    if all(stride == 1 for stride in cuts.strides):
        return _record(variable, _slice, f"{variable.name}_slice", arguments)
    arguments["strides"] = cuts.strides
    return _record(variable, _strided_slice, f"{variable.name}_strided_slice", arguments)


def _spend_names(cuts: _Cuts) -> None:
    """Give away the names of the constants that Paddle makes beside variables."""
    singles = sum(end is None for end in cuts.ends)
    count = 2 * singles
    for limits in (cuts.starts, [None if end is None else end for end in cuts.ends]):
        known = [isinstance(limit, int) for limit in limits]
        count += sum(known) if not all(known) else 0
    for _ in range(count):
        unique_name.generate("_generated_var")


def _record(
    variable: Variable, layer: Callable[..., Any], key: str, arguments: dict[str, Any]
) -> Variable:
    block = variable.block.program.current_block()
    result = record(spec_of(layer), arguments, lambda: unique_name.generate(key), block)
    assert isinstance(result, Variable)
    return result
