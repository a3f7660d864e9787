"""Optimizers that scale each element's step by what its gradients were."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_compat.fluid import _adaptive_updates, clip
from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._optimizer_base import Optimizer
from paddle_compat.fluid._variable import Parameter, Variable
from paddle_compat.fluid.regularizer import WeightDecayRegularizer

__all__ = [
    "AdadeltaOptimizer",
    "AdagradOptimizer",
    "AdamaxOptimizer",
    "DecayedAdagradOptimizer",
    "FtrlOptimizer",
    "RMSPropOptimizer",
]


class _Adaptive(Optimizer):
    """What these share: numbers that must be given, and accumulators shaped as parameters."""

    _accumulated: tuple[str, ...] = ()
    _first = 0.0

    def _create_accumulators(self, param: Parameter) -> None:
        for name in self._accumulated:
            self._add_accumulator(name, param, self._first)

    def _kept(self, param: Parameter) -> list[Variable]:
        return [self._get_accumulator(name, param) for name in self._accumulated]


def _given(error: type[Exception], **values: float | None) -> None:
    for name, value in values.items():
        if value is None:
            raise error(f"{name} must be a number, but it is None")


class AdagradOptimizer(_Adaptive):
    """m = m + g^2; w - lr g / (sqrt(m) + epsilon).

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        epsilon: is added to the root.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.
        initial_accumulator_value: what m starts as.

    Source:
        ``paddle.fluid.optimizer.Adagrad``, PaddlePaddle 1.8.
    """

    _accumulated = ("moment",)

    def __init__(
        self,
        learning_rate: float | Variable,
        epsilon: float = 1e-6,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
        initial_accumulator_value: float = 0.0,
    ) -> None:
        _given(AssertionError, epsilon=epsilon)
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._epsilon = epsilon
        self._first = initial_accumulator_value

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        (moment,) = self._kept(param)
        arguments = {
            "param": param,
            "grad": grad,
            "moment": moment,
            "learning_rate": self._rate(param),
            "epsilon": single(self._epsilon),
        }
        param.block.append("adagrad", _adaptive_updates.adagrad, arguments, [param, moment])


class DecayedAdagradOptimizer(_Adaptive):
    """m = decay m + (1 - decay) g^2; w - lr g / (sqrt(m) + epsilon).

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        decay: as above.
        epsilon: is added to the root.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.

    Source:
        ``paddle.fluid.optimizer.DecayedAdagrad``, PaddlePaddle 1.8.
    """

    _accumulated = ("moment",)

    def __init__(
        self,
        learning_rate: float | Variable,
        decay: float = 0.95,
        epsilon: float = 1e-6,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
    ) -> None:
        _given(AssertionError, decay=decay, epsilon=epsilon)
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._decay, self._epsilon = decay, epsilon

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        (moment,) = self._kept(param)
        arguments = {
            "param": param,
            "grad": grad,
            "moment": moment,
            "learning_rate": self._rate(param),
            "decay": single(self._decay),
            "epsilon": single(self._epsilon),
        }
        param.block.append(
            "decayed_adagrad", _adaptive_updates.decayed_adagrad, arguments, [param, moment]
        )


class RMSPropOptimizer(_Adaptive):
    """s = rho s + (1 - rho) g^2; v = mu v + lr g / sqrt(s + epsilon); w - v.

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        rho: as above.
        epsilon: is added under the root.
        momentum: mu.
        centered: whether the square of the gradient's mean is taken from s under the root.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.

    Source:
        ``paddle.fluid.optimizer.RMSPropOptimizer``, PaddlePaddle 1.8.
    """

    _accumulated = ("momentum", "mean_square", "mean_grad")
    _without_rate = TypeError

    def __init__(
        self,
        learning_rate: float | Variable,
        rho: float = 0.95,
        epsilon: float = 1e-6,
        momentum: float = 0.0,
        centered: bool = False,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        _given(ValueError, rho=rho, epsilon=epsilon, momentum=momentum)
        self._rho, self._epsilon, self._momentum = rho, epsilon, momentum
        self._centered = bool(centered)

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        kept = self._kept(param)
        arguments = {
            "param": param,
            "grad": grad,
            **dict(zip(("moment", "mean_square", "mean_grad"), kept, strict=True)),
            "learning_rate": self._rate(param),
            "rho": single(self._rho),
            "epsilon": single(self._epsilon),
            "momentum": single(self._momentum),
            "centered": self._centered,
        }
        param.block.append("rmsprop", _adaptive_updates.rmsprop, arguments, [param, *kept])


class AdamaxOptimizer(_Adaptive):
    """m = beta1 m + (1 - beta1) g; n = max(|g|, beta2 n + epsilon); w - lr / (1 - beta1^t) m / n.

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        beta1: as above.
        beta2: as above.
        epsilon: as above.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.

    Source:
        ``paddle.fluid.optimizer.Adamax``, PaddlePaddle 1.8.
    """

    _accumulated = ("moment", "inf_norm")

    def __init__(
        self,
        learning_rate: float | Variable = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
    ) -> None:
        _given(AssertionError, beta1=beta1, beta2=beta2, epsilon=epsilon)
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._beta1, self._beta2, self._epsilon = beta1, beta2, epsilon

    def _create_accumulators(self, param: Parameter) -> None:
        super()._create_accumulators(param)
        self._add_accumulator("beta1_pow_acc", param, self._beta1, [1])

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        kept = [*self._kept(param), self._get_accumulator("beta1_pow_acc", param)]
        arguments = {
            "param": param,
            "grad": grad,
            **dict(zip(("moment", "inf_norm", "beta1_pow"), kept, strict=True)),
            "learning_rate": self._rate(param),
            "beta1": single(self._beta1),
            "beta2": single(self._beta2),
            "epsilon": single(self._epsilon),
        }
        param.block.append("adamax", _adaptive_updates.adamax, arguments, [param, *kept])


class AdadeltaOptimizer(_Adaptive):
    """s = rho s + (1 - rho) g^2; w - g sqrt((u + epsilon) / (s + epsilon)).

    u is the mean of squares of g sqrt((u + epsilon) / (s + epsilon)), this step's included. The
    learning rate has no effect. Both are as in 1.8.

    Args:
        learning_rate: a float, or a variable [1].
        epsilon: as above.
        rho: as above.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.

    Source:
        ``paddle.fluid.optimizer.Adadelta``, PaddlePaddle 1.8.
    """

    _accumulated = ("_avg_squared_grad", "_avg_squared_update")
    _without_rate = ValueError

    def __init__(
        self,
        learning_rate: float | Variable,
        epsilon: float = 1e-6,
        rho: float = 0.95,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
    ) -> None:
        _given(ValueError, epsilon=epsilon, rho=rho)
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._epsilon, self._rho = epsilon, rho

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        kept = self._kept(param)
        arguments = {
            "param": param,
            "grad": grad,
            "squared_grad": kept[0],
            "squared_update": kept[1],
            "rho": single(self._rho),
            "epsilon": single(self._epsilon),
        }
        param.block.append("adadelta", _adaptive_updates.adadelta, arguments, [param, *kept])


class FtrlOptimizer(_Adaptive):
    """Follows the regularized leader: sums of gradients, shrunk by l1 and l2.

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        l1: how far the sum must be from 0 for a parameter other than 0.
        l2: has no effect: as in 1.8, l1 is taken in its place.
        lr_power: the power of the sum of squares, negated.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.

    Source:
        ``paddle.fluid.optimizer.Ftrl``, PaddlePaddle 1.8; McMahan et al., 2013.
    """

    _accumulated = ("squared", "linear")
    _without_rate = TypeError

    def __init__(
        self,
        learning_rate: float | Variable,
        l1: float = 0.0,
        l2: float = 0.0,
        lr_power: float = -0.5,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._l1, self._l2, self._lr_power = l1, l2, lr_power

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        kept = self._kept(param)
        arguments = {
            "param": param,
            "grad": grad,
            "squared": kept[0],
            "linear": kept[1],
            "learning_rate": self._rate(param),
            "l1": single(self._l1),
            "l2": single(self._l1),
            "lr_power": single(self._lr_power),
        }
        param.block.append("ftrl", _adaptive_updates.ftrl, arguments, [param, *kept])
