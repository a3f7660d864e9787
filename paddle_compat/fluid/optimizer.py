"""`paddle.fluid.optimizer`: what is appended to a program so that it trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from paddle_compat.fluid import _updates, clip
from paddle_compat.fluid._adaptive_optimizers import (
    AdadeltaOptimizer,
    AdagradOptimizer,
    AdamaxOptimizer,
    DecayedAdagradOptimizer,
    FtrlOptimizer,
    RMSPropOptimizer,
)
from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._averaging import LookaheadOptimizer, ModelAverage
from paddle_compat.fluid._moving_average import ExponentialMovingAverage
from paddle_compat.fluid._optimizer_base import Optimizer
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._variable import Parameter, Variable
from paddle_compat.fluid.regularizer import WeightDecayRegularizer

__all__ = [
    "SGD",
    "Adadelta",
    "AdadeltaOptimizer",
    "Adagrad",
    "AdagradOptimizer",
    "Adam",
    "AdamOptimizer",
    "Adamax",
    "AdamaxOptimizer",
    "DecayedAdagrad",
    "DecayedAdagradOptimizer",
    "ExponentialMovingAverage",
    "Ftrl",
    "FtrlOptimizer",
    "LambOptimizer",
    "LarsMomentum",
    "LarsMomentumOptimizer",
    "LookaheadOptimizer",
    "ModelAverage",
    "Momentum",
    "MomentumOptimizer",
    "RMSPropOptimizer",
    "SGDOptimizer",
]


def _number(value: float | Variable) -> float | Variable:
    """Return a number as an attribute holds it; a variable as it is."""
    return value if isinstance(value, Variable) else single(value)


class SGDOptimizer(Optimizer):
    """w - lr g.

    Source:
        ``paddle.fluid.optimizer.SGD``, PaddlePaddle 1.8.
    """

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        arguments = {"param": param, "grad": grad, "learning_rate": self._rate(param)}
        param.block.append("sgd", _updates.sgd, arguments, [param])


class MomentumOptimizer(Optimizer):
    """v = mu v + g; w - lr v, or with Nesterov's momentum w - lr (g + mu v).

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        momentum: mu, rounded to float32.
        parameter_list: what is updated; None is all trainable parameters.
        use_nesterov: which of the two it is.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.

    Example:
        >>> import numpy as np
        >>> from paddle_compat import fluid
        >>> main, startup = fluid.Program(), fluid.Program()
        >>> startup.random_seed = 1
        >>> with fluid.program_guard(main, startup), fluid.scope_guard(fluid.Scope()):
        ...     x = fluid.data("x", [None, 4])
        ...     y = fluid.layers.fc(x, 1)
        ...     loss = fluid.layers.mean(y * y)
        ...     _ = fluid.optimizer.Momentum(0.1, 0.9).minimize(loss)
        ...     exe, feed = fluid.Executor(), {"x": np.ones([2, 4], "float32")}
        ...     _ = exe.run(startup)
        ...     losses = [exe.run(main, feed=feed, fetch_list=[loss])[0].item() for _ in range(2)]
        >>> losses[1] < losses[0]
        True

    Source:
        ``paddle.fluid.optimizer.Momentum``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        learning_rate: float | Variable,
        momentum: float,
        parameter_list: Sequence[Variable | str] | None = None,
        use_nesterov: bool = False,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
    ) -> None:
        if momentum is None:
            raise AssertionError("momentum must be a number, but it is None")
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._momentum = momentum
        self._use_nesterov = bool(use_nesterov)

    def _create_accumulators(self, param: Parameter) -> None:
        self._add_accumulator("velocity", param)

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        velocity = self._get_accumulator("velocity", param)
        arguments = {
            "param": param,
            "grad": grad,
            "velocity": velocity,
            "learning_rate": self._rate(param),
            "mu": single(self._momentum),
            "use_nesterov": self._use_nesterov,
        }
        param.block.append("momentum", _updates.momentum, arguments, [param, velocity])


class AdamOptimizer(Optimizer):
    """Steps by the first moment over the root of the second, both corrected for their start.

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        beta1: the first moment's decay, a number or a variable [1] of float32.
        beta2: the second moment's, likewise.
        epsilon: is added to the root.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.
        lazy_mode: not used; it is about sparse gradients.

    Source:
        ``paddle.fluid.optimizer.Adam``, PaddlePaddle 1.8; Kingma and Ba, 2014.
    """

    def __init__(
        self,
        learning_rate: float | Variable = 0.001,
        beta1: float | Variable = 0.9,
        beta2: float | Variable = 0.999,
        epsilon: float = 1e-8,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
        lazy_mode: bool = False,
    ) -> None:
        for what, value in (("beta1", beta1), ("beta2", beta2), ("epsilon", epsilon)):
            if value is None:
                raise AssertionError(f"{what} must be a number, but it is None")
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._beta1, self._beta2, self._epsilon = beta1, beta2, epsilon

    def _create_accumulators(self, param: Parameter) -> None:
        self._add_accumulator("moment1", param)
        self._add_accumulator("moment2", param)
        for name, beta, first in (("beta1", self._beta1, 0.9), ("beta2", self._beta2, 0.999)):
            start = first if isinstance(beta, Variable) else beta
            self._add_accumulator(f"{name}_pow_acc", param, start, [1])

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        names = ("moment1", "moment2", "beta1_pow_acc", "beta2_pow_acc")
        kept = [self._get_accumulator(name, param) for name in names]
        arguments = {
            "param": param,
            "grad": grad,
            **dict(zip(("moment1", "moment2", "beta1_pow", "beta2_pow"), kept, strict=True)),
            "learning_rate": self._rate(param),
            "beta1": _number(self._beta1),
            "beta2": _number(self._beta2),
            "epsilon": single(self._epsilon),
        }
        param.block.append("adam", _updates.adam, arguments, [param, *kept])


class LarsMomentumOptimizer(Optimizer):
    """Momentum with a rate for each parameter, by the norms of the parameter and its gradient.

    The rate is multiplied by lars_coeff |w| / (|g| + lars_weight_decay |w|) where both norms are
    positive; v = mu v + rate (g + lars_weight_decay w); w - v.

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        momentum: mu, rounded to float32; likewise the other numbers.
        lars_coeff: as above.
        lars_weight_decay: as above.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        name: a prefix of the names of the optimizer's variables.

    Source:
        ``paddle.fluid.optimizer.LarsMomentum``, PaddlePaddle 1.8; You et al., 2017.
    """

    def __init__(
        self,
        learning_rate: float | Variable,
        momentum: float,
        lars_coeff: float = 0.001,
        lars_weight_decay: float = 0.0005,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        name: str | None = None,
    ) -> None:
        if momentum is None:
            raise AssertionError("momentum must be a number, but it is None")
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._momentum = momentum
        self._lars_coeff = float(lars_coeff)
        self._lars_weight_decay = float(lars_weight_decay)

    def _create_accumulators(self, param: Parameter) -> None:
        self._add_accumulator("velocity", param)

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        velocity = self._get_accumulator("velocity", param)
        arguments = {
            "param": param,
            "grad": grad,
            "velocity": velocity,
            "learning_rate": self._rate(param),
            "mu": single(self._momentum),
            "coeff": single(self._lars_coeff),
            "decay": single(self._lars_weight_decay),
        }
        param.block.append("lars_momentum", _updates.lars, arguments, [param, velocity])


class LambOptimizer(AdamOptimizer):
    """Adam's direction and a decay, scaled by the norm of the parameter over the norm of that.

    Args:
        learning_rate: a float, or a variable [1] that a schedule sets.
        lamb_weight_decay: how much of the parameter is added to the direction.
        beta1: the first moment's decay.
        beta2: the second moment's.
        epsilon: is added to the root.
        parameter_list: what is updated; None is all trainable parameters.
        regularization: a penalty for parameters that have none of their own.
        grad_clip: limits gradients, before the penalty.
        exclude_from_weight_decay_fn: tells of a parameter whether it does not decay.
        name: a prefix of the names of the optimizer's variables.

    Source:
        ``paddle.fluid.optimizer.LambOptimizer``, PaddlePaddle 1.8; You et al., 2019. As there, the
        moments are not corrected for their start.
    """

    def __init__(
        self,
        learning_rate: float | Variable = 0.001,
        lamb_weight_decay: float = 0.01,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-6,
        parameter_list: Sequence[Variable | str] | None = None,
        regularization: WeightDecayRegularizer | None = None,
        grad_clip: clip.GradientClipBase | None = None,
        exclude_from_weight_decay_fn: Callable[[Parameter], bool] | None = None,
        name: str | None = None,
    ) -> None:
        if lamb_weight_decay is None:
            raise AssertionError("lamb_weight_decay must be a number, but it is None")
        super().__init__(
            learning_rate,
            beta1,
            beta2,
            epsilon,
            parameter_list,
            regularization,
            grad_clip,
            name,
        )
        self._weight_decay = lamb_weight_decay
        self._exclude = exclude_from_weight_decay_fn

    def _append_update(self, param: Parameter, grad: Variable) -> None:
        excluded = self._exclude is not None and self._exclude(param)
        kept = [self._get_accumulator(name, param) for name in ("moment1", "moment2")]
        arguments = {
            "param": param,
            "grad": grad,
            "moment1": kept[0],
            "moment2": kept[1],
            "learning_rate": self._rate(param),
            "beta1": _number(self._beta1),
            "beta2": _number(self._beta2),
            "epsilon": single(self._epsilon),
            "decay": 0.0 if excluded else single(self._weight_decay),
        }
        param.block.append("lamb", _updates.lamb, arguments, [param, *kept])


SGD = SGDOptimizer
Momentum = MomentumOptimizer
Adam = AdamOptimizer
LarsMomentum = LarsMomentumOptimizer
Adagrad = AdagradOptimizer
Adamax = AdamaxOptimizer
DecayedAdagrad = DecayedAdagradOptimizer
Adadelta = AdadeltaOptimizer
Ftrl = FtrlOptimizer

__getattr__ = publish(__name__, globals(), __all__)
