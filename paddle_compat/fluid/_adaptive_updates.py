"""Updates of the optimizers that scale each element's step by what its gradients were."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["adadelta", "adagrad", "adamax", "decayed_adagrad", "ftrl", "rmsprop"]


@torch.no_grad()
def adagrad(
    param: Tensor, grad: Tensor, moment: Tensor, learning_rate: Tensor, epsilon: float
) -> tuple[Tensor, Tensor]:
    """Return the parameter and the sum of squares after a step."""
    moment = moment + grad * grad
    return param - learning_rate * grad / (moment.sqrt() + epsilon), moment


@torch.no_grad()
def decayed_adagrad(
    param: Tensor,
    grad: Tensor,
    moment: Tensor,
    learning_rate: Tensor,
    decay: float,
    epsilon: float,
) -> tuple[Tensor, Tensor]:
    """Return the parameter and the mean of squares after a step."""
    moment = decay * moment + (1 - decay) * grad * grad
    return param - learning_rate * grad / (moment.sqrt() + epsilon), moment


@torch.no_grad()
def rmsprop(
    param: Tensor,
    grad: Tensor,
    moment: Tensor,
    mean_square: Tensor,
    mean_grad: Tensor,
    learning_rate: Tensor,
    rho: float,
    epsilon: float,
    momentum: float,
    centered: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the parameter, its momentum and both means after a step."""
    mean_square = rho * mean_square + (1 - rho) * grad * grad
    spread = mean_square + epsilon
    if centered:
        mean_grad = rho * mean_grad + (1 - rho) * grad
        spread = mean_square - mean_grad * mean_grad + epsilon
    moment = momentum * moment + learning_rate * grad / spread.sqrt()
    return param - moment, moment, mean_square, mean_grad


@torch.no_grad()
def adamax(
    param: Tensor,
    grad: Tensor,
    moment: Tensor,
    inf_norm: Tensor,
    beta1_pow: Tensor,
    learning_rate: Tensor,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the parameter, its moment, its largest gradient and the power after a step."""
    moment = beta1 * moment + (1 - beta1) * grad
    inf_norm = torch.maximum(grad.abs(), beta2 * inf_norm + epsilon)
    rate = learning_rate / (1 - beta1_pow)
    return param - rate * (moment / inf_norm), moment, inf_norm, beta1_pow * beta1


@torch.no_grad()
def adadelta(
    param: Tensor,
    grad: Tensor,
    squared_grad: Tensor,
    squared_update: Tensor,
    rho: float,
    epsilon: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter and both means of squares after a step."""
    squared_grad = rho * squared_grad + (1 - rho) * grad * grad
    slope = grad / (squared_grad + epsilon).sqrt()
    update = (squared_update + epsilon).sqrt() * slope
    squared_update = rho * squared_update + (1 - rho) * update * update
    # The real step reads the mean of updates after this one has gone into it.
    return param - (squared_update + epsilon).sqrt() * slope, squared_grad, squared_update


@torch.no_grad()
def ftrl(
    param: Tensor,
    grad: Tensor,
    squared: Tensor,
    linear: Tensor,
    learning_rate: Tensor,
    l1: float,
    l2: float,
    lr_power: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter and both sums after a step."""
    total = squared + grad * grad
    power, before = total.pow(-lr_power), squared.pow(-lr_power)
    linear = linear + grad - (power - before) / learning_rate * param
    shrunk = (l1 * linear.sign() - linear) / (power / learning_rate + 2 * l2)
    param = torch.where(linear.abs() > l1, shrunk, torch.zeros_like(param))
    return param, total, linear
