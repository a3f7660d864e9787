"""How the detectors of `paddle.fluid` 1.8 beside this train, and how their weights are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle.fluid as fluid

MOMENTUM, WEIGHT_DECAY = 0.9, 1e-3


def minimize(loss: Any, steps: int, base: float, warmup_steps: int) -> Any:
    """Append the training step for a loss; return the learning rate's variable.

    Args:
        loss: of shape [1].
        steps: how many will be made; the rate falls after two thirds and after eight ninths.
        base: the learning rate after the warm-up, which starts at a fifth of it.
        warmup_steps: how long the rate rises.
    """
    boundaries = [steps * 2 // 3, steps * 8 // 9]
    rates = [base, base * 0.1, base * 0.01]
    rate = fluid.layers.linear_lr_warmup(
        fluid.layers.piecewise_decay(boundaries, rates),
        warmup_steps=warmup_steps,
        start_lr=base / 5,
        end_lr=base,
    )
    optimizer = fluid.optimizer.Momentum(
        learning_rate=rate,
        momentum=MOMENTUM,
        regularization=fluid.regularizer.L2Decay(WEIGHT_DECAY),
    )
    optimizer.minimize(loss)
    return rate


def parameters(program: Any) -> dict[str, Any]:
    """Copy every parameter of a program out of the scope."""
    scope = fluid.global_scope()
    return {
        variable.name: np.array(scope.find_var(variable.name).get_tensor())
        for variable in program.list_vars()
        if isinstance(variable, fluid.framework.Parameter)
    }


def state(program: Any) -> dict[str, Any]:
    """Copy all floats that a program keeps in the scope: parameters, averages, rates."""
    scope = fluid.global_scope()
    float32 = fluid.core.VarDesc.VarType.FP32
    kept = [v for v in program.list_vars() if fluid.io.is_persistable(v)]
    return {
        variable.name: np.array(scope.find_var(variable.name).get_tensor())
        for variable in kept
        if variable.type == fluid.core.VarDesc.VarType.LOD_TENSOR and variable.dtype == float32
    }


def load(program: Any, path: str) -> None:
    """Set every parameter of a program from an npz file of their names."""
    scope = fluid.global_scope()
    with np.load(path) as arrays:
        for name in parameters(program):
            scope.find_var(name).get_tensor().set(arrays[name], fluid.CPUPlace())
