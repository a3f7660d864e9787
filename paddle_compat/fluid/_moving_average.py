"""Exponential moving averages of parameters: kept while training, tested with."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from paddle_compat.fluid import _modes, framework, layers, unique_name
from paddle_compat.fluid._dtypes import VarType
from paddle_compat.fluid._program import Block, Program
from paddle_compat.fluid._spent_names import spend, spend_helpers
from paddle_compat.fluid._updates import average
from paddle_compat.fluid._variable import Parameter, Variable

if TYPE_CHECKING:
    from paddle_compat.fluid.executor import Executor

__all__ = ["ExponentialMovingAverage", "declare"]

_COUNTER = "@EMA_STEP_COUNTER@"


def declare(block: Block, variable: Variable) -> Variable:
    """Declare a variable of another program here, as one that the scope holds."""
    return block.create_var(
        variable.name, shape=variable.shape, dtype=variable.dtype, persistable=True
    )


def scheduled(rate: Tensor, most: float) -> Tensor:
    """Return the decay of a step: a rate, up to the most; whole numbers are compared as such."""
    limit = torch.full_like(rate, most)
    return torch.where(rate < limit, rate, torch.full_like(rate, most, dtype=torch.float32))


def corrected(average: Tensor, power: Tensor, steps: Tensor) -> Tensor:
    """Return an average that began at 0 without that; as it is where no step was taken."""
    return torch.where(steps > 0, average / (1.0 - power), average)


class ExponentialMovingAverage:
    """Averages of the parameters over the steps: decay * average + (1 - decay) * parameter.

    They begin at 0; what `apply` takes is divided by 1 - decay^steps for that.

    Args:
        decay: of an average in a step.
        thres_steps: a variable [1] of steps t, float32, by which the decay is the smaller of decay
            and (1 + t) / (10 + t).
        name: a prefix of the names of the averages, ``w_ema_0``.

    Raises:
        Exception: it is made inside ``dygraph.guard()``.

    Convention:
        `apply` leaves the averages as they are, so that training may go on; 1.8 divides those that
        it keeps, so that every average after the first `apply` is wrong there (3.x does not). As
        in 1.8, counters of whole numbers make the schedule's rate a whole number, 0, and the decay
        is `decay`; a warning says so.

    Example:
        >>> import numpy as np
        >>> from paddle_compat import fluid
        >>> main, startup = fluid.Program(), fluid.Program()
        >>> with fluid.program_guard(main, startup), fluid.scope_guard(fluid.Scope()):
        ...     x = fluid.data("x", [None, 2])
        ...     loss = fluid.layers.mean(fluid.layers.fc(x, 1))
        ...     test_program = main.clone(for_test=True)
        ...     _ = fluid.optimizer.SGD(0.1).minimize(loss)
        ...     ema = fluid.optimizer.ExponentialMovingAverage(0.9)
        ...     ema.update()
        ...     exe, feed = fluid.Executor(), {"x": np.ones([1, 2], "float32")}
        ...     _ = exe.run(startup)
        ...     for _ in range(3):
        ...         _ = exe.run(main, feed=feed)
        ...     with ema.apply(exe):
        ...         averaged = exe.run(test_program, feed=feed, fetch_list=[loss])[0]
        ...     last = exe.run(test_program, feed=feed, fetch_list=[loss])[0]
        >>> bool(averaged > last)
        True

    Source:
        ``paddle.fluid.optimizer.ExponentialMovingAverage``, PaddlePaddle 1.8.
    """

    def __init__(
        self, decay: float = 0.999, thres_steps: Variable | None = None, name: str | None = None
    ) -> None:
        if _modes.in_dygraph_mode():
            raise Exception(
                "ExponentialMovingAverage averages the parameters of a program; for eager ones use "
                "torch.optim.swa_utils.AveragedModel"
            )
        self._decay = decay
        self._name = "" if name is None else name
        # The operators that 1.8 casts whole numbers by have names.
        self._casts: tuple[str, ...] = ()
        self._decay_var = self._scheduled_decay(thres_steps)
        self._pairs: list[tuple[Parameter, Variable]] = []
        self._averages: dict[str, Variable] = {}
        chosen = [
            param
            for param in framework.default_main_program().all_parameters()
            # Not `is not False`: 0 is False, too.
            if param.do_model_average != False  # noqa: E712
        ]
        for param in chosen:
            name = unique_name.generate(f"{self._name}{param.name}.ema_tmp")
            held = param.block.create_var(
                name, shape=param.shape, dtype=param.dtype, stop_gradient=True
            )
            self._pairs.append((param, held))
        for param in chosen:
            self._averages[param.name] = layers.create_global_var(
                name=unique_name.generate(f"{self._name}{param.name}_ema"),
                shape=param.shape,
                value=0.0,
                dtype=param.dtype,
                persistable=True,
            )
        self.apply_program = self._make_apply_program()
        self.restore_program = self._make_restore_program()

    def _scheduled_decay(self, thres_steps: Variable | None) -> Variable:
        program = framework.default_main_program()
        with program.as_role("lr"):
            decay: Variable = layers.create_global_var(
                shape=[1],
                value=self._decay,
                dtype="float32",
                persistable=True,
                name="scheduled_ema_decay_rate",
            )
            if thres_steps is None:
                return decay
            rate = (thres_steps + 1.0) / (thres_steps + 10.0)
            if rate.dtype not in (VarType.FP32, VarType.FP64):
                self._casts = ("tmp",)
                warnings.warn(
                    f"thres_steps is {thres_steps.describe()}: its schedule is made of whole "
                    "numbers, as in 1.8, and has no effect; use layers.cast(steps, 'float32')",
                    stacklevel=3,
                )
            spend("tmp", "tmp", "logical_not", "_generated_var", "_generated_var")
            spend_helpers("assign", 2)
            arguments = {"rate": rate, "most": float(self._decay)}
            program.global_block().append("ema_decay", scheduled, arguments, [decay])
        return decay

    def _make_apply_program(self) -> Program:
        program = Program()
        block = program.global_block()
        with framework.program_guard(program):
            counter = layers.create_global_var(
                name=_COUNTER, shape=[1], value=0, dtype="int64", persistable=True
            )
            steps: Any = layers.cast(counter, "float32")
            decay: Any = declare(block, self._decay_var)
            power: Any = layers.elementwise_pow(decay, steps)
            for param, held in self._pairs:
                here = declare(block, param)
                average = declare(block, self._averages[param.name])
                layers.assign(here, declare(block, held))
                spend("tmp", "tmp", "logical_not", "tmp", *self._casts, "tmp", "_generated_var")
                spend_helpers("assign", 2)
                arguments = {"average": average, "power": power, "steps": steps}
                block.append("ema_apply", corrected, arguments, [here])
        return program

    def _make_restore_program(self) -> Program:
        program = Program()
        block = program.global_block()
        with framework.program_guard(program):
            for param, held in self._pairs:
                layers.assign(declare(block, held), declare(block, param))
        return program

    def update(self) -> None:
        """Record the averages' update into the main program; after the optimizer's `minimize`."""
        layers.autoincreased_step_counter(counter_name=_COUNTER)
        for param, _ in self._pairs:
            kept = self._averages[param.name]
            with param.block.program.as_role("optimize"):
                spend(*self._casts, "tmp", "tmp", *self._casts, "tmp", "tmp")
                spend_helpers("assign", 1)
                arguments = {"average": kept, "param": param, "decay": self._decay_var}
                param.block.append("ema_update", average, arguments, [kept])

    @contextlib.contextmanager
    def apply(self, executor: Executor, need_restore: bool = True) -> Iterator[None]:
        """Let the parameters be their averages inside the block.

        Args:
            executor: runs `apply_program`, in the global scope.
            need_restore: whether they are put back at its end; otherwise `restore` does.
        """
        executor.run(self.apply_program)
        try:
            yield
        finally:
            if need_restore:
                self.restore(executor)

    def restore(self, executor: Executor) -> None:
        """Put the parameters back."""
        executor.run(self.restore_program)
