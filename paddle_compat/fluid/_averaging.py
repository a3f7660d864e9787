"""Optimizers around others: averages over windows of steps, and parameters that look ahead."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from paddle_compat.fluid import _modes, framework, layers, unique_name
from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._dtypes import VarType
from paddle_compat.fluid._moving_average import declare
from paddle_compat.fluid._operator import Operator
from paddle_compat.fluid._optimizer_base import Optimizer, Pair
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._spent_names import spend, spend_helpers
from paddle_compat.fluid._variable import Parameter, Variable
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.regularizer import WeightDecayRegularizer

if TYPE_CHECKING:
    from paddle_compat.fluid.executor import Executor

__all__ = ["LookaheadOptimizer", "ModelAverage"]

# The first sum is put aside after so many updates, to keep its rounding small.
_LARGEST_SUM = 16384
_SUMS = ("sum_1", "sum_2", "sum_3")
_COUNTS = ("num_accumulates", "old_num_accumulates", "num_updates")


def accumulate(
    param: Tensor,
    sum_1: Tensor,
    sum_2: Tensor,
    sum_3: Tensor,
    num_accumulates: Tensor,
    old_num_accumulates: Tensor,
    num_updates: Tensor,
    average_window: float,
    min_average_window: int,
    max_average_window: int,
) -> tuple[Tensor, ...]:
    """Return the sums and counts after a step; those of the last window move to the third sum."""
    updates, count = num_updates + 1, num_accumulates + 1
    first = sum_1 + param
    full = updates % _LARGEST_SUM == 0
    second = torch.where(full, sum_2 + first, sum_2)
    first = torch.where(full, torch.zeros_like(first), first)
    window = (updates * average_window).long().clamp(max=max_average_window)
    over = (count >= min_average_window) & (count >= window)
    return (
        torch.where(over, torch.zeros_like(first), first),
        torch.where(over, torch.zeros_like(second), second),
        torch.where(over, first + second, sum_3),
        torch.where(over, torch.zeros_like(count), count),
        torch.where(over, count, old_num_accumulates),
        updates,
    )


def quotient(x: Tensor, y: Tensor) -> Tensor:
    """Return x / y."""
    return x / y


class ModelAverage(Optimizer):
    """Means of the parameters over the last steps, which `apply` puts in their place.

    Make it after `minimize`; each run of the program adds the parameters up. The mean is over the
    steps of the window that runs and of the one before it. A window ends after
    ``average_window_rate`` times all steps, but at least after `min_average_window` and at most
    after `max_average_window` steps.

    Args:
        average_window_rate: a window's part of all steps.
        min_average_window: steps.
        max_average_window: steps.
        regularization: kept.
        name: a prefix of the names of the sums.

    Raises:
        Exception: it is made inside ``dygraph.guard()``.

    Source:
        ``paddle.fluid.optimizer.ModelAverage``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        average_window_rate: float,
        min_average_window: int = 10000,
        max_average_window: int = 10000,
        regularization: WeightDecayRegularizer | None = None,
        name: str | None = None,
    ) -> None:
        _refuse_eager("ModelAverage")
        super().__init__(0.0, regularization=regularization, name=name)
        self.average_window = average_window_rate
        self.min_average_window = min_average_window
        self.max_average_window = max_average_window
        self.params_grads: list[Pair] = []
        for param in framework.default_main_program().all_parameters():
            # Not `is not False`: 0 is False, too.
            if param.do_model_average != False:  # noqa: E712
                held = param.block.create_var(
                    unique_name.generate(f"{param.name}.tmp"),
                    shape=param.shape,
                    dtype=param.dtype,
                    stop_gradient=True,
                )
                self.params_grads.append((param, held))
        for param, _ in self.params_grads:
            with param.block.program.as_role("optimize"):
                self._accumulate(param)
        self.apply_program = self._make_apply_program()
        self.restore_program = Program()
        block = self.restore_program.global_block()
        with framework.program_guard(self.restore_program):
            for param, held in self.params_grads:
                layers.assign(declare(block, held), declare(block, param))

    def _accumulate(self, param: Parameter) -> None:
        self.helper = LayerHelper("average_accumulate")
        kept = {name: self._add_accumulator(name, param) for name in _SUMS}
        for name in _COUNTS:
            kept[name] = self._add_accumulator(name, param, shape=[1], dtype=VarType.INT64)
        arguments = {
            "param": param,
            **kept,
            "average_window": single(self.average_window),
            "min_average_window": self.min_average_window,
            "max_average_window": self.max_average_window,
        }
        param.block.append("average_accumulates", accumulate, arguments, list(kept.values()))

    def _make_apply_program(self) -> Program:
        program = Program()
        block = program.global_block()
        with framework.program_guard(program):
            for param, held in self.params_grads:
                here = declare(block, param)
                sums: Any
                counts: Any
                sums, counts = (
                    [declare(block, self._get_accumulator(name, param)) for name in names]
                    for names in (_SUMS, _COUNTS[:2])
                )
                layers.assign(here, declare(block, held))
                count, total = layers.sum(counts), layers.sum(sums)
                arguments = {
                    "y": layers.cast(count, "float32"),
                    "x": layers.cast(total, "float32"),
                }
                block.append("elementwise_div", quotient, arguments, [here])
        return program

    @contextlib.contextmanager
    def apply(self, executor: Executor, need_restore: bool = True) -> Iterator[None]:
        """Let the parameters be their means inside the block.

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


def look(
    fast: Tensor, slow: Tensor, alpha: Tensor, step: Tensor, k: Tensor
) -> tuple[Tensor, Tensor]:
    """Return a parameter and its slow twin after a step; every k steps both are their mixture."""
    mixed = fast * alpha + slow * (1.0 - alpha)
    due = step % k == 0
    return torch.where(due, mixed, fast), torch.where(due, mixed, slow)


class LookaheadOptimizer:
    """Steps of another optimizer, of which every k are taken only in part.

    Each parameter ``w`` has a slow twin, ``w@SLOW``. After every k steps both become
    ``alpha w + (1 - alpha) w@SLOW``.

    Args:
        inner_optimizer: makes the steps.
        alpha: the part that is taken.
        k: how many steps it is of.

    Raises:
        AssertionError: there is no optimizer, alpha is not in 0..1, or k no positive integer.
        Exception: it is made inside ``dygraph.guard()``.

    Source:
        ``paddle.fluid.optimizer.LookaheadOptimizer``, PaddlePaddle 1.8.
    """

    def __init__(self, inner_optimizer: Optimizer, alpha: float = 0.5, k: int = 5) -> None:
        _refuse_eager("LookaheadOptimizer")
        if inner_optimizer is None:
            raise AssertionError("inner_optimizer must be an optimizer, but it is None")
        if not 0.0 <= alpha <= 1.0:
            raise AssertionError(f"alpha must be in 0..1, but it is {alpha}")
        if not (isinstance(k, int) and k > 0):
            raise AssertionError(f"k must be a positive integer, but it is {k!r}")
        self.inner_optimizer = inner_optimizer
        self.alpha = alpha
        self.k = k
        self.type = "lookahead"

    def minimize(
        self, loss: Variable, startup_program: Program | None = None
    ) -> tuple[list[Operator], list[Pair]]:
        """Append the other optimizer's steps, and the slow parameters.

        Args:
            loss: of shape [1].
            startup_program: initialises the variables; None is the default one.

        Returns:
            What the other optimizer's `minimize` returns.
        """
        done = self.inner_optimizer.minimize(loss, startup_program=startup_program)
        startup = startup_program or framework.default_startup_program()
        block = loss.block
        pairs = []
        for param in block.all_parameters():
            name = f"{param.name}@SLOW"
            for where in (block, startup.global_block()):
                slow = where.create_var(
                    name, shape=param.shape, dtype=param.dtype, persistable=True
                )
                if where is block:
                    pairs.append((param, slow))
                else:
                    fast = where.var(param.name)
                    where.append("assign", torch.clone, {"input": fast}, [slow])
        with block.program.as_role("optimize"):
            k, alpha, step = (
                layers.create_global_var([1], value, dtype, persistable=True, name=name)
                for name, value, dtype in (
                    ("lookahead_k", self.k, "int32"),
                    ("lookahead_alpha", float(self.alpha), "float32"),
                    ("lookahead_step", 0, "int32"),
                )
            )
            layers.increment(step, 1.0)
            spend("fill_constant", "fill_constant", "elementwise_mod")
            spend("tmp", "tmp", "logical_not", "_generated_var", "_generated_var")
            for fast, slow in pairs:
                spend("elementwise_mul", "elementwise_sub", "elementwise_mul", "elementwise_add")
                spend_helpers("assign", 2)
                arguments = {"fast": fast, "slow": slow, "alpha": alpha, "step": step, "k": k}
                block.append("lookahead", look, arguments, [fast, slow])
        return done


def _refuse_eager(name: str) -> None:
    if _modes.in_dygraph_mode():
        raise Exception(
            f"{name} averages the parameters of a program; for eager ones use "
            "torch.optim.swa_utils.AveragedModel"
        )
