"""Counters of the runs of a program."""

from __future__ import annotations

from torch import Tensor

from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.initializer import Constant
from paddle_compat.fluid.layer_helper import LayerHelper

__all__ = ["autoincreased_step_counter"]


def advance(x: Tensor, step: int) -> Tensor:
    """Return the counter of the run that begins."""
    return x + step


def autoincreased_step_counter(
    counter_name: str | None = None, begin: int = 1, step: int = 1
) -> Variable:
    """Return the program's counter of that name, which each run moves on before it is read.

    Args:
        counter_name: None is ``@STEP_COUNTER@``.
        begin: the counter in the first run; where it exists already, this has no effect.
        step: how far a run moves it on; likewise.

    Returns:
        A persistable variable, int64 [1].

    Source:
        ``paddle.fluid.layers.autoincreased_step_counter``, PaddlePaddle 1.8.
    """
    helper = LayerHelper("global_step_counter")
    counter, new = helper.create_or_get_global_variable(
        "@STEP_COUNTER@" if counter_name is None else counter_name,
        dtype="int64",
        shape=[1],
        persistable=True,
        belong_to_optimizer=True,
    )
    if new:
        helper.set_variable_initializer(counter, Constant(begin - 1, force_cpu=True))
        counter.stop_gradient = True
        block = helper.main_program.global_block()
        block.append("increment", advance, {"x": counter, "step": int(step)}, [counter])
    return counter
