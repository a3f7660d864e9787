"""`paddle.fluid.layers.learning_rate_scheduler`: learning rates that change from step to step.

A schedule is recorded into the main program, reads the program's counter of steps, and gives the
learning rate as a variable [1], in float32 as 1.8 computes it. All schedules of a program share
the counter ``@LR_DECAY_COUNTER@``, which each run of the program moves on by one before anything
reads it; the first run is step 0. A clone for testing has neither.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from paddle_compat.errors import UnsupportedAPIError
from paddle_compat.fluid import _modes, _publish, framework
from paddle_compat.fluid._dtypes import VarType, as_torch_dtype
from paddle_compat.fluid._spent_names import spend
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.layers import nn, ops, tensor

__all__ = [
    "cosine_decay",
    "exponential_decay",
    "inverse_time_decay",
    "linear_lr_warmup",
    "natural_exp_decay",
    "noam_decay",
    "piecewise_decay",
    "polynomial_decay",
]

COUNTER = "@LR_DECAY_COUNTER@"

_Schedule = TypeVar("_Schedule", bound=Callable[..., Any])


def _schedule(function: _Schedule) -> _Schedule:
    """Let a function record what it builds as there for the learning rate."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if _modes.in_dygraph_mode():
            raise UnsupportedAPIError(
                f"paddle.fluid.layers.{function.__name__} inside dygraph.guard()",
                "schedules of static programs; with eager tensors, torch.optim.lr_scheduler",
                "Legacy programs",
            )
        with framework.default_main_program().as_role("lr"):
            return function(*args, **kwargs)

    return cast(_Schedule, call)


def _decay_step_counter(begin: int = 0) -> Any:
    """Return the number of the step that runs, float32 [1]; all schedules share the counter."""
    counter: Any = nn.autoincreased_step_counter(COUNTER, begin=begin, step=1)
    return tensor.cast(counter, "float32")


def _rate(name: str, dtype: Any = "float32") -> Variable:
    """Declare the persistable variable that a schedule writes; an older one of the name is it."""
    rate = tensor.create_global_var([1], 0.0, dtype, persistable=True, name=name)
    return cast(Variable, rate)


@_schedule
def noam_decay(d_model: int, warmup_steps: int, learning_rate: float = 1.0) -> Variable:
    """Return learning_rate d_model^-1/2 min(t^-1/2, t warmup_steps^-3/2), t counting from 1.

    Args:
        d_model: the model's width.
        warmup_steps: for how many steps the rate grows.
        learning_rate: a factor.

    Source:
        ``paddle.fluid.layers.noam_decay``, PaddlePaddle 1.8; Vaswani et al., 2017.
    """
    step = _decay_step_counter(1)
    falling = step**-0.5
    rising = warmup_steps**-1.5 * step
    rate = learning_rate * d_model**-0.5 * nn.elementwise_min(falling, rising)
    return cast(Variable, rate)


def _periods(decay_steps: int, staircase: bool) -> Any:
    periods = _decay_step_counter() / decay_steps
    return ops.floor(periods) if staircase else periods


@_schedule
def exponential_decay(
    learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Variable:
    """Return learning_rate decay_rate^(t / decay_steps).

    Args:
        learning_rate: at step 0.
        decay_steps: how many steps lower it by the factor `decay_rate`.
        decay_rate: the factor.
        staircase: whether t / decay_steps is rounded down.

    Source:
        ``paddle.fluid.layers.exponential_decay``, PaddlePaddle 1.8.
    """
    return cast(Variable, learning_rate * decay_rate ** _periods(decay_steps, staircase))


@_schedule
def natural_exp_decay(
    learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Variable:
    """Return learning_rate exp(-decay_rate t / decay_steps).

    Args:
        learning_rate: at step 0.
        decay_steps: the unit in which steps are counted.
        decay_rate: how much the exponent falls in a unit.
        staircase: whether t / decay_steps is rounded down.

    Source:
        ``paddle.fluid.layers.natural_exp_decay``, PaddlePaddle 1.8.
    """
    exponent = -1 * decay_rate * _periods(decay_steps, staircase)
    return cast(Variable, learning_rate * ops.exp(exponent))


@_schedule
def inverse_time_decay(
    learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Variable:
    """Return learning_rate / (1 + decay_rate t / decay_steps).

    Args:
        learning_rate: at step 0.
        decay_steps: the unit in which steps are counted.
        decay_rate: how much the divisor grows in a unit.
        staircase: whether t / decay_steps is rounded down.

    Source:
        ``paddle.fluid.layers.inverse_time_decay``, PaddlePaddle 1.8.
    """
    divisor = 1 + decay_rate * _periods(decay_steps, staircase)
    return cast(Variable, learning_rate / divisor)


def _at_least_one(x: Tensor) -> Tensor:
    """Return 1 in place of 0."""
    return torch.where(x == 0, torch.ones_like(x), x)


@_schedule
def polynomial_decay(
    learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> Variable:
    """Return (learning_rate - end) (1 - t / decay_steps)^power + end, with t at most decay_steps.

    Args:
        learning_rate: at step 0.
        decay_steps: how many steps lower it to the end.
        end_learning_rate: the end.
        power: the exponent.
        cycle: whether decay_steps grows by itself each time that t reaches it, in place of t
            staying there.

    Source:
        ``paddle.fluid.layers.polynomial_decay``, PaddlePaddle 1.8.
    """
    step: Any = _decay_step_counter()
    steps: Any = decay_steps
    if cycle:
        turns: Any = ops.ceil(step / decay_steps)
        spend("fill_constant", "fill_constant", "tmp", "logical_not", "_generated_var")
        block = framework.default_main_program().global_block()
        block.append("assign", _at_least_one, {"x": turns}, [turns])
        steps = decay_steps * turns
    else:
        last = tensor.fill_constant([1], "float32", float(decay_steps))
        step = nn.elementwise_min(x=step, y=last)
    rate = (learning_rate - end_learning_rate) * (1 - step / steps) ** power + end_learning_rate
    return cast(Variable, rate)


def _piece(step: Tensor, boundaries: Sequence[float], values: Sequence[float]) -> Tensor:
    """Return the value of the first boundary above the step, or the last one."""
    rates = torch.tensor(values, dtype=torch.float32, device=step.device)
    ends = torch.tensor([*boundaries, math.inf], dtype=torch.float32, device=step.device)
    return rates[(step < ends).int().argmax()].reshape(1)


@_schedule
def piecewise_decay(boundaries: Sequence[float], values: Sequence[float]) -> Variable:
    """Return values[i] for the first i with t < boundaries[i], and at last values[-1].

    Args:
        boundaries: numbers of steps, one fewer than values.
        values: learning rates.

    Returns:
        The persistable variable ``learning_rate``.

    Raises:
        ValueError: there is not one more value than there are boundaries.

    Example:
        >>> from paddle_compat import fluid
        >>> main, startup = fluid.Program(), fluid.Program()
        >>> with fluid.program_guard(main, startup), fluid.scope_guard(fluid.Scope()):
        ...     rate = fluid.layers.piecewise_decay([2], [0.5, 0.25])
        ...     exe = fluid.Executor()
        ...     _ = exe.run(startup)
        ...     [exe.run(main, fetch_list=[rate])[0].item() for _ in range(3)]
        [0.5, 0.5, 0.25]

    Source:
        ``paddle.fluid.layers.piecewise_decay``, PaddlePaddle 1.8.
    """
    if len(values) - len(boundaries) != 1:
        raise ValueError(
            "piecewise_decay: there must be one more value than there are boundaries, but there "
            f"are {len(values)} values and {len(boundaries)} boundaries"
        )
    step = _decay_step_counter()
    rate = _rate("learning_rate")
    arguments = {
        "step": step,
        "boundaries": [float(boundary) for boundary in boundaries],
        "values": [float(value) for value in values],
    }
    for index in range(len(boundaries)):
        both = ("logical_and", "logical_and") if index else ()
        spend("fill_constant", "fill_constant", "tmp", "logical_not", *both, "_generated_var")
    spend("fill_constant", "_generated_var")
    rate.block.append("piecewise_decay", _piece, arguments, [rate])
    return rate


@_schedule
def cosine_decay(
    learning_rate: float | Variable, step_each_epoch: float, epochs: float
) -> Variable:
    """Return learning_rate / 2 (cos(pi e / epochs) + 1), e being t / step_each_epoch rounded down.

    Args:
        learning_rate: at step 0.
        step_each_epoch: how many steps an epoch has.
        epochs: after how many epochs the rate is 0.

    Raises:
        TypeError: learning_rate is neither a float nor a variable.

    Source:
        ``paddle.fluid.layers.cosine_decay``, PaddlePaddle 1.8; Loshchilov and Hutter, 2016.
    """
    if not isinstance(learning_rate, (float, Variable)):
        raise TypeError(
            "cosine_decay: learning_rate must be a float or a variable, but it is "
            f"{type(learning_rate).__name__}; use float(...)"
        )
    epoch: Any = ops.floor(_decay_step_counter() / step_each_epoch)
    half: Any = learning_rate * 0.5
    return cast(Variable, half * (ops.cos(epoch * math.pi / epochs) + 1))


def _warm(
    step: Tensor,
    learning_rate: Tensor | float,
    warmup_steps: float,
    start_lr: float,
    span: float,
    dtype: torch.dtype,
) -> Tensor:
    """Return a rate that grows linearly up to a step, and then the learning rate."""
    rising = step * (1.0 / float(warmup_steps)) * span + start_lr
    if not isinstance(learning_rate, Tensor):
        learning_rate = torch.full_like(step, learning_rate)
    return torch.where(step < warmup_steps, rising.to(dtype), learning_rate.to(dtype))


@_schedule
def linear_lr_warmup(
    learning_rate: float | Variable, warmup_steps: float, start_lr: float, end_lr: float
) -> Variable:
    """Return start_lr + (end_lr - start_lr) t / warmup_steps while t < warmup_steps; then the rate.

    Args:
        learning_rate: a number, or another schedule, whose own steps count from 0 too.
        warmup_steps: for how many steps the rate grows.
        start_lr: at step 0.
        end_lr: what it grows towards.

    Returns:
        The persistable variable ``learning_rate_warmup``.

    Source:
        ``paddle.fluid.layers.linear_lr_warmup``, PaddlePaddle 1.8.
    """
    dtype = learning_rate.dtype if isinstance(learning_rate, Variable) else VarType.FP32
    span = float(end_lr) - float(start_lr)
    rate = _rate("learning_rate_warmup", dtype)
    arguments = {
        "step": _decay_step_counter(),
        "learning_rate": (
            learning_rate if isinstance(learning_rate, Variable) else float(learning_rate)
        ),
        "warmup_steps": warmup_steps,
        "start_lr": float(start_lr),
        "span": span,
        "dtype": as_torch_dtype(dtype),
    }
    spend(*["tmp"] * 5, "logical_not", "_generated_var", "_generated_var")
    if not isinstance(learning_rate, Variable):
        spend("fill_constant")
    rate.block.append("linear_lr_warmup", _warm, arguments, [rate])
    return rate


__getattr__ = _publish.publish(__name__, globals(), __all__)
