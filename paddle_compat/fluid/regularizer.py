"""`paddle.fluid.regularizer`: penalties, added to gradients before the update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._updates import l2_decay
from paddle_compat.fluid._variable import Parameter, Variable

__all__ = ["L1Decay", "L1DecayRegularizer", "L2Decay", "L2DecayRegularizer"]


@torch.no_grad()
def l1_decay(param: torch.Tensor, grad: torch.Tensor, coeff: float) -> torch.Tensor:
    """Return the gradient with the penalty coeff |param|_1."""
    return grad + torch.sign(param) * coeff


class WeightDecayRegularizer:
    """A penalty with a coefficient, which is rounded to float32 as the real operator's is.

    Args:
        regularization_coeff: the coefficient.
    """

    def __init__(self, regularization_coeff: float = 0.0) -> None:
        if regularization_coeff is None:
            raise AssertionError("regularization_coeff must be a number, but it is None")
        self._regularization_coeff = regularization_coeff

    function: Any = None

    def append_decay(self, param: Variable, grad: Variable) -> Variable:
        """Record the gradient with the penalty, under the gradient's own name."""
        block = grad.block
        coeff = single(self._regularization_coeff)
        arguments = {"param": param, "grad": grad, "coeff": coeff}
        function = type(self).function
        block.append(function.__name__, function, arguments, [grad])
        return grad

    def __str__(self) -> str:
        return f"{type(self).__name__}, regularization_coeff={self._regularization_coeff:f}"


class L2DecayRegularizer(WeightDecayRegularizer):
    """The penalty coeff / 2 |w|^2, whose gradient is coeff w.

    Args:
        regularization_coeff: the coefficient.

    Source:
        ``paddle.fluid.regularizer.L2Decay``, PaddlePaddle 1.8.
    """

    function = staticmethod(l2_decay)


class L1DecayRegularizer(WeightDecayRegularizer):
    """The penalty coeff |w|_1, whose gradient is coeff sign(w).

    Args:
        regularization_coeff: the coefficient.

    Source:
        ``paddle.fluid.regularizer.L1Decay``, PaddlePaddle 1.8.
    """

    function = staticmethod(l1_decay)


L1Decay = L1DecayRegularizer
L2Decay = L2DecayRegularizer


def append_regularization_ops(
    parameters_and_grads: Sequence[tuple[Parameter, Variable | None]],
    regularization: WeightDecayRegularizer | None = None,
) -> list[tuple[Parameter, Variable | None]]:
    """Record the penalties of pairs: a parameter's own goes before the optimizer's."""
    result: list[tuple[Parameter, Variable | None]] = []
    for param, grad in parameters_and_grads:
        regularizer = param.regularizer if param.regularizer is not None else regularization
        if grad is not None and regularizer is not None:
            grad = regularizer.append_decay(param, grad)
        result.append((param, grad))
    return result


__getattr__ = publish(__name__, globals(), __all__)
