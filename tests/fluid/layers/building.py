"""What tests of layers share: programs of one layer, built and run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from paddle_compat import fluid

__all__ = ["Build", "answers", "declare", "fresh_program"]

Build = Callable[..., Any]


@contextmanager
def fresh_program() -> Iterator[None]:
    """Enter new programs, names and a scope."""
    with (
        fluid.program_guard(fluid.Program(), fluid.Program()),
        fluid.unique_name.guard(),
        fluid.scope_guard(fluid.Scope()),
    ):
        yield


def declare(name: str, array: npt.NDArray[Any], unknown: tuple[int, ...] = (0,)) -> Any:
    """Declare what is fed, with sizes that a run tells."""
    shape = [-1 if axis in unknown else size for axis, size in enumerate(array.shape)]
    variable = fluid.data(name, shape, str(array.dtype))
    variable.stop_gradient = False
    return variable


def answers(
    build: Build, *arrays: npt.NDArray[Any], unknown: tuple[int, ...] = (0,)
) -> tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any] | None]]:
    """Build a layer in a program and run it; return its values and its sum's gradients."""
    with fresh_program():
        inputs = [declare(f"x{i}", array, unknown) for i, array in enumerate(arrays)]
        out = build(*inputs)
        outs = list(out) if isinstance(out, (list, tuple)) else [out]
        feed = {f"x{i}": array for i, array in enumerate(arrays)}
        executor = fluid.Executor(fluid.CPUPlace())
        executor.run(fluid.default_startup_program())
        values = executor.run(feed=feed, fetch_list=outs)
        floating = [i for i, array in enumerate(arrays) if array.dtype.kind == "f"]
        wanted = [inputs[i] for i in floating]
        grown = [one for one in outs if one.torch_dtype.is_floating_point and not one.stop_gradient]
        if not wanted or not grown:
            return values, [None] * len(arrays)
        layers: Any = fluid.layers
        totals = [layers.reduce_sum(one * one) for one in grown]
        found = fluid.gradients(totals, wanted) or [None] * len(wanted)
        some = [one for one in found if one is not None]
        fetched = iter(executor.run(feed=feed, fetch_list=some) if some else [])
        gradients: list[npt.NDArray[Any] | None] = [None] * len(arrays)
        for i, one in zip(floating, found, strict=True):
            gradients[i] = None if one is None else np.asarray(next(fetched))
        return values, gradients
