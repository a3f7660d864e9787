"""What the optimizers share: gradients, limits, penalties, the rate and what they keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from paddle_compat.fluid import clip, framework, unique_name
from paddle_compat.fluid._dtypes import VarType
from paddle_compat.fluid._operator import Operator
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._variable import Parameter, Variable
from paddle_compat.fluid.backward import append_backward
from paddle_compat.fluid.initializer import Constant
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.regularizer import WeightDecayRegularizer, append_regularization_ops

__all__ = ["Optimizer", "Pair"]

Pair = tuple[Parameter, Any]


class Optimizer:
    """What the optimizers share.

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.

    Raises:
        TypeError: the learning rate is neither, an int for instance.
    """

    _without_rate: type[Exception] = AssertionError

    def __init__(
        self,
        learning_rate: float | Variable,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
    ) -> None:
        if learning_rate is None:
            raise self._without_rate("learning_rate must be a float or a variable, but it is None")
        if not isinstance(learning_rate, (float, Variable)):
            raise TypeError(
                "learning_rate must be a float or a variable, but it is "
                f"{type(learning_rate).__name__}; use float(...)"
            )
        if grad_clip is not None and not isinstance(grad_clip, clip.GradientClipBase):
            raise TypeError(
                "grad_clip must be one of fluid.clip's, such as GradientClipByGlobalNorm, but it "
                f"is {type(grad_clip).__name__}"
            )
        self._name = name
        self._parameter_list = list(parameter_list) if parameter_list else None
        self.regularization = regularization
        self._grad_clip = grad_clip
        self._learning_rate = learning_rate
        self._learning_rate_map: dict[Program, Variable] = {}
        if isinstance(learning_rate, Variable):
            self._learning_rate_map[framework.default_main_program()] = learning_rate
        self._dtype: VarType | None = None
        self._accumulators: dict[tuple[Program, str, str], Variable] = {}
        self.helper: LayerHelper | None = None

    def minimize(
        self,
        loss: Variable,
        startup_program: Program | None = None,
        parameter_list: Iterable[Variable | str] | None = None,
        no_grad_set: Iterable[Variable | str] | None = None,
    ) -> tuple[list[Operator], list[Pair]]:
        """Append the gradients of a loss and the updates of parameters.

        Args:
            loss: of shape [1].
            startup_program: initialises the optimizer's variables; None is the default one.
            parameter_list: what is updated; goes before the optimizer's own.
            no_grad_set: variables or names that no gradient passes.

        Returns:
            The operators of the updates, and pairs of a parameter and its gradient.

        Raises:
            AssertionError: the loss is no variable of shape [1].

        Source:
            ``paddle.fluid.optimizer.Optimizer.minimize``, PaddlePaddle 1.8.
        """
        if not isinstance(loss, Variable):
            raise AssertionError(
                f"minimize: loss must be a variable, but it is {type(loss).__name__}; eager "
                "tensors are trained with torch.optim"
            )
        pairs = self.backward(loss, startup_program, parameter_list, no_grad_set)
        operators = self.apply_optimize(loss, startup_program, pairs)
        return operators, pairs

    def backward(
        self,
        loss: Variable,
        startup_program: Program | None = None,
        parameter_list: Iterable[Variable | str] | None = None,
        no_grad_set: Iterable[Variable | str] | None = None,
        callbacks: Any = None,
    ) -> list[Pair]:
        """Append the gradients of a loss: the first part of `minimize`."""
        if loss.shape != (1,):
            raise AssertionError(
                f"the loss must have shape [1], but {loss.name!r} has {list(loss.shape)}; use "
                "fluid.layers.mean or reduce_sum on it"
            )
        self._dtype = loss.dtype
        with framework.program_guard(loss.block.program, startup_program):
            return list(
                append_backward(
                    loss, parameter_list or self._parameter_list, no_grad_set, callbacks
                )
            )

    def apply_gradients(self, params_grads: Sequence[Pair]) -> list[Operator]:
        """Append the updates: the second part of `minimize`, into the default programs."""
        pairs: list[Pair] = sorted(params_grads, key=lambda pair: pair[0].name)
        program = framework.default_main_program()
        block = program.global_block()
        with program.as_role("optimize"):
            if self._grad_clip is not None:
                pairs = self._grad_clip(pairs)
            else:
                pairs = clip.append_gradient_clip_ops(pairs)
            pairs = append_regularization_ops(pairs, self.regularization)
            first = len(block.ops)
            self.helper = LayerHelper(type(self).__name__)
            for param, _ in pairs:
                if param.trainable:
                    self._create_accumulators(param)
            self._create_global_learning_rate()
            for param, grad in pairs:
                if grad is not None and param.trainable:
                    self._append_update(param, grad)
        return block.ops[first:]

    def apply_optimize(
        self, loss: Variable, startup_program: Program | None, params_grads: Sequence[Pair]
    ) -> list[Operator]:
        """Append the updates into the loss's program."""
        with framework.program_guard(loss.block.program, startup_program):
            return self.apply_gradients(params_grads)

    def _create_accumulators(self, param: Parameter) -> None:
        """Make what the optimizer keeps for a parameter."""

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        raise NotImplementedError

    def get_opti_var_name_list(self) -> list[str]:
        """Return the names of the variables that are kept for parameters."""
        return [variable.name for variable in self._accumulators.values()]

    def _global_learning_rate(self, program: Program | None = None) -> Variable | None:
        """Return the variable that holds the learning rate of a program."""
        return self._learning_rate_map.get(program or framework.default_main_program())

    def _create_global_learning_rate(self) -> None:
        program = framework.default_main_program()
        if program in self._learning_rate_map:
            return
        if not isinstance(self._learning_rate, float):
            raise TypeError(
                "the learning rate is a variable of another program; make an optimizer for each "
                "program"
            )
        self._learning_rate_map[program] = self._keep(
            unique_name.generate("learning_rate"),
            [1],
            self._dtype or VarType.FP32,
            self._learning_rate,
        )

    def _keep(self, name: str, shape: Sequence[int], dtype: Any, value: float) -> Variable:
        """Make a persistable variable, initialised in the startup program."""
        assert self.helper is not None
        variable = self.helper.create_global_variable(
            name=name, persistable=True, shape=shape, dtype=dtype, belong_to_optimizer=True
        )
        variable.stop_gradient = True
        self.helper.set_variable_initializer(variable, Constant(value))
        return variable

    def _rate(self, param: Parameter) -> Variable:
        """Return the learning rate of a parameter, scaled where it has a factor of its own."""
        base = self._global_learning_rate()
        assert base is not None
        factor = param.optimize_attr["learning_rate"]
        if isinstance(factor, Variable):
            return factor
        if factor == 1.0:
            return base
        with base.block.program.as_role("lr"):
            scaled = base * float(factor)
        assert isinstance(scaled, Variable)
        return scaled

    def _add_accumulator(
        self,
        name: str,
        param: Parameter,
        fill_value: float = 0.0,
        shape: Sequence[int] | None = None,
        dtype: VarType | None = None,
    ) -> Variable:
        """Make one variable that the optimizer keeps for a parameter."""
        name = name if self._name is None else f"{self._name}_{name}"
        key = (param.block.program, name, param.name)
        if key in self._accumulators:
            raise Exception(
                f"the optimizer keeps a {name} for {param.name!r} already; minimize once with each "
                "optimizer"
            )
        self._accumulators[key] = self._keep(
            unique_name.generate(f"{param.name}_{name}"),
            param.shape if shape is None else shape,
            param.dtype if dtype is None else dtype,
            fill_value,
        )
        return self._accumulators[key]

    def _get_accumulator(self, name: str, param: Parameter) -> Variable:
        """Return a variable that the optimizer keeps for a parameter."""
        name = name if self._name is None else f"{self._name}_{name}"
        return self._accumulators[(param.block.program, name, param.name)]
